"""Writes metrics of scikit-learn and tests of scipy; NumPy's argmax takes the first of equal scores."""
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as sk
from sklearn.metrics import accuracy_score

from oracle import save_json

# Of classes without positives, which is what some cases are about.
warnings.simplefilter("ignore")
random = np.random.default_rng(3)


def case(scores, targets):
    scores, targets = np.array(scores, dtype=np.float32), np.array(targets, dtype=np.float32)
    found, right = scores.argmax(1), targets.argmax(1)
    return {
        "classes": scores.shape[1],
        "scores": scores.flatten().tolist(),
        "targets": targets.flatten().tolist(),
        "argmax": found.tolist(),
        "accuracy": accuracy_score(right, found),
    }


labels = random.integers(4, size=20)
content = {
    "ties": case([[1, 1, 0], [0, 2, 2], [3, 3, 3], [-1, -2, -1], [0, 0, 1]],
                 [[1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 1]]),
    # Scores of 0 to 2 over four classes: most rows have ties.
    "coarse": case(random.integers(3, size=(20, 4)), np.eye(4)[labels]),
    "fine": case(random.standard_normal((20, 4)) + 2 * np.eye(4)[labels], np.eye(4)[labels]),
    # Mixup's targets; where it mixes in halves, the first class counts.
    "soft": case(random.standard_normal((20, 4)), 0.5 * np.eye(4)[labels] + 0.5 * np.eye(4)[labels[::-1]]),
    "one_class": case([[0.5], [-1]], [[1], [1]]),
}
save_json("metrics.json", content, "scikit-learn", "numpy")

# Everything but accuracy goes into a file of its own.


