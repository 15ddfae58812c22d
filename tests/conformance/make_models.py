#!/usr/bin/env python3
"""Writes the models that the tests of this folder serve.

    PYTHONPATH=tests/e2e build/venv/bin/python tests/conformance/make_models.py OUT

    types                 every output is its input, one of each datatype but BYTES, any length
    strings               BYTES in, BYTES out, as List[str]; upper is a second one, without a batch
    double, times3, ...   y = k x, x and y FP32 [1]
    pair                  two inputs, two outputs: total = a + b, difference = a - b
    unbatched             FP32 [2,3] doubled, max_batch_size 0
    raises                y = x, or an error where an x is negative
    raises_deep           the same, from within methods that freezing removes
    scalar, reshaped      dims on the wire that are not the model's own
    by_name, by_index, by_order, by_key        the four ways that inputs reach forward
    as_tuple, as_named_tuple, as_dict, as_list  what forward may return
    scores, labelled      FP32 [4] as it came, to be classified; labelled has names for three of them
    weights               a thousand parameters
    wrong_type            gives FP64 where its config says FP32, but only for large numbers
    broken                a model.pt that is none
    signed                y = 2 x, FP32 [3], without config.pbtxt: the archive's metadata.json describes it
    plain                 y = 2 x without config.pbtxt and without a description
    digits                pictures of 28 by 28 to FP32 [2], without config.pbtxt
    window                means of eight neighbours each: takes no length below 8, any above
    packed                a layer of 8 by 2 with quantized weights
    gate                  waits in forward until the test lets it go on; see gate.py
"""

import json
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import torch
from model_files import config, main, tensor, write
from torch import Tensor

# Name, datatype in config.pbtxt.
TYPES = {
    "bool": "TYPE_BOOL",
    "uint8": "TYPE_UINT8",
    "uint16": "TYPE_UINT16",
    "uint32": "TYPE_UINT32",
    "uint64": "TYPE_UINT64",
    "int8": "TYPE_INT8",
    "int16": "TYPE_INT16",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "fp16": "TYPE_FP16",
    "bf16": "TYPE_BF16",
    "fp32": "TYPE_FP32",
    "fp64": "TYPE_FP64",
}


class Types(torch.nn.Module):
    """Each output is its input."""

    def forward(
        self,
        in_bool: Tensor,
        in_uint8: Tensor,
        in_uint16: Tensor,
        in_uint32: Tensor,
        in_uint64: Tensor,
        in_int8: Tensor,
        in_int16: Tensor,
        in_int32: Tensor,
        in_int64: Tensor,
        in_fp16: Tensor,
        in_bf16: Tensor,
        in_fp32: Tensor,
        in_fp64: Tensor,
    ):
        return (
            in_bool.clone(),
            in_uint8.clone(),
            in_uint16.clone(),
            in_uint32.clone(),
            in_uint64.clone(),
            in_int8.clone(),
            in_int16.clone(),
            in_int32.clone(),
            in_int64.clone(),
            in_fp16.clone(),
            in_bf16.clone(),
            in_fp32.clone(),
            in_fp64.clone(),
        )


class Strings(torch.nn.Module):
    """The same strings."""

    def forward(self, text: List[str]) -> List[str]:
        return text


class Upper(torch.nn.Module):
    """Strings in capitals, and how long each was."""

    def forward(self, text: List[str]) -> Tuple[List[str], Tensor]:
        return [t.upper() for t in text], torch.tensor([len(t) for t in text])


class Times(torch.nn.Module):
    """y = factor x"""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class Pair(torch.nn.Module):
    """Sum and difference; `b` is of another type."""

    def forward(self, a: Tensor, b: Tensor):
        return a + b, a - b


class Raises(torch.nn.Module):
    """y = x, or an error where one x is negative."""

    def forward(self, x: Tensor) -> Tensor:
        if bool((x < 0).any()):
            raise ValueError("a negative x")
        return x.clone()


def in_rows(x: Tensor, rows: int) -> Tensor:
    if rows > 3:
        return x.view(rows, -1)
    return x


