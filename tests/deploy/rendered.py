"""The overlays as they are rendered, and what is wrong with a copy in which one thing is changed."""

import copy
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(os.environ.get("TOURNANT_ROOT", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "scripts/deploy"))  # Whoever imports this can import that too.

import check_manifests
from manifests.project import Project

PROJECT = Project(ROOT)
OVERLAYS = ROOT / "deploy/kubernetes/overlays"


def find(items, kind, name="tournant"):
    return next(i for i in items if i["kind"] == kind and i["metadata"]["name"] == name)


def pod(items, name="tournant"):
    return find(items, "Deployment", name)["spec"]["template"]["spec"]


def server(items):
    return pod(items)["containers"][0]


def set_flag(container, flag, value):
    """Sets a flag where it is set already: among the arguments, or in the environment."""
    for i, argument in enumerate(container["args"]):
        if argument.startswith(f"--{flag}="):
            container["args"][i] = f"--{flag}={value}"
            return
    named(container["env"], f"TOURNANT_{flag.upper()}")["value"] = value


def named(items, name):
    return next(item for item in items if item["name"] == name)


class RenderedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rendered = {}
        for name in ("demo", "production", "production-keda", "production-log-volume"):
            cls.rendered[name] = check_manifests.render(OVERLAYS / name)[0]
        cls.rendered["kserve"] = check_manifests.render(ROOT / "deploy/kserve")[0]

    @staticmethod
    def runtime(items):
        """The container of KServe's runtime."""
        return find(items, "ClusterServingRuntime")["spec"]["containers"][0]

    def problems(self, overlay, change):
        items = copy.deepcopy(self.rendered[overlay])
        change(items)
        return check_manifests.problems(items, PROJECT)

    def assert_found(self, change, text, overlay="production"):
        found = self.problems(overlay, change)
        self.assertTrue(any(text in problem for problem in found), f"{text}\nis not in\n{found}")
