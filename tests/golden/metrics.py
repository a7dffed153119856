"""Writes accuracies of scikit-learn; NumPy's argmax takes the first of equal scores."""
import numpy as np
from sklearn.metrics import accuracy_score

from oracle import save_json

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
