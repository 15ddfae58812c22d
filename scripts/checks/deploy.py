"""Alerts and dashboard name what a server shows, are made from their sources, and do what they say.

What a server shows is deploy/metrics.txt, which tests/e2e/metrics_test.py holds against a real one.
"""

import json
import re
import subprocess
import sys

import sources
from sources import ROOT, Finding

METRICS = "deploy/metrics.txt"
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

OURS = r"(?:tournant_|nv_inference_|process_|grpc_server_|grpc_client_)\w+"
SERIES = re.compile(rf"\b(?P<name>{OURS})\b(?P<labels>\{{[^}}]*\}})?")
RECORDED = re.compile(r"\btournant:[\w:]+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")
# What Prometheus adds to every series.
SCRAPED = {"job", "instance", "le"}


def is_there():
    return (ROOT / METRICS).is_file()


def known_metrics():
    """Name -> (type, labels)."""
    known = {}
    for line in sources.text(METRICS).splitlines():
        if line and not line.startswith("#"):
            name, kind, labels = line.split()
            known[name] = (kind, set() if labels == "-" else set(labels.split(",")))
    return known


def wrong_names(expression, known, recorded):
    """What is wrong with the names in a query, in words."""
    for match in SERIES.finditer(expression):
        name = match["name"]
        base = SUFFIX.sub("", name)
        is_histogram = known.get(base, ("", ()))[0] == "histogram"
        if name in known and known[name][0] == "histogram":
            yield f"{name} is a histogram: name its _bucket, _sum or _count"
        elif name not in known and not (base != name and is_histogram):
            yield f"{name} is shown by no server ({METRICS})"
        else:
            labels = SCRAPED | (known[name] if name in known else known[base])[1]
            for label in re.findall(r"(\w+)\s*[=!]~?", match["labels"] or ""):
                if label not in labels:
                    yield f"{name} has no label {label}"
    for name in RECORDED.findall(expression):
        if name not in recorded:
            yield f"{name} is recorded by no rule of {RULES}"


def names():
    """Rules and dashboard name metrics and labels that exist, the README all of them."""
    if not is_there():
        return
    known = known_metrics()
    readme = sources.text(README)
    for name in known:
        if f"| `{name}` |" not in readme:
            yield Finding(README, 1, f"{name} is missing in the table")
    rules = sources.text(RULES)
    recorded = set(re.findall(r"- record: (\S+)", rules))
    for number, line in enumerate(rules.splitlines(), 1):
        if line.lstrip().startswith(("#", "- record:", "summary:")):
            continue
        for wrong in wrong_names(line, known, recorded):
            yield Finding(RULES, number, wrong)
    for panel in json.loads(sources.text(DASHBOARD))["panels"]:
        for target in panel.get("targets", []):
            for wrong in wrong_names(target["expr"], known, recorded):
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
