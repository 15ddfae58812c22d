"""Writes the model that scripts/bench/overload loads a server with: `work`, of about 10 ms a call.

It multiplies a matrix by itself as often as takes that long on this machine, now. No batches: what
is refused or computed is whole calls.
"""

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from export import freeze

SERVICE_S = 0.010
SIZE = 192


class Work(nn.Module):
    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.register_buffer("matrix", torch.eye(SIZE) + 0.001 * torch.randn(SIZE, SIZE))

    def forward(self, INPUT__0: Tensor) -> Tensor:
        # Of the input, or the product would be folded into a constant when the model is frozen.
        product = self.matrix + 0.0 * INPUT__0
        for _ in range(self.times):
            product = torch.tanh(product @ self.matrix)
        return INPUT__0 + 0.0 * product.sum()


def seconds(times: int) -> float:
    """The median of a few runs, on one thread."""
    model = freeze(Work(times))
    x = torch.zeros(1)
    runs = []
    for _ in range(15):
        start = time.perf_counter()
        model(x)
        runs.append(time.perf_counter() - start)
    return sorted(runs)[len(runs) // 2]


def main() -> None:
    out = Path(sys.argv[1])
    torch.manual_seed(0)
    torch.set_num_threads(1)
    seconds(50)  # Warms up.
    times = max(1, round(50 * SERVICE_S / seconds(50)))
    version = out / "work" / "1"
    version.mkdir(parents=True, exist_ok=True)
    freeze(Work(times)).save(str(version / "model.pt"))
    (out / "work" / "config.pbtxt").write_text(
        'name: "work"\nplatform: "pytorch_libtorch"\n'
        'input [ { name: "INPUT__0"  data_type: TYPE_FP32  dims: [ 1 ] } ]\n'
        'output [ { name: "OUTPUT__0"  data_type: TYPE_FP32  dims: [ 1 ] } ]\n'
    )
    print(f"work: {times} products, {seconds(times) * 1e3:.1f} ms")


main()
