"""Runs processes in an image's root file system as a kubelet would: read-only, with volumes, as a user
without capabilities and without a way to gain any.

For root, by run_sandboxed of builder.sh: in namespaces of its own, so that every mount and every process
goes with it. Nothing is cleaned up in here, where folders of the machine are mounted.
"""

import pathlib
import subprocess

DEVICES = ("null", "zero", "full", "random", "urandom")


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def read_only(path):
    mount("-o", "remount,bind,ro", path)


class Root:
    """An image's root file system in `folder`. `volumes`: (path outside, path inside, whether it is
    read-only). What is mounted at has to be in the image, where a container runtime would make it."""

    def __init__(self, image, folder, volumes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        for outside, inside, _ in volumes:
            self._make(pathlib.Path(str(image) + inside), pathlib.Path(outside).is_dir())
        for name in ("proc", "dev", "tmp"):
            (pathlib.Path(image) / name).mkdir(exist_ok=True)
        mount("--bind", image, self.folder)
        read_only(self.folder)
        mount("-t", "proc", "proc", self.folder / "proc")
        mount("-t", "tmpfs", "-o", "mode=755,size=64k", "tmpfs", self.folder / "dev")
        for device in DEVICES:
            (self.folder / "dev" / device).touch()
            mount("--bind", f"/dev/{device}", self.folder / "dev" / device)
        for outside, inside, fixed in volumes:
            target = str(self.folder) + inside
            mount("--bind", outside, target)
            if fixed:
                read_only(target)

    @staticmethod
    def _make(path, is_folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_folder:
            path.mkdir(exist_ok=True)
        else:
            path.touch()

    def start(self, command, variables, user, **options):
        """A process in it. `variables`: NAME=value each. `user` is its number, and its group's."""
        return subprocess.Popen(
            [
                *("chroot", str(self.folder), "/usr/bin/env", "-i", *variables),
                *("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"),
                *("--inh-caps=-all", "--bounding-set=-all", *command),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )


class Image:
    """What an image says of itself, from the JSON of `buildah inspect`."""

    def __init__(self, inspected):
        config = inspected["Docker"]["config"]
        self.entrypoint = config["Entrypoint"]
        self.variables = config["Env"]
        self.user = config["User"].partition(":")[0]
