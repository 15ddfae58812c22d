"""Writes the models of scripts/bench/batching, OUT/models_batching: each of `mlp`, `dlrm` and `tokens` as
NAME_on, NAME_off, NAME_1ms and NAME_5ms, the same TorchScript file under four ways to batch.

What tells the three apart is what a batch saves. mlp (64-256-256-1): a row is next to nothing, an
execution is not. dlrm: as few microseconds a row, but some fifty operations an execution. tokens: each
value of a row is a token that goes through 256 wide layers, so that one row is a matrix product of its
own and more rows save what the execution costs and no more.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from bench_models import Mlp
from export import freeze

WIDTH = 64
TABLES, TABLE_ROWS, EMBEDDING, DENSE = 8, 10_000, 16, 13
TOKEN_WIDTH, TOKEN_LAYERS = 256, 16

VARIANTS = {
    "on": "",  # What a config gets that says nothing.
    "off": "",  # The same with max_batch_size 1: a call is an execution.
    "1ms": "dynamic_batching { max_queue_delay_microseconds: 1000 }\n",
    "5ms": "dynamic_batching { max_queue_delay_microseconds: 5000 }\n",
}


def stack(widths: list[int]) -> nn.Sequential:
    """Linear layers with ReLU after each."""
    layers: list[nn.Module] = []
    for inner, outer in zip(widths, widths[1:]):
        layers += [nn.Linear(inner, outer), nn.ReLU()]
    return nn.Sequential(*layers)


class Dlrm(nn.Module):
    """Embeddings of ids and a bottom MLP over numbers, their dot products, a top MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(TABLE_ROWS, EMBEDDING) for _ in range(TABLES)])
        self.bottom = stack([DENSE, 64, EMBEDDING])
        pairs = (TABLES + 1) * TABLES // 2
        self.top = stack([EMBEDDING + pairs, 64, 32])
        self.score = nn.Linear(32, 1)
        rows, columns = torch.tril_indices(TABLES + 1, TABLES + 1, offset=-1)
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    def forward(self, DENSE__0: Tensor, IDS__1: Tensor) -> Tensor:
        bottom = self.bottom(DENSE__0)
        vectors = [bottom]
        for i, table in enumerate(self.tables):
            vectors.append(table(IDS__1[:, i]))
        stacked = torch.stack(vectors, dim=1)
        products = torch.bmm(stacked, stacked.transpose(1, 2))[:, self.rows, self.columns]
        score: Tensor = self.score(self.top(torch.cat([bottom, products], dim=1)))
        return score


class Tokens(nn.Module):
    """64 tokens of a row through layers that they share: 67 million multiplications a row."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(WIDTH, TOKEN_WIDTH) / 8)
        self.layers = stack([TOKEN_WIDTH] * (TOKEN_LAYERS + 1))
        self.score = nn.Linear(TOKEN_WIDTH, 1)

    def forward(self, INPUT__0: Tensor) -> Tensor:
        tokens = self.layers(INPUT__0.unsqueeze(-1) * self.embedding)
        score: Tensor = self.score(tokens.mean(dim=1))
        return score


INPUT = f'input [ {{ name: "INPUT__0"  data_type: TYPE_FP32  dims: [ {WIDTH} ] }} ]\n'
DLRM_INPUTS = (
    "input [\n"
    f'  {{ name: "DENSE__0"  data_type: TYPE_FP32  dims: [ {DENSE} ] }},\n'
    f'  {{ name: "IDS__1"  data_type: TYPE_INT64  dims: [ {TABLES} ] }}\n'
    "]\n"
)

# Name -> module, inputs, max_batch_size.
MODELS: dict[str, tuple[type[nn.Module], str, int]] = {
    "mlp": (Mlp, INPUT, 64),
    "dlrm": (Dlrm, DLRM_INPUTS, 64),
    "tokens": (Tokens, INPUT, 16),
}


def write(out: Path, name: str) -> None:
    module, inputs, max_batch_size = MODELS[name]
    frozen = freeze(module())
    for variant, batching in VARIANTS.items():
        folder = out / f"{name}_{variant}"
        (folder / "1").mkdir(parents=True, exist_ok=True)
        frozen.save(str(folder / "1" / "model.pt"))
        (folder / "config.pbtxt").write_text(
            f'name: "{folder.name}"\n'
            'platform: "pytorch_libtorch"\n'
            f"max_batch_size: {1 if variant == 'off' else max_batch_size}\n"
            f"{inputs}"
            'output [ { name: "OUTPUT__0"  data_type: TYPE_FP32  dims: [ 1 ] } ]\n'
            f"{batching}"
        )


def main() -> None:
    out = Path(sys.argv[1]) / "models_batching"
    torch.manual_seed(0)
    for name in MODELS:
        write(out, name)
    print(f"{', '.join(MODELS)} in {out}")


if __name__ == "__main__":
    main()
