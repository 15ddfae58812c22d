"""Reads the assembled columns and fills them as the server does."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spec import DENSE_COLUMNS, VOCABULARIES


@dataclass(frozen=True)
class Flights:
    """Model inputs of many flights, row by row; `dense` has NaN where nothing is known."""

    dense: Tensor  # float32 [n, columns]
    ids: dict[str, Tensor]  # int64 [n, 1] by input name
    late: Tensor  # float32 [n]

    def __len__(self) -> int:
        return len(self.late)


def read_strings(path: Path, tensor: str) -> np.ndarray:
    strings: np.ndarray = np.load(path)[tensor]
    return strings


def read(path: Path, vocabularies: dict[str, list[str]]) -> Flights:
    """A file that tables.py wrote; id = place in the vocabulary from 1, 0 = unknown."""
    arrays = np.load(path)
    ids = {}
    for name, (tensor, _) in VOCABULARIES.items():
        number = {word: i for i, word in enumerate(vocabularies[name], start=1)}
        ids[name] = torch.tensor([[number.get(word, 0)] for word in arrays[tensor].tolist()])
    return Flights(torch.from_numpy(arrays["dense"]), ids, torch.from_numpy(arrays["late"]))


def fill(dense: Tensor, defaults: Tensor) -> Tensor:
    """What is null or absent becomes the column's default."""
    return torch.where(dense.isnan(), defaults, dense)


def all_defaulted(dense: Tensor, defaults: Tensor) -> Tensor:
    """What the model sees when the store is down: the request's own columns, the rest defaults."""
    from_store = torch.tensor([c.view is not None for c in DENSE_COLUMNS])
    return torch.where(from_store | dense.isnan(), defaults, dense)
