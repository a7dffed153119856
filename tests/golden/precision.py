"""Writes precision.json: bootstrap intervals of mean average precision, and of its difference, by scikit-learn and SciPy."""
import numpy
from oracle import save_json
from scipy import stats
from sklearn.metrics import average_precision_score

random = numpy.random.default_rng(5)
CLIPS, CLASSES = 60, 3
# Half of the clips have a class, so that no resample lacks one.
truth = (random.random((CLIPS, CLASSES)) < 0.5).astype(int)
scores = [(truth * shift + random.normal(0, 1, (CLIPS, CLASSES))).round(3) for shift in (1.2, 0.6)]


def precision(model, clips):
    return average_precision_score(truth[clips], scores[model][clips], average="macro")


def interval(statistic, resamples=4_000):
    found = stats.bootstrap(
        (numpy.arange(CLIPS),), statistic, n_resamples=resamples, vectorized=False, method="percentile", rng=random
    )
    return [statistic(numpy.arange(CLIPS)), found.confidence_interval.low, found.confidence_interval.high]


save_json(
    "precision.json",
    {
        "truth": truth.tolist(),
        "scores": [own.tolist() for own in scores],
        "single": [interval(lambda clips: precision(model, clips)) for model in (0, 1)],
        "gain": interval(lambda clips: precision(0, clips) - precision(1, clips)),
    },
    "scikit-learn",
    "scipy",
    "numpy",
)
