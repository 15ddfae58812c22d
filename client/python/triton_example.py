#!/usr/bin/env python3
"""Calls the server with NVIDIA's tritonclient, which knows nothing of Tournant.

    triton_example.py --server=127.0.0.1:8001                three flights of the demo
    triton_example.py --model=NAME --input=name=1.5,2.5 ...  any model; one value for each row

Ends with 1 and the server's code and message when a call fails. Runs in a process of its own: two
copies of the schema in one process clash.
"""

import argparse
import sys

import numpy as np
import tritonclient.grpc as triton
from flights import (
    DATATYPES,
    MODEL,
    columns,
    parse_arguments,
    parse_input,
    print_flights,
    print_parameters,
)
from tritonclient.utils import InferenceServerException, triton_to_np_dtype


def tensor(name: str, datatype: str, values: list) -> triton.InferInput:
    """One value a row."""
    if datatype == "BYTES":
        array = np.array([str(value).encode() for value in values], dtype=np.object_)
    else:
        array = np.array(values).astype(triton_to_np_dtype(datatype))
    array = array.reshape(-1, 1)
    result = triton.InferInput(name, array.shape, datatype)
    result.set_data_from_numpy(array)
    return result


def parameters_of(result: triton.InferResult) -> dict[str, object]:
    """Where the features came from, among others."""
    return {
        name: getattr(value, value.WhichOneof("parameter_choice"))
        for name, value in result.get_response().parameters.items()
    }


def run(arguments: argparse.Namespace) -> None:
    """One inference, printed."""
    client = triton.InferenceServerClient(arguments.server)
    if arguments.model == MODEL and not arguments.input:
        inputs = [tensor(name, DATATYPES[name], values) for name, values in columns().items()]
        result = client.infer(MODEL, inputs, client_timeout=arguments.deadline)
        probabilities = result.as_numpy("probability").reshape(-1).tolist()
        print_flights(probabilities, parameters_of(result))
        return
    rows = dict(parse_input(text) for text in arguments.input)
    metadata = client.get_model_metadata(arguments.model, client_timeout=arguments.deadline)
    datatypes = {one.name: one.datatype for one in metadata.inputs}
    unknown = [name for name in rows if name not in datatypes]
    if unknown:
        sys.exit(f"{arguments.model} has no input {unknown[0]}, only {', '.join(datatypes)}")
    inputs = [tensor(name, datatypes[name], values) for name, values in rows.items()]
    result = client.infer(arguments.model, inputs, client_timeout=arguments.deadline)
    for output in metadata.outputs:
        array = result.as_numpy(output.name)
        print(f"{output.name} {list(array.shape)}: {array.reshape(-1).tolist()}")
    print_parameters(parameters_of(result))


def main() -> None:
    """Reads the arguments; a failed call ends with 1."""
    try:
        run(parse_arguments(__doc__))
    except InferenceServerException as error:
        sys.exit(f"{(error.status() or 'error').removeprefix('StatusCode.')}: {error.message()}")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
