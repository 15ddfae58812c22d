"""Models that take or give strings."""

from typing import Dict, List

import torch
from registry import model
from torch import Tensor, nn


@model
class Lengths(nn.Module):
    def forward(self, texts: List[str]) -> Tensor:
        return torch.tensor([[len(text)] for text in texts], dtype=torch.int64)


@model
class Upper(nn.Module):
    def forward(self, texts: List[str]) -> List[str]:
        return [text.upper() for text in texts]


@model
class SameTexts(nn.Module):
    def forward(self, texts: List[str]) -> List[str]:
        return texts


@model
class TwiceEachText(nn.Module):
    def forward(self, texts: List[str]) -> List[str]:
        out: List[str] = []
        for text in texts:
            out.append(text)
            out.append(text + text)
        return out


@model
class TextAndNumber(nn.Module):
    def forward(self, texts: List[str], numbers: Tensor) -> Dict[str, List[str]]:
        return {"joined": [text + str(int(number)) for text, number in zip(texts, numbers)]}
