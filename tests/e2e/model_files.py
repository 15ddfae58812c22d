"""What the scripts that make models for tests have in common: config.pbtxt lines, files, folders."""

import sys
import tempfile
import warnings
from pathlib import Path

import torch


def tensor(kind: str, name: str, data_type: str, dims: object, more: str = "") -> str:
    """An `input` or `output` of config.pbtxt; dims is a number or a list of them."""
    return f'{kind} {{ name: "{name}"  data_type: {data_type}  dims: {dims}{more} }}\n'


def config(name: str, tensors: str, batch: int = 8) -> str:
    """config.pbtxt of a model."""
    return f'name: "{name}"\nplatform: "pytorch_libtorch"\nmax_batch_size: {batch}\n{tensors}'


def write(
    folder: Path,
    text: str,
    module: torch.nn.Module | None,
    version: int = 1,
    extra_files: dict[str, str] | None = None,
    freeze: bool = True,
) -> None:
    """config.pbtxt unless it is empty, and <version>/model.pt, which is no model without a module."""
    target = folder / str(version)
    target.mkdir(parents=True, exist_ok=True)
    if text:
        (folder / "config.pbtxt").write_text(text)
    if module is None:
        (target / "model.pt").write_bytes(b"not a model\n")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(module.eval())
        saved = torch.jit.freeze(scripted) if freeze else scripted
        torch.jit.save(saved, str(target / "model.pt"), _extra_files=extra_files)


def main(make) -> None:
    """Calls make(folder) beside the place that the command line names and moves the result there, so
    that the models are there whole or not at all. Two runs at once make the same."""
    out = Path(sys.argv[1])
    if out.exists():
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        made = Path(scratch) / "models"
        made.mkdir()
        make(made)
        try:
            made.rename(out)
        except OSError:
            if not out.exists():
                raise
