"""Inputs and calls by tritonclient. A process that imports this cannot import conformance's protocol."""

import numpy as np
import tritonclient.grpc as triton
from harness import LIMIT_SECONDS
from tritonclient.utils import np_to_triton_dtype


def tensor(name: str, array: np.ndarray, datatype: str = "") -> triton.InferInput:
    """An input with raw contents."""
    made = triton.InferInput(name, array.shape, datatype or np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array)
    return made


def floats(*values: float, name: str = "x") -> triton.InferInput:
    """FP32, one to a row."""
    return tensor(name, np.array(values, dtype=np.float32).reshape(-1, 1))


def y_of(client: triton.InferenceServerClient, model: str, x: float, version: str = "") -> float:
    """What a model of one number answers."""
    result = client.infer(model, [floats(x)], model_version=version, client_timeout=LIMIT_SECONDS)
    return float(result.as_numpy("y")[0, 0])
