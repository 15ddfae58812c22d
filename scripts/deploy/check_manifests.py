"""Renders every overlay and checks the result, deploy/'s YAML and its Dockerfile.

    build/venv-deploy/bin/python scripts/deploy/check_manifests.py

One line for each thing that is wrong, PATH:LINE: TEXT. Ends with 1 when there is any.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

import yaml

from manifests import ends, paths, pods, queries, references, scaling, schemas, scrapes, settings, sizes
from manifests.model import Manifests
from manifests.project import Project

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(sys.executable).parent

CHECKS = (
    pods.probes,
    pods.health_services,
    pods.resources,
    pods.security,
    pods.volumes,
    settings.flags,
    settings.variables,
    settings.prediction_logs,
    settings.addresses,
    ends.grace,
    paths.flags,
    paths.others,
    sizes.memory,
    sizes.disks,
    scrapes.monitors,
    scrapes.kserve,
    references.names,
    references.selectors,
    references.services,
    references.network_policies,
    references.sources,
    references.feature_stores,
    scaling.autoscalers,
    scaling.budgets,
    queries.metrics,
    queries.values,
    scaling.kserve,
    scaling.labels,
)
# Beside its rendering, what is checked together with an overlay.
EXAMPLES = {
    "deploy/kserve": ("inference-service.yaml",),
    "deploy/kubernetes/overlays/production": ("models.yaml",),
}

YAMLLINT = """
extends: default
rules:
  document-start: disable
  line-length: disable
  comments: {min-spaces-from-content: 1}
  indentation: {spaces: 2, indent-sequences: true}
"""


def overlays():
    return [*sorted((ROOT / "deploy/kubernetes/overlays").iterdir()), ROOT / "deploy/kserve"]


def problems(items, project):
    """Everything that is wrong with these objects. The other checks rely on the types."""
    manifests = Manifests(items, project)
    found = list(schemas.types(manifests))
    if not found:
        for check in CHECKS:
            found += check(manifests)
    return found


def render(overlay):
    """(objects, error) of an overlay and its examples."""
    result = subprocess.run([BIN / "kubectl", "kustomize", overlay], capture_output=True, text=True)
    if result.returncode != 0 or result.stderr:
        return [], result.stderr.strip()
    texts = [result.stdout]
    texts += [(overlay / name).read_text() for name in EXAMPLES.get(str(overlay.relative_to(ROOT)), ())]
    return [item for text in texts for item in yaml.safe_load_all(text) if item], None


def check_overlay(overlay, project):
    path = overlay.relative_to(ROOT) / "kustomization.yaml"
    items, error = render(overlay)
    if error:
        return [f"{path}:1: it does not render: {error}"]
    return [f"{path}:1: {text}" for text in problems(items, project)]


def lint_yaml():
    result = subprocess.run(
        [BIN / "yamllint", "-d", YAMLLINT, "-f", "parsable", "--strict", "deploy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return [
        re.sub(r"^([^:]+:\d+):\d+: \[\w+\] ", r"\1: ", line) for line in result.stdout.splitlines()
    ] + [f"deploy:1: {line}" for line in result.stderr.splitlines()]


def lint_dockerfiles():
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "deploy").rglob("Dockerfile"))
    result = subprocess.run(
        [BIN / "hadolint", "--no-color", *files], cwd=ROOT, capture_output=True, text=True
    )
    return [
        re.sub(r"^([^:]+:\d+) ", r"\1: ", line) for line in (result.stdout + result.stderr).splitlines()
    ]


def main():
    project = Project(ROOT)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        tasks = [pool.submit(lint_yaml), pool.submit(lint_dockerfiles)]
        tasks += [pool.submit(check_overlay, overlay, project) for overlay in overlays()]
        found = [line for task in tasks for line in task.result()]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
