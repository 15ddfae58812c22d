#!/usr/bin/env python3
"""Compares what `tournant score --out` wrote with Python's reference scores of the same flights.

Ends with 1 when a row differs by more than 1e-5 or the AUC by more than 1e-4.
"""

import argparse
import csv
import json
import math
import sys
from pathlib import Path

import metrics

ROW_LIMIT = 1e-5
AUC_LIMIT = 1e-4
FIRST = 10_000


def column(path: Path, name: str) -> list[float]:
    """A numeric column; NaN for an empty cell, which is a row that got no answer."""
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if name not in (reader.fieldnames or ()):
            sys.exit(f"{path}: no column {name!r}, only {reader.fieldnames}")
        return [float(line[name] or "nan") for line in reader]


def report(
    served: list[float], expected: list[float], labels: list[int], python: dict[str, float]
) -> list[str]:
    """Prints the figures and returns what is wrong."""
    wrong = []
    if len(served) != len(expected):
        wrong.append(f"{len(served)} rows served, {len(expected)} expected")
    differences = [abs(s - e) for s, e in zip(served, expected, strict=False)]
    answered = [i for i, d in enumerate(differences) if not math.isnan(d)]
    if len(answered) < len(differences):
        wrong.append(f"{len(differences) - len(answered)} rows without an answer")
    if not answered:
        return wrong + ["nothing to compare"]

    largest = max(differences[i] for i in answered)
    first = max((differences[i] for i in answered if i < FIRST), default=math.nan)
    apart = sum(differences[i] > ROW_LIMIT for i in answered)
    scores, truth = [served[i] for i in answered], [labels[i] for i in answered]
    auc, brier = metrics.auc(scores, truth), metrics.brier(scores, truth)
    print(f"rows                   {len(answered):>12,}")
    print(f"max difference         {largest:>12.2e}   (first {FIRST:,} rows: {first:.2e})")
    print(f"rows apart by > {ROW_LIMIT:.0e}  {apart:>12,}")
    for name, value in (("AUC", auc), ("Brier", brier)):
        there = python[name.lower()]
        print(
            f"{name:<6} served {value:.6f}   Python {there:.6f}   "
            f"difference {abs(value - there):.1e}"
        )
    if apart:
        wrong.append(f"{apart} rows differ by more than {ROW_LIMIT:.0e}")
    if not abs(auc - python["auc"]) <= AUC_LIMIT:
        wrong.append(f"the AUC differs by more than {AUC_LIMIT:.0e}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "served", type=Path, help="CSV with a column `probability`, rows in the order of test.csv"
    )
    parser.add_argument("reference", type=Path, help="reference.csv")
    parser.add_argument("quality", type=Path, help="quality.json")
    parser.add_argument(
        "--allow-degraded",
        action="store_true",
        help="report differences, and end with 0 all the same",
    )
    arguments = parser.parse_args()
    labels = [int(v) for v in column(arguments.reference, "late")]
    wrong = report(
        column(arguments.served, "probability"),
        column(arguments.reference, "probability"),
        labels,
        json.loads(arguments.quality.read_text()),
    )
    for text in wrong:
        print(f"compare: {text}", file=sys.stderr)
    return 1 if wrong and not arguments.allow_degraded else 0


if __name__ == "__main__":
    sys.exit(main())
