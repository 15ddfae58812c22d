"""Runs the server of an image as Kubernetes would, and lets it serve and drain.

    check_image.py ROOT CONFIG.json MODELS BASE.yaml FOLDER     by run_sandboxed of builder.sh

ROOT is the image's root file system, CONFIG.json what `buildah inspect` says of it, MODELS a
repository with the model `identity`, and BASE.yaml what deploy/kubernetes/base renders to: the server
gets the arguments of its Deployment.
"""

import json
import os
import pathlib
import sys
import threading
import urllib.request

import yaml
from sandbox import Image, Root

LIMIT_SECONDS = 120


def expect(condition, text):
    if not condition:
        sys.exit(f"error: {text}")
    print(f"  {text}", flush=True)


def process_status(pid):
    """/proc/PID/status as a dictionary."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def run(root, image, *command):
    process = root.start(command, image.variables, image.user)
    output, _ = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, output


def check(root, image, arguments):
    for binary in ("tournant-server", "tournant-feature-store", "tournant"):
        status, _ = run(root, image, binary, "--help")
        expect(status == 0, f"{binary} --help ends with 0")
    status, _ = run(root, image, "touch", "/here")
    expect(status != 0, "the root file system is read-only")

    # The later ones win: any free port, and nobody has to notice the drain.
    own = ["--grpc_address=127.0.0.1:0", "--http_address=127.0.0.1:0", "--drain_delay=0s"]
    server = root.start([*image.entrypoint, *arguments, *own], image.variables, image.user)
    watchdog = threading.Timer(LIMIT_SECONDS, server.kill)
    watchdog.start()
    line = server.stdout.readline()
    expect(line, "the server becomes ready")
    ports = json.loads(line)
    status = process_status(server.pid)
    expect(status["Uid"] == [image.user] * 4, f"it runs as {image.user}")
    expect(int(status["CapEff"][0], 16) == 0, "it has no capabilities")
    address = f"http://127.0.0.1:{ports['http']}"
    with urllib.request.urlopen(f"{address}/v2/health/ready", timeout=LIMIT_SECONDS) as answer:
        expect(answer.status == 200, "it answers readiness")
    where = f"--server=127.0.0.1:{ports['grpc']}"
    status, output = run(root, image, "tournant", "infer", "identity", "INPUT__0=1,2,3", where)
    expect(status == 0 and "OUTPUT__0" in output, "it answers a call")
    server.terminate()
    expect(server.wait() == 0, "it drains")
    watchdog.cancel()


def main():
    rootfs, config, models, rendered, folder = sys.argv[1:]
    expect(os.geteuid() == 0, "this runs as root, to make mounts")
    image = Image(json.loads(pathlib.Path(config).read_text()))
    expect(image.user.isdigit() and image.user != "0", "the image's user is a number and not root")
    objects = yaml.safe_load_all(pathlib.Path(rendered).read_text())
    pod = next(item for item in objects if item["kind"] == "Deployment")["spec"]["template"]["spec"]
    expect(pod["securityContext"]["runAsUser"] == int(image.user), "pods run as the same user")
    scratch = pathlib.Path(folder) / "tmp"
    scratch.mkdir()
    scratch.chmod(0o1777)
    volumes = [(models, "/models", True), (scratch, "/tmp", False)]
    root = Root(rootfs, pathlib.Path(folder) / "root", volumes)
    check(root, image, pod["containers"][0]["args"])


if __name__ == "__main__":
    main()
