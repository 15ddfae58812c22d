"""Writes the models that benchmarks use, OUT/models_bench: `identity` and `mlp` (64-256-256-1).

Arguments of forward are named as in config.pbtxt and end in __0, which is what Triton's PyTorch
backend wants, so that both servers run the same files.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from export import freeze

MAX_BATCH_SIZE = 64


class Identity(nn.Module):
    def forward(self, INPUT__0: Tensor) -> Tensor:
        # A copy: an output that is the input itself would let a server answer without a forward.
        return INPUT__0.clone()


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1)
        )

    def forward(self, INPUT__0: Tensor) -> Tensor:
        output: Tensor = self.layers(INPUT__0)
        return output


def config(name: str, input_width: int, output_width: int) -> str:
    return f"""\
name: "{name}"
platform: "pytorch_libtorch"
max_batch_size: {MAX_BATCH_SIZE}
input [ {{ name: "INPUT__0"  data_type: TYPE_FP32  dims: [ {input_width} ] }} ]
output [ {{ name: "OUTPUT__0"  data_type: TYPE_FP32  dims: [ {output_width} ] }} ]
"""


def write(out: Path, name: str, module: nn.Module, input_width: int, output_width: int) -> None:
    version = out / name / "1"
    version.mkdir(parents=True, exist_ok=True)
    freeze(module).save(str(version / "model.pt"))
    (out / name / "config.pbtxt").write_text(config(name, input_width, output_width))


def main() -> None:
    out = Path(sys.argv[1]) / "models_bench"
    torch.manual_seed(0)
    write(out, "identity", Identity(), -1, -1)
    write(out, "mlp", Mlp(), 64, 1)
    print(f"identity and mlp in {out}")


if __name__ == "__main__":
    main()
