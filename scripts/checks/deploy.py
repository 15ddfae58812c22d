"""Alerts and dashboard name what a server shows, are made from their sources, and do what they say.

What a server shows is deploy/metrics.txt, which tests/e2e/metrics_test.py holds against a real one.
"""

import json
import re
import subprocess
import sys
import tempfile

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

# What a variable of the dashboard asks for.
LABEL_VALUES = re.compile(r"label_values\((?P<series>.*),\s*(?P<label>\w+)\)")


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
    rules = list(values_of(RULES, "record", "expr"))
    recorded = {
        name: metric_names.labels_of(expression)
        for (_, key, name), (_, _, expression) in zip(rules, rules[1:])
        if key == "record"
    }
    expressions = [(line, text) for line, key, text in rules if key == "expr"]
    for line, text in expressions:
        for word in metric_names.jobs_alone(text):
            yield Finding(RULES, line, f"'{word}' names job without namespace: two may have the same job")
    queries = [(RULES, line, "", text) for line, text in expressions]
    queries += [(RULE_TESTS, line, "", text) for line, _, text in values_of(RULE_TESTS, "series", "expr")]
    queries += [(DASHBOARD, 1, f"{where}: ", text) for where, text in dashboard_queries()]
    for path, line, where, text in queries:
        for wrong in metric_names.wrong_names(text, known, recorded):
            yield Finding(path, line, where + wrong)
    yield from wrong_legends()


def values_of(path, *keys):
    """(line, key, text) of each value of these keys in YAML as we write it: on the key's line, in braces with
    others, or folded over lines that are further in."""
    lines = sources.text(path).splitlines()
    pattern = re.compile(rf"^(?P<before>[ -]*(?:- \{{)?)(?P<key>{'|'.join(keys)}): (?P<value>.*)$")
    for number, line in enumerate(lines, 1):
        match = pattern.match(line)
        if match is None:
            continue
        value, column = match["value"], len(match["before"])
        quoted = re.match(r"'((?:[^']|'')*)'|\"([^\"]*)\"", value)
        if quoted:
            yield number, match["key"], (quoted[1] or quoted[2] or "").replace("''", "'")
            continue
        parts = [re.sub(r"^[>|][+-]?$", "", value)]
        for more in lines[number:]:
            if more.strip() and len(more) - len(more.lstrip()) <= column:
                break
            parts.append(more.strip())
        yield number, match["key"], " ".join(parts).strip()


def wrong_legends():
    """A legend names labels that its query groups by; another one would stay as it is written."""
    for panel in json.loads(sources.text(DASHBOARD))["panels"]:
        for target in panel.get("targets", []):
            labels = metric_names.labels_of(target["expr"])
            for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", "")):
                if labels is not None and label not in labels:
                    yield Finding(DASHBOARD, 1, f"panel '{panel['title']}': its legend names {label}, and its "
                                                f"query groups by {', '.join(sorted(labels)) or 'nothing'}")


def dashboard_queries():
    """(where, query) of everything that the dashboard asks Prometheus."""
    dashboard = json.loads(sources.text(DASHBOARD))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel '{panel['title']}'", target["expr"]
    for variable in dashboard.get("templating", {}).get("list", []):
        if variable["type"] != "query":
            continue
        asked = LABEL_VALUES.fullmatch(variable["query"]["query"])
        # The label whose values are asked for, as if the series were grouped by it.
        query = f"count by ({asked['label']}) ({asked['series']})" if asked else variable["query"]["query"]
        yield f"variable {variable['name']}", query


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
    """promtool accepts the rules and the dashboard's queries, and each alert is tested and explained."""
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
    yield from wrong_panels()


def wrong_panels():
    """What promtool says of the dashboard's queries, which it reads as rules."""
    rules = [{"record": "panel:query", "labels": {"of": where, "query": query},
              "expr": re.sub(r"\$__\w+", "5m", query)} for where, query in dashboard_queries()]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        result = subprocess.run([PROMTOOL, "check", "rules", "--lint=none", file.name],
                                capture_output=True, text=True)
    if result.returncode != 0:
        found = (result.stdout + result.stderr).replace(file.name, "").strip()
        yield Finding(DASHBOARD, 1, f"promtool check rules: {found}")