def shown(value):
    """Plain numbers; what is not defined is null."""
    if isinstance(value, dict):
        return {key: shown(own) for key, own in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [shown(own) for own in value]
    value = float(value)
    return value if np.isfinite(value) else None


def averages(measure, scores, targets, kept, weights):
    """Averages over the classes where the metric is defined, and each of those classes."""
    mine, own = scores[:, kept], targets[:, kept]
    each = np.full(targets.shape[1], np.nan)
    if kept.any():
        each[kept] = [measure(own[:, c], mine[:, c], sample_weight=weights) for c in range(kept.sum())]
    many = {name: measure(own, mine, average=name, sample_weight=weights) if kept.any() else np.nan
            for name in ("macro", "weighted")}
    micro = targets.any() and not targets.all()
    many["micro"] = measure(targets, scores, average="micro", sample_weight=weights) if micro else np.nan
    return many | {"per_class": each}


def fscores(targets, found, weights):
    out = {}
    for name in ("macro", "micro", "weighted"):
        of = sk.precision_recall_fscore_support(targets, found, average=name, zero_division=0, sample_weight=weights)
        out[name] = of[:3]
    out["per_class"] = np.array(sk.precision_recall_fscore_support(
        targets, found, average=None, zero_division=0, sample_weight=weights)[:3]).T
    return out


def best(scores, targets):
    """Of scikit-learn's curve the first point of the largest F1."""
    if not targets.any():
        return [np.nan, 0.0]
    thresholds = sk.precision_recall_curve(targets, scores)[2]
    f1 = [sk.f1_score(targets, scores >= limit) for limit in thresholds]
    at = int(np.argmax(np.round(f1, 12)))
    return [thresholds[at], f1[at]]


def error(confidence, holds, bins, weights):
    """ECE by its definition, over half-open bins."""
    at = np.clip(np.digitize(confidence, np.arange(bins + 1) / bins, right=True) - 1, 0, bins - 1)
    parts = [abs((weights * (confidence - holds))[at == one].sum()) for one in range(bins)]
    return sum(parts) / weights.sum()


def full(scores, targets, weights=None):
    scores, targets = np.asarray(scores, dtype=np.float64), np.asarray(targets, dtype=int)
    clips, classes = scores.shape
    counts = np.ones(clips) if weights is None else np.asarray(weights, dtype=np.float64)
    positives = targets[counts > 0].sum(0)
    with_both = (positives > 0) & (positives < (counts > 0).sum())
    chance = 1 / (1 + np.exp(-scores))
    some = targets.any(1)
    lwlrap = np.nan
    if (some & (counts > 0)).any():
        # The official definition's call, DCASE 2019 task 2.
        lwlrap = sk.label_ranking_average_precision_score(
            targets[some], scores[some], sample_weight=(targets.sum(1) * counts)[some])
    auc = averages(sk.roc_auc_score, scores, targets, with_both, counts)
    out = {
        "classes": classes, "scores": scores.flatten(), "targets": targets.flatten(),
        "weights": None if weights is None else list(weights),
        "average_precision": averages(sk.average_precision_score, scores, targets, positives > 0, counts),
        "average_precision_zero": sk.average_precision_score(targets, scores, sample_weight=counts),
        "roc_auc": auc,
        "d_prime": np.sqrt(2) * stats.norm.ppf(auc["macro"]),
        "lwlrap": lwlrap,
        "f1": fscores(targets, scores >= 0.5, counts),
        "best": [best(scores[:, c], targets[:, c]) for c in range(classes)] if weights is None else [],
        "multi_ece": error(chance.flatten(), targets.flatten(), 15, np.repeat(counts, classes)),
        "multi_brier": np.mean([sk.brier_score_loss(targets[:, c], chance[:, c], sample_weight=counts, pos_label=1)
                                for c in range(classes)]),
        "single": None,
    }
    if (targets.sum(1) == 1).all():
        found, right = scores.argmax(1), targets.argmax(1)
        soft = np.exp(scores - scores.max(1, keepdims=True))
        soft /= soft.sum(1, keepdims=True)
        labels = np.arange(classes)
        top = {k: sk.top_k_accuracy_score(right, scores, k=k, labels=labels, sample_weight=counts) for k in (1, 2, 3)}
        out["single"] = {
            "accuracy": sk.accuracy_score(right, found, sample_weight=counts),
            "top_k": [top[1], top[2], top[3]],
            "confusion": sk.confusion_matrix(right, found, labels=labels).flatten(),
            "shares": {name: sk.confusion_matrix(right, found, labels=labels, normalize=name).flatten()
                       for name in ("true", "pred", "all")},
            "argmax": fscores(targets, np.eye(classes, dtype=int)[found], counts),
            "ece": [error(soft.max(1), found == right, bins, counts) for bins in (1, 10, 15)],
            "brier": sk.brier_score_loss(right, soft, labels=labels, sample_weight=counts),
        }
    out = {key: value if value is None else shown(value) for key, value in out.items()}
    if out["single"] is not None:
        out["single"]["confusion"] = [int(count) for count in out["single"]["confusion"]]
    for name in ("targets", "weights"):
        out[name] = None if out[name] is None else [int(one) for one in out[name]]
    return out | {"classes": classes}


def compared(student, teacher):
    """Agreement of two models."""
    softmax = lambda x: np.exp(x - x.max(1, keepdims=True)) / np.exp(x - x.max(1, keepdims=True)).sum(1, keepdims=True)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    bernoulli = lambda a, b: stats.entropy([b, 1 - b], [a, 1 - a])
    shared = [stats.pearsonr(student.flatten(), teacher.flatten())[0],
              stats.spearmanr(student.flatten(), teacher.flatten())[0]]
    kinds = [(student.argmax(1), teacher.argmax(1), stats.entropy(softmax(teacher), softmax(student), axis=1).mean()),
             (student.flatten() > 0, teacher.flatten() > 0, bernoulli(sigmoid(student), sigmoid(teacher)).mean())]
    values = [[np.mean(a == b), sk.cohen_kappa_score(a, b), kl, *shared] for a, b, kl in kinds]
    return {"classes": student.shape[1], "student": student.flatten().tolist(),
            "teacher": teacher.flatten().tolist(), "single": shown(values[0]), "multi": shown(values[1])}


def paired(a, b):
    """Tests of pairs; every way of signs where there are few."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    few = np.count_nonzero(a - b) <= 12
    ties = len(np.unique(np.abs(a - b))) < len(a) or (a == b).any()
    every = stats.PermutationMethod(n_resamples=np.inf)
    method = "asymptotic" if len(a) > 50 else every if few else "exact"
    assert few or len(a) > 50 or not ties
    rank = stats.wilcoxon(a, b, method=method, correction=False)
    student = stats.ttest_rel(a, b)
    sign = None
    if few:
        sign = stats.permutation_test((a, b), lambda x, y: np.mean(x - y), permutation_type="samples",
                                      n_resamples=np.inf).pvalue
    return {"a": a.tolist(), "b": b.tolist(), "t": shown(student), "wilcoxon": shown(rank), "sign_flip": sign}


def one_each(clips, classes):
    return np.eye(classes, dtype=int)[random.integers(classes, size=clips)]


several = lambda clips, classes: (random.random((clips, classes)) < 0.3).astype(int)
short = lambda values: np.round(values, 4)
missing = several(20, 5)
missing[:, 1], missing[:, 3] = 0, 1
absent = np.eye(6, dtype=int)[random.integers(3, size=18)]
labels = one_each(30, 6)
logits = short(random.standard_normal((12, 5)))
folds = short(0.9 + 0.03 * random.standard_normal((2, 5)))
save_json("metrics_full.json", {
    "cases": [
        full(short(random.standard_normal((30, 6)) + labels), labels),
        full(random.integers(3, size=(25, 5)) / 2, one_each(25, 5)),
        full(short(random.standard_normal((24, 4))), several(24, 4)),
        full(random.integers(4, size=(24, 4)) / 4, several(24, 4)),
        full(random.integers(6, size=(20, 5)) / 5, missing),
        full(short(random.standard_normal((18, 6))), absent),
        full(np.full((7, 3), 0.5), several(7, 3)),
        full(random.integers(5, size=(16, 4)) / 4, one_each(16, 4), random.integers(4, size=16)),
        full(random.integers(5, size=(16, 4)) / 4, several(16, 4), random.integers(4, size=16)),
    ],
    "agreement": [
        compared(logits, short(logits + random.standard_normal((12, 5)))),
        compared(random.integers(-2, 3, size=(9, 4)) * 1.0, random.integers(-2, 3, size=(9, 4)) * 1.0),
    ],
    "paired": [
        paired(*folds),
        paired([1, 2, 3, 4, 5, 7], [1, 1, 4, 2, 2, 7]),
        paired(*short(random.standard_normal((2, 10)))),
        paired(*short(random.standard_normal((2, 30)))),
        paired(*(random.integers(9, size=(2, 60)) / 8)),
    ],
    "binomial": [[k, n, stats.binomtest(k, n).pvalue] for k, n in
                 ((0, 0), (0, 1), (3, 6), (1, 9), (9, 10), (40, 100), (520, 1000), (4800, 10000)) if n],
    "normal": [[p, stats.norm.ppf(p)] for p in
               (1e-300, 1e-20, 1e-8, 0.001, 0.0749, 0.0751, 0.3, 0.5, 0.77, 0.925, 0.97, 0.999999)],
    "quantile": [[q, np.quantile([1.0, 2.0, 4.0, 4.5, 9.0], q)] for q in (0, 0.025, 0.3, 0.5, 0.975, 1)],
}, "scikit-learn", "scipy", "numpy")
