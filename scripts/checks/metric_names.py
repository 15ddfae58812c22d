"""Which metrics queries may name, read in one place: for the rules, the dashboard and the autoscalers."""

import re

METRICS = "deploy/metrics.txt"

# What queries name of kube-state-metrics, which knows of containers that nobody can scrape, with labels.
KUBE_STATE_METRICS = {
    "kube_pod_container_status_restarts_total": {"namespace", "pod", "container"},
    "kube_pod_container_status_waiting_reason": {"namespace", "pod", "container", "reason"},
}

OURS = r"(?:tournant_|nv_inference_|process_|grpc_server_|grpc_client_|kube_)\w+"
SERIES = re.compile(rf"\b(?P<name>{OURS})\b(?P<labels>\{{[^}}]*\}})?")
RECORDED = re.compile(r"\btournant:[\w:]+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")
# What Prometheus adds to every series, and what else it does where its operator tells it what to scrape.
SCRAPED = {"job", "instance", "le"}
BY_OPERATOR = {"namespace", "service", "pod", "container", "endpoint"}


def served(root):
    """What a server shows: name -> (type, labels)."""
    known = {}
    for line in (root / METRICS).read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, labels = line.split()
            known[name] = (kind, set() if labels == "-" else set(labels.split(",")))
    return known


def wrong_names(expression, known, recorded, added=frozenset()):
    """What is wrong with the names in a query, in words. `known` is served(); rules record the series
    `recorded`; every series has the labels `added` besides."""
    for match in SERIES.finditer(expression):
        name = match["name"]
        base = SUFFIX.sub("", name)
        is_histogram = known.get(base, ("", ()))[0] == "histogram"
        if name.startswith("kube_"):
            labels = KUBE_STATE_METRICS.get(name)
            if labels is None:
                yield f"{name} is not among those of kube-state-metrics that scripts/checks/metric_names.py lists"
                continue
        elif name in known and known[name][0] == "histogram":
            yield f"{name} is a histogram: name its _bucket, _sum or _count"
            continue
        elif name not in known and not (base != name and is_histogram):
            yield f"{name} is shown by no server ({METRICS})"
            continue
        else:
            labels = (known[name] if name in known else known[base])[1]
        for label in re.findall(r"(\w+)\s*[=!]~?", match["labels"] or ""):
            if label not in SCRAPED | labels | added:
                yield f"{name} has no label {label}"
    for name in RECORDED.findall(expression):
        if name not in recorded:
            yield f"{name} is recorded by no rule"
