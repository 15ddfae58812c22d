"""The classes that make_models.py writes, each to a file of its name."""

from typing import Dict

MODELS: Dict[str, type] = {}


def model(kind: type) -> type:
    MODELS[kind.__name__] = kind
    return kind
