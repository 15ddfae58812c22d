"""Who may include whom. The table is the architecture; a new arrow is a decision."""

import functools
import re

import sources
from sources import Finding

# A room may include its own files, the rooms beside it here, and what those may include.
ROOMS = {
    "base": "",
    "telemetry": "base",
    "cq": "base telemetry",
    "models": "base telemetry",
    "torchscript": "models",
    "admission": "models",
    "inference": "admission models",
    "feast": "base telemetry",
    "features": "models feast",
    "feature_store": "feast cq",
    "predictions": "models",
    "pipeline": "features predictions inference",
    "rpc": "pipeline cq",
    "status": "pipeline",
    "client": "predictions",
}

# Files of a room, by the start of their path, that may include more: the adapters to gRPC.
ADAPTERS = {"server/features/grpc_": "cq", "server/telemetry/otlp_": "cq"}

# The client is no room of the server: of it, it may include the reader of the log and base.
CLIENT_MAY = {"predictions", "base"}

# Files directly under server/, and binaries of a room, put everything together.
MAIN = re.compile(r"^server/[^/]+\.(h|cc)$")

# Where generated protobuf code may be included.
PROTO = re.compile(
    r"^(server/(cq|rpc|features|feast|feature_store|predictions)/|server/telemetry/otlp_"
    r"|server/models/[^/]+\.cc$|client/|tests/)")
IS_PROTO = re.compile(r"\.pb\.h$")

TORCH = re.compile(r"^server/torchscript/[^/]+\.cc$|^tests/torchscript/[^/]+\.cc$")
IS_TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")

# What clashes with the older copies in Torch's include folder.
CLASHES = re.compile(r"\.pb\.h$|^(google/protobuf|grpc|grpc\+\+|grpcpp|fmt|spdlog)/")


@functools.cache
def allowed(room):
    rooms, pending = set(), [room]
    while pending:
        current = pending.pop()
        if current not in rooms:
            rooms.add(current)
            pending += ROOMS.get(current, "").split()
    return frozenset(rooms)


def room_of(path):
    parts = path.split("/")
    if parts[0] == "client":
        return "client"
    return parts[1] if parts[0] == "server" and len(parts) > 2 else None


def may_include(path):
    """The rooms that a file may include, or None for all of them."""
    if path.startswith("tests/") or MAIN.match(path):
        return None
    if path.startswith("client/"):
        return CLIENT_MAY | {"client"}
    rooms = set(allowed(room_of(path)))
    for prefix, more in ADAPTERS.items():
        if path.startswith(prefix):
            rooms |= allowed(more)
    return rooms


def rooms():
    """Every include goes from left to right through the table."""
    for path in sources.cpp_files():
        room, may = room_of(path), may_include(path)
        if path.startswith("server/") and room and room not in ROOMS:
            yield Finding(path, 1, f"server/{room} is no room: it is missing in scripts/checks/layers.py")
            continue
        for line, _, target in sources.includes(path):
            found = None if IS_PROTO.search(target) else sources.resolve(target)
            if not found:
                continue
            if found.startswith("tests/") and not path.startswith("tests/"):
                yield Finding(path, line, f"includes {target}, which is for tests")
            elif may is not None and MAIN.match(found):
                yield Finding(path, line, f"includes {target}, which belongs to main")
            elif may is not None and (other := room_of(found)) and other not in may:
                yield Finding(path, line, f"{room} may not include {other} ({target})")


def protobuf():
    """Generated code stays in the rooms that speak a wire format."""
    for path in sources.cpp_files():
        if PROTO.match(path) or MAIN.match(path):
            continue
        for line, _, target in sources.includes(path):
            if IS_PROTO.search(target):
                yield Finding(path, line, f"generated code ({target}) is not for this file")


def torch():
    """Torch in its room alone, and never together with what its include folder has older copies of."""
    for path in sources.cpp_files():
        for line, _, target in sources.includes(path):
            if IS_TORCH.match(target) and not TORCH.match(path):
                yield Finding(path, line, f"Torch ({target}) may be included by server/torchscript/*.cc only")
        if not path.endswith(".cc"):
            continue
        reached = [(f, line, t) for f in sorted(sources.closure(path))
                   for line, _, t in sources.includes(f)]
        if not any(IS_TORCH.match(t) for _, _, t in reached):
            continue
        for file, line, target in reached:
            if CLASHES.search(target):
                yield Finding(file, line, f"{target} meets Torch's older copy of it in {path}")
