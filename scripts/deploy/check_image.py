"""Runs the server of an image's root file system as Kubernetes would, and lets it serve and drain.

    unshare --mount --propagation private check_image.py ROOT CONFIG.json MODELS

As root, in a mount namespace of its own, so that every mount goes with it. ROOT is mounted again
read-only, with /tmp and the models as volumes; the process has the image's user, no capabilities
and no way to gain any. CONFIG.json is what `buildah inspect` says of the image.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.request

LIMIT_SECONDS = 120


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def mount_root(image, models):
    """The root file system as a pod has it: read-only, with a few mounts."""
    for folder in ("models", "dev", "proc", "tmp"):
        (image / folder).mkdir(exist_ok=True)
    mount("--bind", image, image)
    mount("-o", "remount,bind,ro", image)
    mount("-t", "proc", "proc", image / "proc")
    mount("--rbind", "/dev", image / "dev")
    mount("-t", "tmpfs", "-o", "mode=1777,size=16m", "tmpfs", image / "tmp")
    mount("--bind", models, image / "models")
    mount("-o", "remount,bind,ro", image / "models")


class Image:
    def __init__(self, root, config):
        self.root = root
        self.entrypoint = config["Entrypoint"]
        self.variables = config["Env"]
        self.user, _, self.group = config["User"].partition(":")

    def start(self, command, **options):
        """A process in the image: its user, its variables, and nothing that could be more."""
        return subprocess.Popen(
            [
                "chroot",
                str(self.root),
                "/usr/bin/env",
                "-i",
                *self.variables,
                "setpriv",
                f"--reuid={self.user}",
                f"--regid={self.group}",
                "--clear-groups",
                "--no-new-privs",
                "--inh-caps=-all",
                "--bounding-set=-all",
                *command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *command):
        process = self.start(command)
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
        return process.returncode, output


def expect(condition, text):
    if not condition:
        sys.exit(f"error: {text}")
    print(f"  {text}", flush=True)


def process_status(pid):
    """/proc/PID/status as a dictionary."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def check(image):
    for binary in ("tournant-server", "tournant-feature-store", "tournant"):
        status, _ = image.run(binary, "--help")
        expect(status == 0, f"{binary} --help ends with 0")
    status, _ = image.run("touch", "/here")
    expect(status != 0, "the root file system is read-only")

    server = image.start(
        [
            *image.entrypoint,
            "--model_repository=/models",
            "--grpc_address=127.0.0.1:0",
            "--http_address=127.0.0.1:0",
            "--drain_delay=0s",
        ]
    )
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
    status, output = image.run(
        "tournant", "infer", "identity", "INPUT__0=1,2,3", f"--server=127.0.0.1:{ports['grpc']}"
    )
    expect(status == 0 and "OUTPUT__0" in output, "it answers a call")
    server.terminate()
    expect(server.wait() == 0, "it drains")
    watchdog.cancel()


def main():
    root, config, models = sys.argv[1:]
    expect(os.geteuid() == 0, "runs as root, to make mounts")
    settings = json.loads(pathlib.Path(config).read_text())
    image = Image(pathlib.Path(root), settings["Docker"]["config"])
    expect(image.user.isdigit() and image.user != "0", "the image's user is a number and not root")
    mount_root(image.root, pathlib.Path(models))
    check(image)


if __name__ == "__main__":
    main()
