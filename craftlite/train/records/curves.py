"""The curves of a training on one page: losses, scores, learning rate, waiting for data."""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

Series = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
SMOOTHED_SHARE = 25  # the smoothed loss averages over one in so many of its points
COLOURS = {
    "loss": "#1f6fb4",
    **{"region": "#2a9d5c", "affinity": "#e08a1e"},
    **{"boxes": "#2a9d5c", "classes": "#e08a1e"},
}
# For each figure of a validation: label, colour and width of its line.
SCORES = {
    "precision": ("precision", "#e08a1e", 0.9),
    "recall": ("recall", "#2a9d5c", 0.9),
    "hmean": ("H-mean", "#1f6fb4", 2.0),
    "ap": ("AP", "#1f6fb4", 2.0),
    "ap50": ("AP50", "#e08a1e", 0.9),
    "top1_error": ("top-1 error", "#1f6fb4", 1.6),
    "top5_error": ("top-5 error", "#e08a1e", 1.6),
}


def curves_page(lines: Sequence[dict[str, Any]]) -> bytes:
    """Plot everything in the lines of a log against the step, on one page; return it as a PNG.

    Training loss (as logged and smoothed) and validation loss share their axes: where the latter
    rises while the former falls, the network is overfitting.
    """
    # A Figure made directly needs no window, and is freed when the function returns.
    figure = Figure(figsize=(10, 11), dpi=110, layout="constrained")
    losses, scores, rate, waiting = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": [4, 4, 1.4, 1.4]}
    )
    draw_losses(losses, lines)
    draw_scores(scores, lines)
    steps, rates = series(lines, "learning_rate")
    rate.plot(steps, rates, color="#6a4fb3", linewidth=1.2, marker=dots(steps))
    rate.set(ylabel="learning rate")
    steps, shares = series(lines, "waiting")
    waiting.plot(steps, 100 * shares, color="#b34f5f", linewidth=0.8, marker=dots(steps))
    waiting.set(ylabel="waiting\nfor data, %", xlabel="step", ylim=(0, 100))
    for axes in (losses, scores, rate, waiting):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    with io.BytesIO() as png:
        figure.savefig(png, format="png")
        return png.getvalue()


def series(lines: Sequence[dict[str, Any]], name: str) -> Series:
    """Return steps and values, float64 (N,), of the lines with a finite value called `name`."""
    held = [(line["step"], line[name]) for line in lines if math.isfinite(line.get(name, math.nan))]
    steps, values = np.array(held, np.float64).reshape(-1, 2).T
    return steps, values


def smoothed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a moving average of values (N,), over fewer neighbours at the ends."""
    if not len(values):
        return values
    window = np.ones(2 * (len(values) // (2 * SMOOTHED_SHARE)) + 1)
    counts = np.convolve(np.ones(len(values)), window, "same")
    return np.asarray(np.convolve(values, window, "same") / counts)


def dots(steps: npt.NDArray[np.float64]) -> str:
    """Return a marker for a single step (N = 1), for which a line would show nothing."""
    return "." if len(steps) == 1 else ""


def draw_losses(axes: Any, lines: Sequence[dict[str, Any]]) -> None:
    """Draw training losses (thin as logged, thick smoothed) and validation's, with its minimum."""
    for name, colour in COLOURS.items():
        steps, values = series(lines, name)
        if len(steps):
            label = "training, total" if name == "loss" else f"training, {name}"
            axes.plot(steps, values, color=colour, linewidth=0.6, alpha=0.35)
            smooth = smoothed(values)
            axes.plot(steps, smooth, color=colour, linewidth=1.8, label=label, marker=dots(steps))
    steps, values = series(lines, "validation_loss")
    if len(steps):
        least = int(values.argmin())
        label = f"validation, total (least {values[least]:.4f} at {steps[least]:.0f})"
        axes.plot(steps, values, color="black", marker=".", linewidth=1.2, label=label)
        axes.plot(steps[least], values[least], "o", color="black", fillstyle="none", markersize=11)
    axes.set(ylabel="loss", yscale="log")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)


def draw_scores(axes: Any, lines: Sequence[dict[str, Any]]) -> None:
    """Draw the validation figures of a log, and mark the best H-mean."""
    for name, (label, colour, width) in SCORES.items():
        steps, values = series(lines, name)
        if not len(steps):
            continue
        if name.endswith("error"):
            least = int(values.argmin())
            label += f" (least {values[least]:.3f} at {steps[least]:.0f})"
        axes.plot(steps, values, color=colour, linewidth=width, marker=".", label=label)
    steps, values = series(lines, "hmean")
    if len(steps):
        best = int(values.argmax())
        label = f"best H-mean, {values[best]:.3f} at {steps[best]:.0f}"
        axes.plot(steps[best], values[best], "*", color="#d62728", markersize=14, label=label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)
    axes.set(ylabel="validation", ylim=(0, 1))
