#!/usr/bin/env python3
"""Calls the server with stubs generated from proto/ (see `generate`).

    example.py --server=127.0.0.1:8001                       three flights of the demo
    example.py --model=NAME --input=name=1.5,2.5 ...         any model; one value for each row

Ends with 1 and the server's code and message when a call fails.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "build" / "python"))

from flights import (
    DATATYPES,
    MODEL,
    columns,
    parse_arguments,
    parse_input,
    print_flights,
    print_parameters,
)
from tournant_stubs.inference import grpc_service_pb2 as pb
from tournant_stubs.inference import grpc_service_pb2_grpc as stubs

# A server that is not ready is asked again; one that is overloaded says when. No more than every
# tenth call may be such a retry.
SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{"service": "inference.GRPCInferenceService"}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.02s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}

FORMATS = {
    "BOOL": "?",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}


def encode(datatype: str, values: list) -> bytes:
    """Values as the protocol's raw bytes: little endian; strings with their length in front."""
    if datatype == "BYTES":
        texts = [str(value).encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    kind = float if datatype.startswith("FP") else int
    return struct.pack(f"<{len(values)}{FORMATS[datatype]}", *(kind(value) for value in values))


def decode(datatype: str, raw: bytes) -> list:
    """The other way round."""
    if datatype != "BYTES":
        size = struct.calcsize(FORMATS[datatype])
        return list(struct.unpack(f"<{len(raw) // size}{FORMATS[datatype]}", raw))
    values, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        values.append(raw[at + 4 : at + 4 + length].decode(errors="replace"))
        at += 4 + length
    return values


def make_request(
    model: str, datatypes: dict[str, str], rows: dict[str, list]
) -> pb.ModelInferRequest:
    """One request for all rows; every tensor has one value a row."""
    request = pb.ModelInferRequest(model_name=model)
    for name, values in rows.items():
        request.inputs.add(name=name, datatype=datatypes[name], shape=[len(values), 1])
        request.raw_input_contents.append(encode(datatypes[name], values))
    return request


def parameters_of(response: pb.ModelInferResponse) -> dict[str, object]:
    """Where the features came from, among others."""
    return {
        name: getattr(value, value.WhichOneof("parameter_choice"))
        for name, value in response.parameters.items()
    }


def run(arguments: argparse.Namespace) -> None:
    """One inference, printed."""
    options = [("grpc.service_config", json.dumps(SERVICE_CONFIG))]
    with grpc.insecure_channel(arguments.server, options=options) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        if arguments.model == MODEL and not arguments.input:
            request = make_request(MODEL, DATATYPES, columns())
            response = stub.ModelInfer(request, timeout=arguments.deadline)
            probabilities = decode("FP32", response.raw_output_contents[0])
            print_flights(probabilities, parameters_of(response))
            return
        rows = dict(parse_input(text) for text in arguments.input)
        metadata = stub.ModelMetadata(
            pb.ModelMetadataRequest(name=arguments.model), timeout=arguments.deadline
        )
        datatypes = {tensor.name: tensor.datatype for tensor in metadata.inputs}
        unknown = [name for name in rows if name not in datatypes]
        if unknown:
            sys.exit(f"{arguments.model} has no input {unknown[0]}, only {', '.join(datatypes)}")
        response = stub.ModelInfer(
            make_request(arguments.model, datatypes, rows), timeout=arguments.deadline
        )
        for tensor, raw in zip(response.outputs, response.raw_output_contents, strict=True):
            print(f"{tensor.name} {list(tensor.shape)}: {decode(tensor.datatype, raw)}")
        print_parameters(parameters_of(response))


def main() -> None:
    """Reads the arguments; a failed call ends with 1."""
    try:
        run(parse_arguments(__doc__))
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
