"""Models that fail on some inputs."""

from typing import Dict, List

import torch
from registry import model
from torch import Tensor, nn


@model
class Throwing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool((x > 100).any()):
            raise ValueError("a value is\nabove 100")
        return x


@model
class Refuses(nn.Module):
    """Takes only lengths that no probe tries."""

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        if x.size(1) != 77:
            raise RuntimeError("77 values, please")
        return {"y": x.sum(1, keepdim=True)}


@model
class ScalarPerRow(nn.Module):
    """Takes and gives one number a row, without a dimension for it."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 1:
            raise RuntimeError("one dimension, please")
        return x * 2


@model
class Scalar(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 0:
            raise RuntimeError("no dimension, please")
        return x * 2


@model
class Image(nn.Module):
    """Planes of two by three, and their transposes."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4 or x.size(2) != 2 or x.size(3) != 3:
            raise RuntimeError("planes, please")
        return x.transpose(2, 3)


@model
class Vector(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 1:
            raise RuntimeError("a vector, please")
        return x.cumsum(0)


@model
class WindowOfEight(nn.Module):
    """Takes any length from 8 on."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool1d(x.unsqueeze(1), 8, 1).squeeze(1)


def in_rows(x: Tensor, rows: int) -> Tensor:
    if rows > 3:
        return x.view(rows, -1)
    return x


@model
class ThrowsInAHelper(nn.Module):
    """In a function, called by a method, each behind branches; but not for six rows or more."""

    def __init__(self) -> None:
        super().__init__()
        self.strict = True

    def choose(self, x: Tensor, strict: bool) -> Tensor:
        if strict:
            if x.size(0) > 5:
                return x
            if float(x.sum()) > 0:
                return in_rows(x, 7)
        return x * 2

    def forward(self, x: Tensor) -> Tensor:
        return self.choose(x, self.strict)


class Positive(nn.Module):
    def check(self, x: Tensor) -> Tensor:
        for row in x:
            if float(row.sum()) < 0:
                raise ValueError("a negative row")
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self.check(x)


@model
class ThrowsInALoop(nn.Module):
    """In a loop, of a method, of a module within modules."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.Sequential(nn.Identity(), nn.Sequential(Positive(), nn.Dropout(0.1)))

    def forward(self, x: Tensor) -> Tensor:
        return self.parts(x) + 1


@model
class ThrowsInAFork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.part = Positive()

    def forward(self, x: Tensor) -> Tensor:
        return torch.jit.wait(torch.jit.fork(self.part, x)) + 1


@model
class Attention(nn.Module):
    """Throws deep in LibTorch's own functions when the mask is of another length."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.layer(x, x, x, key_padding_mask=padding)[0]


@model
class OfWidthFour(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x @ torch.ones(4, 1)


@model
class RefusesZeros(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if float(x.abs().sum()) == 0:
            raise ValueError("nothing but zeros")
        return x * 2
