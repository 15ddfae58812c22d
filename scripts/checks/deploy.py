"""Alerts and dashboard name what a server shows, are made from their sources, and do what they say.

What a server shows is deploy/metrics.txt, which tests/e2e/metrics_test.py holds against a real one.
"""

import json
import re
import subprocess
import sys

import metric_names
import sources
from sources import ROOT, Finding

README = "server/telemetry/README.md"
RULES = "deploy/prometheus/tournant.rules.yml"
RULE_TESTS = "deploy/prometheus/tournant.rules.test.yml"
ALERTS_README = "deploy/prometheus/README.md"
DASHBOARD = "deploy/grafana/tournant.json"
PROMTOOL = ROOT / "build/tools/promtool"

# What is written by a script from something else.
MADE = {
    DASHBOARD: "scripts/deploy/dashboard",
    "deploy/prometheus/prometheus-rule.yml": "scripts/deploy/prometheus_rule",
}

def is_there():
    return (ROOT / metric_names.METRICS).is_file()


def names():
    """Rules and dashboard name metrics and labels that exist, the README all of them."""
    if not is_there():
        return
    known = metric_names.served(ROOT)
    readme = sources.text(README)
    for name in known:
        if f"| `{name}` |" not in readme:
            yield Finding(README, 1, f"{name} is missing in the table")
    rules = sources.text(RULES)
    recorded = set(re.findall(r"- record: (\S+)", rules))
    for number, line in enumerate(rules.splitlines(), 1):
        if line.lstrip().startswith(("#", "- record:", "summary:")):
            continue
        for wrong in metric_names.wrong_names(line, known, recorded):
            yield Finding(RULES, number, wrong)
    for panel in json.loads(sources.text(DASHBOARD))["panels"]:
        for target in panel.get("targets", []):
            for wrong in metric_names.wrong_names(target["expr"], known, recorded):
                yield Finding(DASHBOARD, 1, f"panel '{panel['title']}': {wrong}")


def made():
    """What a script writes is what it would write."""
    if not is_there():
        return
    for path, script in MADE.items():
        result = subprocess.run([sys.executable, ROOT / script, "--stdout"], capture_output=True,
                                text=True)
        if result.returncode != 0:
            yield Finding(script, 1, f"failed: {result.stderr.strip()[-200:]}")
        elif result.stdout != sources.text(path):
            yield Finding(path, 1, f"differs from what {script} makes: run it")


def alerts():
    """promtool accepts the rules, and each alert is tested and explained."""
    if not is_there():
        return
    for alert in re.findall(r"- alert: (\S+)", sources.text(RULES)):
        if not re.search(rf"alertname: {alert}\b", sources.text(RULE_TESTS)):
            yield Finding(RULE_TESTS, 1, f"{alert} is not tested")
        if f"| {alert} |" not in sources.text(ALERTS_README):
            yield Finding(ALERTS_README, 1, f"{alert} is not explained")
    if not PROMTOOL.exists():
        yield Finding("scripts/setup", 1, "promtool is missing: run scripts/setup check")
        return
    for command, path in (("check", RULES), ("test", RULE_TESTS)):
        result = subprocess.run([PROMTOOL, command, "rules", ROOT / path], capture_output=True,
                                text=True)
        if result.returncode != 0:
            yield Finding(path, 1, f"promtool {command} rules: {(result.stdout + result.stderr).strip()}")
