"""The metrics of a server, read from what it shows on /metrics, and the two lists that are made of them:
deploy/metrics.txt for programs, the table of server/telemetry/README.md for people. Those of a feature store
are a table of its README."""

import dataclasses
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "deploy/metrics.txt"
README = ROOT / "server/telemetry/README.md"
FEATURE_STORE_README = ROOT / "server/feature_store/README.md"
# What only a feature store shows.
OF_FEATURE_STORE = "tournant_feature_store_build_info"

HEADER = """\
# Every metric of tournant-server: name, type, labels, with their values where these are all that there
# can be. Written by scripts/deploy/metrics from what a server shows, which tests/e2e/metrics_test.py
# compares; alerts and dashboard may name these alone.
"""
BEGIN, END = "<!-- metrics: begin -->\n", "<!-- metrics: end -->\n"
# Of histograms.
SUFFIXES = ("_bucket", "_sum", "_count")

# Labels whose values a server shows from its start on, all of them.
CLOSED = ("phase", "stage", "criticality", "cause", "outcome", "reason", "to")

LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


@dataclasses.dataclass
class Metric:
    """One metric and its labels with the values that were seen, without le."""

    name: str
    kind: str = ""
    help: str = ""
    labels: dict[str, set[str]] = dataclasses.field(default_factory=dict)

    def line(self) -> str:
        labels = [label + ("=" + "|".join(sorted(values)) if label in CLOSED else "")
                  for label, values in self.labels.items()]
        return f"{self.name} {self.kind} {','.join(labels) or '-'}\n"


def read(text: str) -> tuple[dict[str, Metric], dict[str, float]]:
    """The metrics by name, and the value of each series as it is written, such as a_total{b="c"}."""
    metrics: dict[str, Metric] = {}
    samples: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            metric = metrics.setdefault(name, Metric(name))
            if what == "HELP":
                metric.help = rest
            elif what == "TYPE":
                metric.kind = rest
        elif line:
            series, value = line.rsplit(" ", 1)
            samples[series] = float(value)
            metric = metrics[base_name(series.split("{")[0], metrics)]
            for label, value in LABEL.findall(series):
                if label != "le":
                    metric.labels.setdefault(label, set()).add(value)
    return metrics, samples


def base_name(name: str, metrics: dict[str, Metric]) -> str:
    """Without what a histogram's series have behind its name."""
    for suffix in SUFFIXES:
        base = name.removesuffix(suffix)
        if base != name and base in metrics and metrics[base].kind == "histogram":
            return base
    return name


def as_list(metrics: dict[str, Metric]) -> str:
    """What deploy/metrics.txt holds."""
    return HEADER + "".join(metrics[name].line() for name in sorted(metrics))


def as_table(metrics: dict[str, Metric]) -> str:
    """What the README holds between the marks."""
    lines = ["| metric | labels | |\n", "|---|---|---|\n"]
    for name in sorted(metrics):
        metric = metrics[name]
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        kind = "histogram: " if metric.kind == "histogram" else ""
        lines.append(f"| `{name}` | {labels} | {kind}{metric.help} |\n")
    return "".join(lines)


def table_of(readme: str) -> str:
    """The table that a README has between the marks."""
    return readme.partition(BEGIN)[2].partition(END)[0]


def with_table(readme: str, table: str) -> str:
    """A README with this table between its marks."""
    before, begin, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    if not begin:
        raise ValueError(f"{README.name} has no line {BEGIN.strip()}")
    return before + BEGIN + table + END + after
