"""Runs the pods of the overlay `demo` on this machine, from their images, without a cluster.

    check_demo.py SERVER_ROOT DEMO_ROOT CONFIG.json RENDERED.yaml FOLDER
                                                        by run_sandboxed --net of builder.sh

Ports and names are as in the cluster, since the network is its own. SERVER_ROOT and DEMO_ROOT are the
root file systems of the images tournant and tournant-demo. Init containers, commands, arguments,
variables, volumes and probes are those of RENDERED.yaml; Redis is this machine's, as root. Then every
flight is scored, and has to be what PyTorch says in Python.
"""

import base64
import fcntl
import json
import pathlib
import socket
import struct
import subprocess
import sys
import threading

import yaml
from sandbox import Image, Root, mount

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "build/demo"
CLIENTS = ROOT / "build/venv-clients/bin/python"
LIMIT_SECONDS = 120
PROBE = """
import sys, grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
stub = health_pb2_grpc.HealthStub(grpc.insecure_channel(sys.argv[1]))
answer = stub.Check(health_pb2.HealthCheckRequest(service=sys.argv[2]), timeout=10)
sys.exit(answer.status != health_pb2.HealthCheckResponse.SERVING)
"""


def loopback_up():
    """A new network namespace has it, down."""
    with socket.socket() as some:
        fcntl.ioctl(
            some, 0x8914, struct.pack("16sh", b"lo", 0x41)
        )  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


class Cluster:
    def __init__(self, items, folder, images):
        self.items = items
        self.folder = folder
        self.images = images  # Root file system by the image's name without tag.
        names = [item["metadata"]["name"] for item in items if item["kind"] == "Service"]
        self.hosts = folder / "hosts"
        self.hosts.write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
        mount("--bind", self.hosts, "/etc/hosts")

    def find(self, kind, name):
        return next(i for i in self.items if i["kind"] == kind and i["metadata"]["name"] == name)

    def pod(self, name):
        return self.find("Deployment", name)["spec"]["template"]["spec"]

    def variables(self, container):
        for variable in container.get("env") or []:
            value = variable.get("value")
            if value is None:
                reference = variable["valueFrom"]["secretKeyRef"]
                data = self.find("Secret", reference["name"])["data"]
                value = base64.b64decode(data[reference["key"]]).decode()
            yield f"{variable['name']}={value}"

    def start(self, name, defaults):
        """Runs the init containers of a pod, then starts its container."""
        pod = self.pod(name)
        volumes = {volume["name"]: self.folder / name / volume["name"] for volume in pod["volumes"]}
        for path in volumes.values():
            path.mkdir(parents=True)
            path.chmod(0o777)
        user = pod["securityContext"]["runAsUser"]
        for container in pod.get("initContainers") or []:
            if self._start(name, container, volumes, user, defaults).wait() != 0:
                sys.exit(f"error: {name}: the init container {container['name']} failed")
        return self._start(name, pod["containers"][0], volumes, user, defaults)

    def _start(self, name, container, volumes, user, defaults):
        image = container["image"].partition(":")[0]
        if image not in self.images:
            return self._start_redis(container, volumes["data"])
        mounts = [
            (volumes[m["name"]], m["mountPath"], m.get("readOnly", False))
            for m in container["volumeMounts"]
        ]
        root = Root(
            self.images[image],
            self.folder / f"{name}-{container['name']}",
            [*mounts, (self.hosts, "/etc/hosts", True)],
        )
        command = (container.get("command") or defaults.entrypoint) + (container.get("args") or [])
        return root.start(command, [*defaults.variables, *self.variables(container)], user)

    @staticmethod
    def _start_redis(container, data):
        arguments = [argument.replace("/data", str(data)) for argument in container["args"]]
        return subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)

    def probe(self, name):
        """Asks what the kubelet would ask of a pod."""
        container = self.pod(name)["containers"][0]
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            grpc = container[kind]["grpc"]
            service = grpc.get("service", "")
            subprocess.run([CLIENTS, "-c", PROBE, f"{name}:{grpc['port']}", service], check=True)
        print(f"  {name} passes its probes", flush=True)


def wait_for_redis():
    while (
        subprocess.run(["redis-cli", "-h", "redis", "ping"], capture_output=True, text=True).stdout
        != "PONG\n"
    ):
        pass


def score(cluster, image):
    """Every flight through the Service's name, by the image's own client."""
    flights = cluster.folder / "flights"
    flights.mkdir()
    flights.chmod(0o777)
    root = Root(
        cluster.images["tournant"],
        cluster.folder / "client",
        [(DEMO, "/demo", True), (flights, "/tmp", False), (cluster.hosts, "/etc/hosts", True)],
    )
    command = [
        "tournant",
        "score",
        "flight_delay",
        "/demo/test.csv",
        "--server=tournant:8001",
        "--label=late",
        "--out=/tmp/scored.csv",
        "--noprogress",
    ]
    process = root.start(command, image.variables, image.user)
    print(process.communicate(timeout=LIMIT_SECONDS)[0], flush=True)
    compare = [ROOT / "scripts/demo/compare.py", flights / "scored.csv", DEMO / "reference.csv"]
    if subprocess.run([sys.executable, *compare, DEMO / "quality.json"]).returncode != 0:
        sys.exit("error: the answers are not PyTorch's")


def main():
    server_root, demo_root, config, rendered, name = sys.argv[1:]
    items = [item for item in yaml.safe_load_all(pathlib.Path(rendered).read_text()) if item]
    image = Image(json.loads(pathlib.Path(config).read_text()))
    loopback_up()
    folder = pathlib.Path(name)
    cluster = Cluster(items, folder, {"tournant": server_root, "tournant-demo": demo_root})
    processes = [cluster.start("redis", image)]
    watchdog = threading.Timer(LIMIT_SECONDS, lambda: [process.kill() for process in processes])
    watchdog.daemon = True
    watchdog.start()
    wait_for_redis()
    for pod in ("tournant-feature-store", "tournant"):
        processes.append(cluster.start(pod, image))
        if not processes[-1].stdout.readline():
            sys.exit(f"error: {pod} does not become ready")
        cluster.probe(pod)
    score(cluster, image)
    for process in reversed(processes):
        process.terminate()
    if any([process.wait() for process in processes]):
        sys.exit("error: a pod did not end with 0")
    print("  all pods have drained", flush=True)


if __name__ == "__main__":
    main()
