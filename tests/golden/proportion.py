"""Writes Wilson's intervals of scipy, and Newcombe's of his article."""
from scipy.stats import binomtest

from oracle import save_json

COUNTS = [(0, 1), (1, 1), (0, 80), (40, 50), (62, 80), (80, 80), (1, 400), (399, 400), (300, 400), (123456, 1000000)]


def wilson(found, count, level):
    interval = binomtest(found, count).proportion_ci(level, method="wilson")
    return [found, count, level, interval.low, interval.high]


save_json("proportion.json", {
    "wilson": [wilson(*counts, level) for counts in COUNTS for level in (0.95, 0.9)],
    # Newcombe 1998, Statistics in Medicine 17, table II, method 10, with four digits.
    "newcombe": [
        [56, 70, 48, 80, 0.0524, 0.3339],
        [9, 10, 3, 10, 0.1705, 0.8090],
        [6, 7, 2, 7, 0.0582, 0.8062],
        [5, 56, 0, 29, -0.0381, 0.1926],
        [0, 10, 0, 20, -0.1611, 0.2775],
        [0, 10, 0, 10, -0.2775, 0.2775],
        [10, 10, 0, 20, 0.6791, 1.0000],
        [10, 10, 0, 10, 0.6075, 1.0000],
    ],
}, "scipy")
