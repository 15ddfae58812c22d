"""Quality of predicted probabilities; standard library only, so any Python can compare files."""

import math
from collections.abc import Sequence


def auc(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Area under the ROC curve by ranks; equal scores share their mean rank."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    rank_sum, i = 0.0, 0
    while i < len(order):
        j = i
        while j < len(order) and scores[order[j]] == scores[order[i]]:
            j += 1
        rank_sum += (i + 1 + j) / 2 * sum(labels[k] for k in order[i:j])
        i = j
    positive = sum(labels)
    negative = len(labels) - positive
    if positive == 0 or negative == 0:
        return math.nan
    return (rank_sum - positive * (positive + 1) / 2) / (positive * negative)


def brier(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Mean squared error of the probabilities."""
    return math.fsum((s - y) ** 2 for s, y in zip(scores, labels, strict=True)) / len(scores)
