"""From a module to the TorchScript file that the server runs."""

import warnings

import torch
from torch import nn


def freeze(module: nn.Module) -> torch.jit.ScriptModule:
    """Scripted and frozen: weights are constants, so no call can touch them or record gradients."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # deprecated in Python, and it works
        frozen: torch.jit.ScriptModule = torch.jit.freeze(torch.jit.script(module.eval()))
        return frozen
