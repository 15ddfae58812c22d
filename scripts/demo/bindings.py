"""Writes config.pbtxt and features.pbtxt, and reads defaults back from the latter."""

import re
from pathlib import Path

from spec import (
    DENSE_COLUMNS,
    JOIN_KEYS,
    MODEL,
    OPTIONAL_REQUEST_TENSORS,
    REQUEST_TENSORS,
    VOCABULARIES,
)

MAX_BATCH_SIZE = 128

COMMENT = """\
# What a caller of flight_delay sends, and where each column of the model's tensors comes from.
# Written by scripts/demo/train.py: every default is the mean of the training flights.
"""


def config_text() -> str:
    """The tensors of the TorchScript model itself, as Triton describes them."""
    ids = "".join(
        f',\n  {{ name: "{name}"  data_type: TYPE_INT64  dims: [ 1 ] }}' for name in VOCABULARIES
    )
    return f"""\
name: "{MODEL}"
platform: "pytorch_libtorch"
max_batch_size: {MAX_BATCH_SIZE}
input [
  {{ name: "dense"  data_type: TYPE_FP32  dims: [ {len(DENSE_COLUMNS)} ] }}{ids}
]
output [
  {{ name: "probability"  data_type: TYPE_FP32  dims: [ 1 ] }}
]
"""


def features_text(defaults: list[float]) -> str:
    lines = [COMMENT]
    for name, data_type in REQUEST_TENSORS.items():
        optional = "  optional: true" if name in OPTIONAL_REQUEST_TENSORS else ""
        lines.append(f'request {{ name: "{name}"  data_type: {data_type}  dims: 1{optional} }}')
    lines.append("")
    for key, tensor in JOIN_KEYS.items():
        data_type = REQUEST_TENSORS[tensor]
        lines.append(f'entity {{ join_key: "{key}"  request: "{tensor}"  data_type: {data_type} }}')
    lines += ["", "input {", '  name: "dense"']
    for column, default in zip(DENSE_COLUMNS, defaults, strict=True):
        kind = "feature" if column.view else "request"
        required = not column.view and column.source not in OPTIONAL_REQUEST_TENSORS
        fill = "" if required else f"  default: {default!r}"
        lines.append(f'  column {{ {kind}: "{column.source}"{fill} }}')
    lines.append("}")
    for name, (tensor, file) in VOCABULARIES.items():
        lines.append(
            f'input {{ name: "{name}"  column {{ request: "{tensor}"  vocabulary: "{file}" }} }}'
        )
    return "\n".join(lines) + "\n"


def read_defaults(path: Path) -> list[float]:
    """The defaults of `dense` as features.pbtxt holds them; NaN for a column that needs none."""
    columns = re.findall(
        r'column \{ (?:feature|request): "([^"]+)"(?:  default: (\S+))? \}', path.read_text()
    )
    found = {source: float(default or "nan") for source, default in columns}
    return [found[c.source] for c in DENSE_COLUMNS]


def read_vocabularies(version: Path) -> dict[str, list[str]]:
    """Input name -> the strings of its vocabulary file, in order."""
    return {
        name: (version / file).read_text().splitlines() for name, (_, file) in VOCABULARIES.items()
    }
