"""The report's charts, as SVG inside the HTML page."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#1f6fb4", "#d1495b", "#2a9d5c", "#e08a1e", "#6a4fb3", "#4d4d4d")
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
STYLE: Any = {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}


def sweep_chart(sweeps: Mapping[str, Sequence[Mapping[str, Any]]], chosen: Sequence[Any]) -> str:
    """Draw precision against recall over a sweep, one curve per detector; rings mark scored points.

    sweeps: by detector, points with level, precision and recall. chosen: the detectors' scored
    points (recall, precision), in the same order.
    """
    figure, axes = _chart("recall, %", "precision, %")
    for colour, (name, points), (recall, precision) in zip(
        COLOURS * len(sweeps), sweeps.items(), chosen, strict=False
    ):
        # Precision is undefined where nothing is detected.
        points = [point for point in points if point["recall"] or point["precision"]]
        recalls = [100 * point["recall"] for point in points]
        precisions = [100 * point["precision"] for point in points]
        axes.plot(recalls, precisions, color=colour, marker=".", linewidth=1.2, label=name)
        axes.plot(100 * recall, 100 * precision, "o", color=colour, fillstyle="none", markersize=11)
        for point in (points[0], points[-1]) if points else ():
            at = 100 * point["recall"], 100 * point["precision"]
            axes.annotate(
                f"{point['level']:g}", at, (4, 5), textcoords="offset points", color=colour
            )
    axes.legend(loc="lower left", frameon=False)
    return _svg(figure)


def calibration_chart(bins: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Draw how often detections are correct against their confidence, one curve per detector."""
    figure, axes = _chart("confidence, %", "correct, %")
    axes.plot([0, 100], [0, 100], color="#b0b0b0", linewidth=1, linestyle="--")
    for colour, (name, parts) in zip(COLOURS * len(bins), bins.items(), strict=False):
        confidences = [100 * part["confidence"] for part in parts]
        precisions = [100 * part["precision"] for part in parts]
        sizes = [12 + 200 * part["size"] / sum(p["size"] for p in parts) for part in parts]
        axes.plot(confidences, precisions, color=colour, linewidth=1.2, label=name)
        axes.scatter(confidences, precisions, sizes, color=colour, alpha=0.6, linewidths=0)
    axes.legend(loc="upper left", frameon=False)
    return _svg(figure)


def _chart(across: str, up: str) -> tuple[Figure, Axes]:
    """Return an empty chart of two percentages."""
    figure = Figure(figsize=(5, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=across, ylabel=up, xlim=(0, 100), ylim=(0, 100))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    """Return the svg element alone: an XML declaration is not valid inside an HTML page."""
    with io.StringIO() as file, rc_context(STYLE):
        figure.savefig(file, format="svg", transparent=True, metadata=NO_METADATA)
        text = file.getvalue()
    return text[text.index("<svg") :]