class RaisesDeep(torch.nn.Module):
    """y = x, or an error of LibTorch's own where one x is negative, behind branches that freezing
    folds, so that methods have no callers any more."""

    def __init__(self):
        super().__init__()
        self.strict = True

    def choose(self, x: Tensor, strict: bool) -> Tensor:
        if strict:
            if float(x.min()) >= 0:
                return x * 1
            return in_rows(x, 1009)
        return x * 2

    def forward(self, x: Tensor) -> Tensor:
        return self.choose(x, self.strict)


class Digits(torch.nn.Module):
    """The pooling rounds 29 by 29 down to what 28 by 28 gives."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(1, 2, 3)
        self.last = torch.nn.Linear(2 * 13 * 13, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.max_pool2d(self.layer(x), [2, 2]).flatten(1))


class Window(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool1d(x.unsqueeze(1), 8, 1).squeeze(1)


class Scalar(torch.nn.Module):
    """y = 2 x of a number without dimensions."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 0:
            raise ValueError("not a scalar")
        return x * 2


class Transposed(torch.nn.Module):
    """Of square matrices."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 3:
            raise ValueError("not matrices")
        return x.transpose(1, 2)


class Difference(torch.nn.Module):
    """first - second"""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first - second


class DifferenceByKey(torch.nn.Module):
    """first - second of a dict"""

    def forward(self, tensors: Dict[str, Tensor]) -> Tensor:
        return tensors["first"] - tensors["second"]


class AsTuple(torch.nn.Module):
    """2 x and 3 x"""

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x * 2, x * 3


class TwoAndThree(NamedTuple):
    three: Tensor
    two: Tensor


class AsNamedTuple(torch.nn.Module):
    """3 x and 2 x under their names"""

    def forward(self, x: Tensor) -> TwoAndThree:
        return TwoAndThree(three=x * 3, two=x * 2)


class AsDict(torch.nn.Module):
    """2 x and 3 x by key"""

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"two": x * 2, "three": x * 3}


class AsList(torch.nn.Module):
    """2 x and 3 x in a list"""

    def forward(self, x: Tensor) -> List[Tensor]:
        return [x * 2, x * 3]


class Same(torch.nn.Module):
    """y = x"""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


class Weights(torch.nn.Module):
    """y = the sum of x times each of a thousand parameters, all of them 0.001"""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((1000,), 0.001), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.weight).sum(dim=1, keepdim=True)


class WrongType(torch.nn.Module):
    """y = x, as FP64 above 1000"""

    def forward(self, x: Tensor) -> Tensor:
        return x.double() if bool((x > 1000).any()) else x.clone()


class Gate(torch.nn.Module):
    """Waits until the file that `path` names, code by code, lets it go on.

    The file's bytes: 0 open, 1 how many came in, 2 how many are inside, 3 the most that were inside
    at once, 16 + n the x of the n-th that came in."""

    def forward(self, path: Tensor, x: Tensor) -> Tensor:
        name = ""
        for code in path[0]:
            if int(code) > 0:
                name += chr(int(code))
        if len(name) > 0:
            file = torch.from_file(name, True, 4096, dtype=torch.uint8)
            count = int(file[1])
            file[16 + count] = int(x[0, 0])
            file[2] += 1
            if int(file[2]) > int(file[3]):
                file[3] = file[2]
            file[1] += 1
            while int(file[0]) == 0:
                pass
            file[2] -= 1
            # Read once more, or the optimizer takes the last write for one that nobody sees.
            x = x + file[2] * 0
        return x.clone()


def numbers(inputs: str, outputs: str, dims: object = 1) -> str:
    """Tensors of FP32."""
    lines = [tensor("input", name, "TYPE_FP32", dims) for name in inputs.split()]
    return "".join(lines + [tensor("output", name, "TYPE_FP32", dims) for name in outputs.split()])


def make_typed(out: Path) -> None:
    tensors = "".join(
        tensor(kind, f"{prefix}_{name}", data_type, -1)
        for kind, prefix in (("input", "in"), ("output", "out"))
        for name, data_type in TYPES.items()
    )
    write(out / "types", config("types", tensors), Types())
    text = tensor("input", "text", "TYPE_STRING", 1) + tensor("output", "same", "TYPE_STRING", 1)
    write(out / "strings", config("strings", text), Strings())
    text = (
        tensor("input", "text", "TYPE_STRING", -1)
        + tensor("output", "upper", "TYPE_STRING", -1)
        + tensor("output", "length", "TYPE_INT64", -1)
    )
    write(out / "upper", config("upper", text, batch=0), Upper())


def make_shaped(out: Path) -> None:
    reshape = "  reshape { shape: [] }"
    text = tensor("input", "x", "TYPE_FP32", 1, reshape)
    text += tensor("output", "y", "TYPE_FP32", 1, reshape)
    write(out / "scalar", config("scalar", text, batch=0), Scalar())
    reshape = "  reshape { shape: [2, 2] }"
    text = tensor("input", "x", "TYPE_FP32", 4, reshape)
    text += tensor("output", "y", "TYPE_FP32", 4, reshape)
    write(out / "reshaped", config("reshaped", text), Transposed())
    write(out / "unbatched", config("unbatched", numbers("x", "y", [2, 3]), batch=0), Times(2.0))


def make_bound(out: Path) -> None:
    for name, inputs, module in (
        ("by_name", "second first", Difference()),
        ("by_index", "INPUT__1 INPUT__0", Difference()),
        ("by_order", "left right", Difference()),
        ("by_key", "second first", DifferenceByKey()),
    ):
        write(out / name, config(name, numbers(inputs, "OUTPUT__0")), module)
    for name, outputs, module in (
        ("as_tuple", "OUTPUT__0 OUTPUT__1", AsTuple()),
        ("as_named_tuple", "two three", AsNamedTuple()),
        ("as_dict", "two three", AsDict()),
        ("as_list", "first second", AsList()),
    ):
        write(out / name, config(name, numbers("x", outputs)), module)


def make(out: Path) -> None:
    make_typed(out)
    make_shaped(out)
    make_bound(out)
    for factor, name in enumerate(("double", "times3", "times4", "times5"), 2):
        write(out / name, config(name, numbers("x", "y")), Times(float(factor)))
    text = tensor("input", "a", "TYPE_FP32", 4) + tensor("input", "b", "TYPE_INT64", 4)
    write(out / "pair", config("pair", text + numbers("", "total difference", 4)), Pair())
    write(out / "raises", config("raises", numbers("x", "y")), Raises())
    write(out / "raises_deep", config("raises_deep", numbers("x", "y")), RaisesDeep(),
          freeze=False)
    write(out / "scores", config("scores", numbers("x", "y", 4)), Same())
    labels = '  label_filename: "labels.txt"'
    text = tensor("input", "x", "TYPE_FP32", 4) + tensor("output", "y", "TYPE_FP32", 4, labels)
    write(out / "labelled", config("labelled", text), Same())
    (out / "labelled" / "labels.txt").write_text("cat\ndog\nsea horse\n")
    write(out / "weights", config("weights", numbers("x", "y")), Weights())
    write(out / "wrong_type", config("wrong_type", numbers("x", "y")), WrongType())
    write(out / "broken", config("broken", numbers("x", "y")), None)
    signature = {
        "max_batch_size": 4,
        "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [3]}],
        "output": [{"name": "twice", "data_type": "TYPE_FP32", "dims": [3]}],
    }
    metadata = {"metadata.json": json.dumps({"signature": signature})}
    write(out / "signed", "", Times(2.0), extra_files=metadata)
    write(out / "plain", "", Times(2.0))
    write(out / "digits", "", Digits())
    write(out / "window", config("window", numbers("x", "y", -1)), Window())
    layer = torch.nn.Sequential(torch.nn.Linear(8, 2)).eval()
    packed = torch.ao.quantization.quantize_dynamic(layer, {torch.nn.Linear})
    text = tensor("input", "input", "TYPE_FP32", 8) + tensor("output", "y", "TYPE_FP32", 2)
    write(out / "packed", config("packed", text), packed)
    text = tensor("input", "path", "TYPE_UINT8", -1) + numbers("x", "y")
    write(out / "gate", config("gate", text, batch=1), Gate())


if __name__ == "__main__":
    main(make)
