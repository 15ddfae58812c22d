"""What scripts/bench/waiting sets beside tournant-server: a FastAPI program, one process, that asks the
same feature store over gRPC, once by `async def` and once by plain `def`.

    build/venv-fastapi/bin/python scripts/bench/fastapi_server.py STORE_ADDRESS

GET /async?entity=7 and GET /def?entity=7 answer {"value": 7.0}. Nothing is computed: it is about waiting.
Prints {"event":"ready","http":PORT} when it serves; SIGTERM ends it.
"""

import contextlib
import json
import resource
import socket
import sys
import tempfile
from pathlib import Path

import fastapi
import grpc
import grpc.aio
import uvicorn

ROOT = Path(__file__).resolve().parent.parent.parent
METHOD = "/feast.serving.ServingService/GetOnlineFeatures"
FEATURE = "late:value"
DEADLINE_S = 600
BACKLOG = 4096


def feast_messages():
    """The module of Feast's messages, from proto/."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as out:
        files = ["feast/serving/ServingService.proto", "feast/types/Value.proto"]
        if protoc.main(["", f"-I{ROOT}/proto", f"--python_out={out}", *files]) != 0:
            sys.exit("fastapi_server: protoc failed")
        sys.path.insert(0, out)
        from feast.serving import ServingService_pb2
    return ServingService_pb2


feast = feast_messages()


def request(entity: int):
    made = feast.GetOnlineFeaturesRequest(full_feature_names=True)
    made.features.val.append(FEATURE)
    made.entities["entity"].val.add(int64_val=entity)
    return made


def value(answer) -> float:
    column = list(answer.metadata.feature_names.val).index(FEATURE.replace(":", "__"))
    return answer.results[column].values[0].double_val


def stub(channel):
    return channel.unary_unary(METHOD, feast.GetOnlineFeaturesRequest.SerializeToString,
                               feast.GetOnlineFeaturesResponse.FromString)


def make_app(store: str) -> fastapi.FastAPI:
    stubs = {}

    @contextlib.asynccontextmanager
    async def channels(_: fastapi.FastAPI):
        with grpc.insecure_channel(store) as blocking:
            async with grpc.aio.insecure_channel(store) as asynchronous:
                stubs.update(blocking=stub(blocking), asynchronous=stub(asynchronous))
                yield

    app = fastapi.FastAPI(lifespan=channels)

    @app.get("/async")
    async def ask(entity: int):
        return {"value": value(await stubs["asynchronous"](request(entity), timeout=DEADLINE_S))}

    # FastAPI runs these on its thread pool.
    @app.get("/def")
    def ask_and_block(entity: int):
        return {"value": value(stubs["blocking"](request(entity), timeout=DEADLINE_S))}

    return app


class SaysWhenReady(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = sockets[0].getsockname()[1]
        print(json.dumps({"event": "ready", "http": port}), flush=True)


def main() -> None:
    # A connection for each call that waits.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # The fastest that uvicorn has, and no line of log for each call.
    config = uvicorn.Config(make_app(sys.argv[1]), loop="uvloop", http="httptools", access_log=False,
                            log_level="warning", backlog=BACKLOG)
    SaysWhenReady(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
