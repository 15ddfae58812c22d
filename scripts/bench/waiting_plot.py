"""Draws what scripts/bench/waiting measured: how many of the calls are answered by when.

    build/venv-fastapi/bin/python scripts/bench/waiting_plot.py build/bench/waiting.json OUT.png
"""

import bisect
import json
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

from plot_style import INK, style  # noqa: E402

# server -> label, where it stands (part of the calls, side of the curve), colour. Each curve bears its label,
# so that nobody has to tell colours apart.
CURVES = {
    "each": ("the same, a fetch\nfor each call", 0.36, "left", "#5fa88c"),
    "tournant": ("tournant-server,\none loop thread", 0.84, "left", "#0b6e4f"),
    "async": ("FastAPI,\nasync def", 0.84, "right", "#c8691c"),
    "def": ("FastAPI, def\n(40 threads)", 0.55, "left", "#5b5ea6"),
}
TICKS = (1, 2, 5, 10, 20, 50, 100, 250)


def curve(run: dict) -> tuple[list[float], list[int]]:
    """Seconds, and the calls answered by then."""
    seconds, answered = [run["answered"][0][0] / 1000], [0]
    for millisecond, count in run["answered"]:
        seconds.append((millisecond + 1) / 1000)
        answered.append(answered[-1] + count)
    return seconds, answered


def middle_run(runs: list[dict]) -> dict:
    return sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]


def rounded(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"


def draw(axes, rounds: dict[str, list[dict]], calls: int) -> None:
    latest = 2.0
    # What stands left of the first answers.
    left = 1.0
    for server, (label, part, side, colour) in CURVES.items():
        runs = [run for run in rounds.get(f"{server}@{calls}", []) if run["answered"]]
        if not runs:
            continue
        run = middle_run(runs)
        seconds, answered = curve(run)
        latest = max(latest, seconds[-1])
        axes.plot(seconds, answered, color=colour, linewidth=2.2 if server != "each" else 1.6,
                  drawstyle="steps-post")
        at = seconds[bisect.bisect_left(answered, part * calls)]
        if server in ("tournant", "each"):
            at = left
        axes.annotate(f"{label}\n{rounded(run['seconds'])} s", (at, part * calls),
                      xytext=(-14 if server == "def" else -9 if side == "left" else 9, 0), textcoords="offset points", color=colour,
                      fontsize=9.5, ha="right" if side == "left" else "left", va="center",
                      linespacing=1.2)
    axes.axvline(left, color="#999999", linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate("the store answers\nthe first call", (left, 0.1 * calls), xytext=(-9, 0),
                  textcoords="offset points", color="#777777", fontsize=9, ha="right", va="center")
    style(axes, f"{calls:,} calls at once", [tick for tick in TICKS if tick <= latest * 1.5], " s")
    axes.set_xlim(min(0.4, latest**-0.47), latest * 1.5)
    axes.set_ylim(0, calls * 1.06)
    axes.set_yticks([0, calls // 4, calls // 2, calls * 3 // 4, calls])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:,.0f}"))


def main() -> None:
    with open(sys.argv[1]) as file:
        report = json.load(file)
    rounds = report["rounds"]
    numbers = sorted({int(name.partition("@")[2]) for name in rounds})
    figure, panels = pyplot.subplots(1, len(numbers), figsize=(5.6 * len(numbers), 4.3),
                                     squeeze=False, facecolor="white")
    for axes, calls in zip(panels[0], numbers):
        draw(axes, rounds, calls)
        axes.set_xlabel("since the first call was sent (logarithmic)", color=INK)
    panels[0][0].set_ylabel("calls answered", color=INK)
    figure.suptitle("Calls that each wait one second for the same feature store", x=0.01, ha="left",
                    fontsize=13.5, color="#111111")
    figure.text(0.01, 0.005, f"{report['cores']} cores, with store and generator on them; every curve is "
                "the median round of its server; scripts/bench/waiting", fontsize=8, color="#777777")
    figure.tight_layout(rect=(0, 0.025, 1, 0.98))
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
