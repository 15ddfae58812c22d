#!/usr/bin/env python3
"""Writes the small models that the tests of this folder serve.

    build/venv/bin/python tests/e2e/make_models.py OUT

    linear    y = 2 x + 1            x, y FP32 [1], batches of up to 8
    identity  y = x                  x, y FP32 [4], batches of up to 8
    raises    y = x                  and raises where an x is negative
    endless   y = x                  and never ends where an x is 1000
    hangs     the same where an x is 0, so that it cannot be warmed up
    types     every output is its input: FP32, FP64, INT32, INT64, BOOL
    integers  the same: INT64, UINT64, UINT8 of any length
    seats     y = 2 x of one feature column, filled from the feature store by features.pbtxt
    broken    a model.pt that is none
"""

from pathlib import Path

import torch
from model_files import config, main, tensor, write


class Scale(torch.nn.Module):
    """y = factor x + shift"""

    def __init__(self, factor: float, shift: float):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor), requires_grad=False)
        self.shift = torch.nn.Parameter(torch.tensor(shift), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor + self.shift


class Raises(torch.nn.Module):
    """y = x, or an error where one x is negative."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool((x < 0).any()):
            raise ValueError("a negative x")
        return x.clone()


class Endless(torch.nn.Module):
    """y = x, or nothing ever where one x is `fatal`."""

    def __init__(self, fatal: float):
        super().__init__()
        self.fatal = fatal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        while bool((y == self.fatal).any()):
            y = torch.maximum(y, x)
        return y


class Types(torch.nn.Module):
    """Each output is its input."""

    def forward(
        self,
        fp32: torch.Tensor,
        fp64: torch.Tensor,
        int32: torch.Tensor,
        int64: torch.Tensor,
        flag: torch.Tensor,
    ):
        return fp32.clone(), fp64.clone(), int32.clone(), int64.clone(), flag.clone()


class Integers(torch.nn.Module):
    """Each output is its input."""

    def forward(self, int64: torch.Tensor, uint64: torch.Tensor, uint8: torch.Tensor):
        return int64.clone(), uint64.clone(), uint8.clone()


def x_to_y(width: int) -> str:
    return tensor("input", "x", "TYPE_FP32", width) + tensor("output", "y", "TYPE_FP32", width)


def echoed(types: dict[str, str], width: int) -> str:
    """An input of each name, and an output that is it."""
    inputs = "".join(tensor("input", name, kind, width) for name, kind in types.items())
    return inputs + "".join(tensor("output", f"{name}_out", kind, width) for name, kind in types.items())


TYPES = {
    "fp32": "TYPE_FP32",
    "fp64": "TYPE_FP64",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "flag": "TYPE_BOOL",
}
INTEGERS = {"int64": "TYPE_INT64", "uint64": "TYPE_UINT64", "uint8": "TYPE_UINT8"}

BINDINGS = """\
request { name: "tailnum"  data_type: TYPE_STRING  dims: 1 }
entity { join_key: "tailnum"  request: "tailnum"  data_type: TYPE_STRING }
input {
  name: "x"
  column { feature: "plane_facts:seats"  default: 149  max_age { seconds: 315360000 } }
}
"""


def make(out: Path) -> None:
    write(out / "linear", config("linear", x_to_y(1)), Scale(2.0, 1.0))
    write(out / "identity", config("identity", x_to_y(4)), Scale(1.0, 0.0))
    write(out / "raises", config("raises", x_to_y(1)), Raises())
    write(out / "endless", config("endless", x_to_y(1)), Endless(1000.0))
    write(out / "hangs", config("hangs", x_to_y(1)), Endless(0.0))
    write(out / "types", config("types", echoed(TYPES, 2)), Types())
    write(out / "integers", config("integers", echoed(INTEGERS, -1)), Integers())
    write(out / "seats", config("seats", x_to_y(1)), Scale(2.0, 0.0))
    (out / "seats" / "features.pbtxt").write_text(BINDINGS)
    write(out / "broken", config("broken", x_to_y(1)), None)


if __name__ == "__main__":
    main(make)
