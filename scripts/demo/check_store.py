"""Compares every cell of some test flights with what Feast's own get_online_features answers.

Proves that the columns which the reference is computed from are what the online store answers.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from feast import FeatureStore

from spec import DENSE_COLUMNS, JOIN_KEYS, Folders

SAMPLE = 400
INTEGER_TENSORS = ("flight", "time_hour")


def sample_rows(dense: np.ndarray) -> np.ndarray:
    """Half at random, half of those with the most nulls."""
    rng = np.random.default_rng(0)
    gaps = np.argsort(-np.isnan(dense).sum(axis=1), kind="stable")[: SAMPLE // 2]
    return np.unique(np.concatenate([gaps, rng.choice(len(dense), SAMPLE // 2, replace=False)]))


def entity_row(flight: dict[str, str]) -> dict[str, object]:
    """Feast's keys of one line of test.csv."""
    return {
        key: int(flight[tensor]) if tensor in INTEGER_TENSORS else flight[tensor]
        for key, tensor in JOIN_KEYS.items()
    }


def main() -> None:
    folders = Folders(Path(sys.argv[1]))
    dense = np.load(folders.assembled / "test.npz")["dense"]
    with (folders.out / "test.csv").open(newline="") as file:
        flights = list(csv.DictReader(file))
    rows = sample_rows(dense)
    columns = [(i, c.source) for i, c in enumerate(DENSE_COLUMNS) if c.view]
    answer = (
        FeatureStore(repo_path=str(folders.feast))
        .get_online_features(
            features=[source for _, source in columns],
            entity_rows=[entity_row(flights[row]) for row in rows],
            full_feature_names=True,
        )
        .to_dict()
    )
    nulls = 0
    for i, source in columns:
        served = np.array(answer[source.replace(":", "__")], dtype="float64").astype(
            "float32"
        )  # None becomes NaN
        np.testing.assert_array_equal(served, dense[rows, i], err_msg=source)
        nulls += int(np.isnan(served).sum())
    print(
        f"{len(rows)} flights x {len(columns)} features as Feast serves them: equal, "
        f"{nulls} of them null or absent"
    )


if __name__ == "__main__":
    main()
