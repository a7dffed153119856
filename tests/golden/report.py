"""Writes report.json: intervals and tests that reports rest on, by SciPy."""
import numpy
from oracle import save_json
from scipy import stats

random = numpy.random.default_rng(11)


def pairs(count, shift):
    a = random.normal(0.7 + shift, 0.05, count).round(4)
    b = random.normal(0.7, 0.05, count).round(4)
    test = stats.ttest_rel(a, b)
    ends = [list(test.confidence_interval(level)) for level in (0.95, 0.975)]
    return {"a": a.tolist(), "b": b.tolist(), "p": test.pvalue, "intervals": ends, "deviation": numpy.std(a - b, ddof=1)}


def shares(right, clips):
    # The bootstrap of a share is binomial: its distribution is known exactly.
    return {"right": right, "clips": clips, "below": stats.binom.cdf(range(clips + 1), clips, right / clips).tolist()}


def means(values, resamples=200_000):
    found = stats.bootstrap(
        (values,), numpy.mean, n_resamples=resamples, method="percentile", confidence_level=0.95, rng=random
    )
    return {"values": values, "low": found.confidence_interval.low, "high": found.confidence_interval.high}


save_json(
    "report.json",
    {
        "quantiles": [
            [p, df, stats.t.ppf(p, df)] for p in (0.5, 0.6, 0.975, 0.9875, 0.9999, 0.01) for df in (1, 2, 4, 29, 400.5)
        ],
        "pairs": [pairs(3, 0.04), pairs(5, 0.0), pairs(12, 0.1)],
        "shares": [shares(72, 100), shares(3, 40), shares(395, 400)],
        "means": [means(random.normal(0.7, 0.04, 10).round(3).tolist()), means(random.normal(0.5, 0.2, 25).round(3).tolist())],
    },
    "scipy",
    "numpy",
)
