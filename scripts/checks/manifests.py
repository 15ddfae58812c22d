"""What deploy/ renders to, by scripts/deploy/check_manifests.py in the environment that has its tools."""

import re
import subprocess

from sources import ROOT, Finding

PYTHON = ROOT / "build/venv-deploy/bin/python"
CHECK = ROOT / "scripts/deploy/check_manifests.py"
LINE = re.compile(r"^(?P<path>[^:\s]+):(?P<line>\d+): (?P<text>.*)$")


def manifests():
    """Every overlay renders to objects that are right in themselves and fit together."""
    if not CHECK.exists():
        return
    if not PYTHON.exists():
        yield Finding(CHECK.relative_to(ROOT), 1, "needs build/venv-deploy: run scripts/setup deploy")
        return
    result = subprocess.run([PYTHON, CHECK], cwd=ROOT, capture_output=True, text=True)
    found = [LINE.match(line) for line in result.stdout.splitlines()]
    yield from (Finding(match["path"], int(match["line"]), match["text"]) for match in found if match)
    if result.returncode != 0 and not any(found):
        yield Finding(CHECK.relative_to(ROOT), 1, (result.stdout + result.stderr).strip()[-400:])
