"""How the pictures of the benchmarks look."""

from matplotlib.ticker import FuncFormatter, NullLocator

INK = "#333333"


def style(axes, title: str, ticks: list, unit: str) -> None:
    """A logarithmic axis from left to right with these ticks, and as few lines as can be."""
    axes.set_xscale("log")
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}{unit}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_title(title, loc="left", fontsize=12, color=INK)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=INK)
