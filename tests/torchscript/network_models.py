"""Models with weights."""

from typing import Tuple

import torch
import torch.nn.functional as F
from registry import model
from torch import Tensor, nn


@model
class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1))
        for index, parameter in enumerate(self.parameters()):
            nn.init.constant_(parameter, 0.1 * (index + 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@model
class SharedWeights(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(10, 10))
        self.same = self.weight
        self.register_buffer("offset", torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.weight @ self.same)[:, :5] + self.offset


@model
class OnlyWholeNumbers(nn.Module):
    """Looks rows of a table up."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 3)

    def forward(self, ids: Tensor) -> Tensor:
        return self.table(ids).sum(1)


@model
class WideAndDeep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(50, 4)
        self.layer = nn.Linear(9, 1)

    def forward(self, dense: Tensor, ids: Tensor) -> Tuple[Tensor, Tensor]:
        joined = torch.cat([dense, self.table(ids).mean(1)], 1)
        return torch.sigmoid(self.layer(joined)), dense.sum(1)


@model
class Convolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 6, 5)

    def forward(self, image: Tensor) -> Tensor:
        return self.layer(image).mean([2, 3])


@model
class Digits(nn.Module):
    """Takes pictures of 28 by 28 alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 2, 3, padding=1)
        self.last = nn.Linear(2 * 28 * 28, 10)

    def forward(self, image: Tensor) -> Tensor:
        return self.last(self.layer(image).flatten(1))


class Layer(nn.Module):
    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 2, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


@model
class HoldsMuch(nn.Module):
    """Tensors of several types, in several places, one of them twice."""

    def __init__(self) -> None:
        super().__init__()
        self.halves = nn.Parameter(torch.ones(4, dtype=torch.float16))
        self.register_buffer("longs", torch.ones(3, dtype=torch.int64))
        self.listed = [torch.ones(5), torch.ones(2, dtype=torch.uint8)]
        self.view = self.longs[:1]
        self.unused = nn.Parameter(torch.ones(100))

    def forward(self, x: Tensor) -> Tensor:
        # With x in each product, or freezing would compute them.
        kept = (x * self.halves).sum() + (x * self.longs).sum() + (x * self.view).sum()
        for tensor in self.listed:
            kept = kept + (x * tensor).sum()
        return x + kept


@model
class Pooled(nn.Module):
    """Takes pictures of 28 by 28, and of 29 by 29, which its pooling rounds down to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 2, 3)
        self.last = nn.Linear(2 * 13 * 13, 10)

    def forward(self, image: Tensor) -> Tensor:
        return self.last(F.max_pool2d(F.relu(self.layer(image)), 2).flatten(1))


@model
class Large(nn.Module):
    """Takes pictures of 224 by 224 alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 2, 32, stride=32)
        self.last = nn.Linear(2 * 7 * 7, 3)

    def forward(self, image: Tensor) -> Tensor:
        return self.last(self.layer(image).flatten(1))


class Quantized(nn.Module):
    """Two layers, whose weights LibTorch keeps packed, in objects of its own C++."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
