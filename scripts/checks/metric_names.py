"""Which metrics queries may name, read in one place: for the rules, the dashboard and the autoscalers."""

import dataclasses
import re

import promql

METRICS = "deploy/metrics.txt"
PROTOS = "proto"

# What else Prometheus has of what we ask for: what it makes itself, and what kube-state-metrics knows of
# containers that nobody can scrape. With labels.
OTHERS = {
    "up": set(),
    "kube_pod_container_status_restarts_total": {"uid"},
    "kube_pod_container_status_waiting_reason": {"uid", "reason"},
}
# What Prometheus adds to every series, and what else it does where its operator tells it what to scrape.
SCRAPED = {"job", "instance", "namespace", "service", "pod", "container", "endpoint"}
SUFFIX = re.compile(r"_(bucket|sum|count)$")
# Labels with the values that gRPC has.
CODES = ("code", "grpc_status")
GRPC_CODES = set(
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED "
    "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS "
    "UNAUTHENTICATED".split()
)
METHODS = ("method", "grpc_method")
# A value, or several between bars, as a regular expression.
ALTERNATIVES = re.compile(r"[\w./-]*(\|[\w./-]*)*")


@dataclasses.dataclass
class Metric:
    """Its type, and its labels with the values that there are; None: any."""

    kind: str
    labels: dict[str, set[str] | None]


def served(root):
    """What a server shows: name -> Metric."""
    methods = methods_of(root)
    known = {}
    for line in (root / METRICS).read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, labels = line.split()
            metric = Metric(kind, {})
            for label in [] if labels == "-" else labels.split(","):
                label, is_closed, values = label.partition("=")
                metric.labels[label] = set(values.split("|")) if is_closed else None
                if label in CODES:
                    metric.labels[label] = GRPC_CODES
                elif label in METHODS:
                    metric.labels[label] = methods
            known[name] = metric
    return known


def methods_of(root):
    """What a label for an RPC may say; None where there are no definitions."""
    methods = set()
    for file in sorted((root / PROTOS).rglob("*.proto")):
        text = file.read_text()
        package = re.search(r"^package ([\w.]+);", text, re.M)
        prefix = f"{package[1]}." if package else ""
        for service, body in re.findall(r"^service (\w+)\s*\{(.*?)^\}", text, re.M | re.S):
            methods.update(f"{prefix}{service}/{rpc}" for rpc in re.findall(r"^\s*rpc\s+(\w+)", body, re.M))
    return methods | {"other"} if methods else None


def series(name, known):
    """The Metric that a series of this name belongs to, and what is wrong with the name, if anything."""
    base = SUFFIX.sub("", name)
    is_part = base != name and base in known and known[base].kind == "histogram"
    if name in OTHERS:
        return Metric("", dict.fromkeys(OTHERS[name])), None
    if name in known and known[name].kind == "histogram":
        return known[name], f"{name} is a histogram: name its _bucket, _sum or _count"
    if name in known:
        return known[name], None
    if is_part:
        more = {"le": None} if name.endswith("_bucket") else {}
        return Metric("histogram", {**known[base].labels, **more}), None
    return None, f"{name} is shown by no server ({METRICS}), nor listed in scripts/checks/metric_names.py"


def wrong_names(expression, known, recorded):
    """What is wrong with the names in a query, in words. `known` is served(); `recorded` are the series that
    rules make: name -> labels, None where any."""
    try:
        query = promql.Query(expression)
    except ValueError as error:
        yield f"'{expression}' {error}"
        return
    labels = {}  # Of each selector; None: any.
    for selector in query.selectors:
        labels[id(selector)] = None
        if selector.name in recorded:
            if recorded[selector.name] is not None:
                labels[id(selector)] = set(recorded[selector.name])
                yield from wrong_matchers(selector, Metric("", dict.fromkeys(recorded[selector.name])), False)
        elif ":" in selector.name:
            yield f"{selector.name} is recorded by no rule"
        elif not selector.name:
            yield f"'{expression}' selects series without a name"
        else:
            metric, wrong = series(selector.name, known)
            if wrong:
                yield wrong
            else:
                labels[id(selector)] = set(metric.labels) | SCRAPED
                yield from wrong_matchers(selector, metric, True)
    for group in query.groups:
        of = [labels[id(selector)] for selector in group.selectors]
        if None in of:
            continue
        for label in group.labels:
            if not any(label in each for each in of):
                names = ", ".join(dict.fromkeys(selector.name for selector in group.selectors))
                yield f"'{group.word}' names the label {label}, which {names or 'nothing'} does not have"


def wrong_matchers(selector, metric, is_scraped):
    for label, operator, value in selector.matchers:
        if label == "__name__" or is_scraped and label in SCRAPED:
            continue
        if label not in metric.labels:
            yield f"{selector.name} has no label {label}"
            continue
        values = metric.labels[label]
        if values is None or "$" in value:
            continue
        here = ", ".join(sorted(values)) if len(values) < 12 else "others"
        if "~" in operator and not ALTERNATIVES.fullmatch(value):
            if not any(re.fullmatch(value, each) for each in values):
                yield f"{selector.name} has no {label} like {value}, but {here}"
            continue
        for one in value.split("|") if "~" in operator else [value]:
            # Series without a label match an empty value.
            if one and one not in values:
                yield f"{selector.name} has no {label} {one}, but {here}"


def labels_of(expression):
    """The labels that a rule's series have, by what it groups by; None where that does not say."""
    try:
        groups = [group for group in promql.Query(expression).groups if group.word == "by"]
    except ValueError:
        return None
    labels = {label for group in groups for label in group.labels}
    # Only histogram_quantile wants it, and takes it away.
    return labels - {"le"} if groups else None


def jobs_alone(expression):
    """The words before labels that tell jobs apart, and not the namespaces that they are in."""
    try:
        groups = promql.Query(expression).groups
    except ValueError:
        return []
    return [group.word for group in groups if "job" in group.labels and "namespace" not in group.labels]
