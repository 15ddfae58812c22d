"""Writes the TorchScript files that the tests of server/torchscript load, into the folder given."""

import json
import sys
import warnings
from pathlib import Path
from typing import Tuple

import form_models  # noqa: F401
import text_models  # noqa: F401
import torch
from network_models import Layer, Mlp, Quantized
from refusing_models import OfWidthFour
from registry import MODELS
from torch import Tensor, nn

warnings.simplefilter("ignore", DeprecationWarning)

SIGNED = {
    "max_batch_size": 16,
    "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [3]}],
    "output": [
        {"name": "twice", "data_type": "TYPE_FP32", "dims": [3]},
        {"name": "sum", "data_type": "TYPE_FP32", "dims": [1]},
    ],
}


class Signed(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x * 2, x.sum(1, keepdim=True)


def save_signed(path: Path, metadata: object, kind: type = Signed) -> None:
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    torch.jit.save(torch.jit.script(kind()), str(path), _extra_files={"metadata.json": text})


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in MODELS.items():
        torch.jit.script(kind()).save(str(folder / f"{name}.pt"))
    for name, dtype in (("HalfLayer", torch.bfloat16), ("DoubleLayer", torch.float64)):
        torch.jit.script(Layer(dtype)).save(str(folder / f"{name}.pt"))
    torch.jit.freeze(torch.jit.script(Mlp().eval())).save(str(folder / "FrozenMlp.pt"))
    quantized = torch.ao.quantization.quantize_dynamic(Quantized().eval(), {nn.Linear})
    torch.jit.script(quantized).save(str(folder / "Quantized.pt"))
    save_signed(folder / "Signed.pt", {"auc": 0.8, "signature": SIGNED})
    save_signed(folder / "SignedWrongly.pt",
                {"signature": {**SIGNED, "output": [{"name": "a"}, {"name": "b", "dims": [2]}]}})
    save_signed(folder / "SignedShort.pt",
                {"signature": {**SIGNED, "output": [{"name": "only"}]}})
    save_signed(folder / "SignedTooWide.pt", {"signature": {**SIGNED, "output": []}}, OfWidthFour)
    save_signed(folder / "SignedBadly.pt", {"signature": {**SIGNED, "max_batchsize": 1}})
    save_signed(folder / "SignedWithoutBatch.pt",
                {"signature": {"input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [-1, 3]}]}})
    save_signed(folder / "NotJson.pt", "auc: 0.8")
    save_signed(folder / "OtherMetadata.pt", {"auc": 0.8})
    torch.save(Mlp().state_dict(), folder / "StateDict.pt")


if __name__ == "__main__":
    main()
