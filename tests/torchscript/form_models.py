"""Models whose forward takes or returns values of some form."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from registry import model
from torch import Tensor, nn


class Ends(NamedTuple):
    low: Tensor
    high: Tensor


@model
class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


@model
class AddOne(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1


@model
class Subtract(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first - second


@model
class DictOut(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"twice": x * 2, "more": x + 1}


@model
class NamedOut(nn.Module):
    def forward(self, x: Tensor) -> Ends:
        return Ends(x.min(1, keepdim=True)[0], x.max(1, keepdim=True)[0])


@model
class TupleOut(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, List[Tensor]]:
        return x, [x * 2, x.sum(1, keepdim=True).long()]


@model
class OptionalInput(nn.Module):
    def forward(self, x: Tensor, scale: Optional[Tensor] = None, shift: float = 0.5) -> Tensor:
        if scale is not None:
            x = x * scale
        return x + shift


@model
class DictIn(nn.Module):
    def forward(self, tensors: Dict[str, Tensor]) -> Tensor:
        total = tensors["a"].add_(1)
        if "b" in tensors:
            total = total + tensors["b"]
        return total


@model
class MeanOverBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(0)


@model
class WritesItsInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x


@model
class Slices(nn.Module):
    """Views of the input: one in place, one in another order."""

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x[:, 1:], x.flip([1])[:, :2]


@model
class ToDouble(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.double()


@model
class ChangingKeys(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        if bool((x > 0).all()):
            return {"positive": x}
        return {"other": x}


@model
class Count(nn.Module):
    def forward(self, x: Tensor) -> int:
        return x.numel()


@model
class Nothing(nn.Module):
    def forward(self, x: Tensor) -> Optional[Tensor]:
        return None


@model
class TakesANumber(nn.Module):
    def forward(self, x: Tensor, power: int) -> Tensor:
        return x**power


@model
class ListOut(nn.Module):
    def forward(self, x: Tensor) -> List[Tensor]:
        return [x + 1, x + 2]


@model
class BoolToNumber(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.to(torch.int64) * 10


@model
class CenteredOnTheBatch(nn.Module):
    """Has the shape of a model that takes batches, but mixes rows."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0, keepdim=True)


@model
class IsInference(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.full([x.size(0), 1], int((x + 1).is_inference()))
