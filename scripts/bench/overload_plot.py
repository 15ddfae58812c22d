"""Draws what scripts/bench/overload measured: what is served in time of what is offered.

    build/venv-fastapi/bin/python scripts/bench/overload_plot.py build/bench/overload.json OUT.png
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

from plot_style import INK, style  # noqa: E402

# --admission -> label, colour.
CURVES = {
    "deadline": ("by deadline\n(the default)", "#0b6e4f"),
    "fixed": ("a fixed limit,\n32 calls in flight", "#c8691c"),
    "off": ("off", "#5b5ea6"),
}
TITLES = {"work": "A model of 10 ms a call, deadlines of 100 ms"}


def draw(axes, model: str, measured: dict) -> None:
    multiples = sorted({row["multiple"] for row in measured["rows"]})
    for name, (label, colour) in CURVES.items():
        rows = [row for row in measured["rows"] if row["admission"] == name]
        shares = [row["goodput_per_s"] / measured["capacity_per_s"] for row in rows]
        axes.plot([row["multiple"] for row in rows], shares, color=colour, linewidth=2.2, marker="o",
                  markersize=4, label=label)
    style(axes, TITLES[model], multiples, "x")
    axes.set_ylim(-0.03, 1.12)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.0%}"))
    axes.set_xlabel(f"offered, in times of the {measured['capacity_per_s']:,.0f} calls/s that it can carry",
                    color=INK)


def main() -> None:
    with open(sys.argv[1]) as file:
        report = json.load(file)
    models = [model for model in TITLES if model in report]
    figure, panels = pyplot.subplots(1, len(models), figsize=(7.2 * len(models), 4.0), squeeze=False,
                                     facecolor="white")
    for axes, model in zip(panels[0], models):
        draw(axes, model, report[model])
    panels[0][0].set_ylabel("served in time, of the most that it can", color=INK)
    panels[0][0].legend(frameon=False, fontsize=9.5, loc="center right", labelcolor="linecolor")
    figure.suptitle("More calls than can be served, with --admission", x=0.01, ha="left", fontsize=13.5,
                    color="#111111")
    figure.text(0.01, 0.005, f"{report['cores']} cores, with the generator on them; one worker; "
                "scripts/bench/overload", fontsize=8, color="#777777")
    figure.tight_layout(rect=(0, 0.025, 1, 0.98))
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
