"""Trains the model and writes the repository OUT/models: model, configuration, bindings."""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from assembled import Flights, fill, read, read_strings
from bindings import config_text, features_text
from export import freeze
from model import FlightDelay, compress, log_mask
from spec import DENSE_COLUMNS, MODEL, VIEWS, VOCABULARIES, Folders

SEED = 20130930
EPOCHS = 2
BATCH = 256
LEARNING_RATE = 2e-3
# So that the model stays sensible when a view or the whole store is down: blanks become defaults.
BLANK_VIEW = 0.10
BLANK_ALL = 0.10
# So that id 0, an unknown name, means something.
BLANK_ID = 0.02


def vocabularies(path: Path) -> dict[str, list[str]]:
    """The names seen in training, sorted."""
    return {
        name: sorted(set(read_strings(path, tensor).tolist()))
        for name, (tensor, _) in VOCABULARIES.items()
    }


def training_means(dense: Tensor) -> Tensor:
    """Column means over what is known, as the short decimals that the bindings will hold."""
    means = np.nanmean(dense.double().numpy(), axis=0)
    return torch.tensor([float(f"{m:.6g}") for m in means], dtype=torch.float64)


def standardisation(dense: Tensor) -> tuple[Tensor, Tensor]:
    known = compress(dense, log_mask()).double().numpy()
    std = np.nanstd(known, axis=0)
    return torch.tensor(np.nanmean(known, axis=0)).float(), torch.tensor(
        np.where(std > 0, std, 1.0)
    ).float()


def blank(dense: Tensor, defaults: Tensor) -> Tensor:
    """Replaces whole views of random rows by the defaults."""
    group = torch.tensor(
        [next((i for i, v in enumerate(VIEWS, 1) if v.name == c.view), 0) for c in DENSE_COLUMNS]
    )
    lost = torch.rand(len(dense), len(VIEWS) + 1) < BLANK_VIEW
    lost |= torch.rand(len(dense), 1) < BLANK_ALL
    lost[:, 0] = False  # the request's own columns
    return torch.where(lost[:, group], defaults, dense)


def fit(model: FlightDelay, flights: Flights, defaults: Tensor) -> None:
    dense = fill(flights.dense, defaults)
    steps = EPOCHS * ((len(flights) + BATCH - 1) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(flights)).split(BATCH):
            ids = [i[rows] * (torch.rand(len(rows), 1) >= BLANK_ID) for i in flights.ids.values()]
            probability = model(blank(dense[rows], defaults), *ids).squeeze(1)
            loss = nn.functional.binary_cross_entropy(probability, flights.late[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch + 1}: loss {total / len(flights):.4f}")


def write_repository(
    folders: Folders, model: nn.Module, words: dict[str, list[str]], defaults: Tensor
) -> None:
    shutil.rmtree(folders.models, ignore_errors=True)
    folders.version.mkdir(parents=True)
    freeze(model).save(str(folders.version / "model.pt"))
    (folders.models / MODEL / "config.pbtxt").write_text(config_text())
    (folders.version / "features.pbtxt").write_text(features_text(defaults.tolist()))
    for name, (_, file) in VOCABULARIES.items():
        (folders.version / file).write_text("".join(f"{word}\n" for word in words[name]))


def main() -> None:
    folders = Folders(Path(sys.argv[1]))
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    path = folders.assembled / "train.npz"
    words = vocabularies(path)
    flights = read(path, words)
    defaults = training_means(flights.dense)
    model = FlightDelay(
        *standardisation(flights.dense), {name: len(w) + 1 for name, w in words.items()}
    )
    fit(model, flights, defaults.float())
    write_repository(folders, model, words, defaults)
    print(f"model in {folders.version}")


if __name__ == "__main__":
    main()
