"""Scores every test flight in Python with the saved model: OUT/reference.csv and OUT/quality.json.

The server must give these numbers back: `probability` with the store, `all_defaulted` without. Also
shows what the features are worth: the quality of both, and of a logistic regression on what the
caller knows.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import metrics
from assembled import Flights, all_defaulted, fill, read
from bindings import read_defaults, read_vocabularies
from spec import DENSE_COLUMNS, Folders

BATCH = 64


def score(model: torch.jit.ScriptModule, dense: Tensor, flights: Flights) -> np.ndarray:
    with torch.inference_mode():
        parts = [
            model(dense[s : s + BATCH], *(i[s : s + BATCH] for i in flights.ids.values()))
            for s in range(0, len(flights), BATCH)
        ]
    return torch.cat(parts).squeeze(1).numpy()


def quality(probability: np.ndarray, labels: list[int]) -> dict[str, float]:
    scores = probability.astype("float64").tolist()
    return {"auc": metrics.auc(scores, labels), "brier": metrics.brier(scores, labels)}


def caller_inputs(flights: Flights, sizes: dict[str, int]) -> Tensor:
    """Hour, the three names (one-hot) and distance: what a caller knows without a store."""
    hour = torch.floor(flights.dense[:, 1] / 100).long()
    names = [nn.functional.one_hot(flights.ids[n].squeeze(1), size) for n, size in sizes.items()]
    distance = flights.dense[:, 2:3] / 1000
    return torch.cat([nn.functional.one_hot(hour, 24), *names, distance], dim=1).float()


def logistic(train: Flights, test: Flights, sizes: dict[str, int]) -> np.ndarray:
    """Fitted with L-BFGS on all training flights."""
    inputs = caller_inputs(train, sizes)
    layer = nn.Linear(inputs.shape[1], 1)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=40, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = nn.functional.binary_cross_entropy_with_logits(layer(inputs).squeeze(1), train.late)
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        return torch.sigmoid(layer(caller_inputs(test, sizes))).squeeze(1).numpy()


def write_reference(path: Path, columns: dict[str, np.ndarray], labels: list[int]) -> None:
    """Shortest decimals that give the same float32 back."""
    lines = [",".join(("row", *columns, "late"))]
    rows = zip(*columns.values(), labels, strict=True)
    lines += [",".join((str(i), *map(str, row))) for i, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    folders = Folders(Path(sys.argv[1]))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    words = read_vocabularies(folders.version)
    defaults = torch.tensor(read_defaults(folders.version / "features.pbtxt")).float()
    test = read(folders.assembled / "test.npz", words)
    labels = test.late.int().tolist()

    model = torch.jit.load(str(folders.version / "model.pt"))
    scores = {
        "probability": score(model, fill(test.dense, defaults), test),
        "all_defaulted": score(model, all_defaulted(test.dense, defaults), test),
    }
    write_reference(folders.out / "reference.csv", scores, labels)

    train = read(folders.assembled / "train.npz", words)
    baseline = logistic(train, test, {name: len(w) + 1 for name, w in words.items()})
    features = [i for i, c in enumerate(DENSE_COLUMNS) if c.view]
    report = {
        "rows": len(test),
        "late_share": sum(labels) / len(labels),
        **quality(scores["probability"], labels),
        "all_defaulted": quality(scores["all_defaulted"], labels),
        "logistic_on_request": quality(baseline, labels),
        "feature_cells": len(test) * len(features),
        "feature_cells_defaulted": int(test.dense[:, features].isnan().sum()),
    }
    text = json.dumps(report, indent=2)
    (folders.out / "quality.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
