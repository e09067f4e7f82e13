"""The log of a training: means, lines, rewinding, the clock, and the curves."""

import json
import math
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from craftlite.train.records.curves import curves_page, series, smoothed
from craftlite.train.records.log import Clock, Log, Mean, draw_curves, read_log, rewind_log
from craftlite.train.task import Losses

RED, BLUE = (214, 39, 40), (31, 111, 180)


def loss(total: float, region: float, affinity: float) -> Losses:
    values = {"loss": total, "region": region, "affinity": affinity}
    return {name: torch.tensor(value) for name, value in values.items()}


def lines_of(steps: int, **values: Any) -> list[dict[str, Any]]:
    """A log of lines 1 to `steps` with values that are functions of the step."""
    return [
        {"step": step} | {name: value(step) for name, value in values.items()}
        for step in range(1, steps + 1)
    ]


def page(lines: list[dict[str, Any]]) -> np.ndarray:
    """The curves as pixels (H, W, 3), RGB."""
    picture = cv2.imdecode(np.frombuffer(curves_page(lines), np.uint8), cv2.IMREAD_COLOR)
    return picture[..., ::-1]


def places(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(N, 2) rows and columns of the pixels that have a colour, the legends left out."""
    close = np.abs(picture.astype(int) - colour).max(axis=2) < 12
    return np.argwhere(close)


def test_a_line_holds_the_mean_of_the_steps_since_the_last() -> None:
    mean = Mean()
    assert mean.take() == {}
    mean.add(loss(1.0, 0.75, 0.25))
    mean.add(loss(3.0, 1.25, 1.75))
    assert mean.take() == {"loss": 2.0, "region": 1.0, "affinity": 1.0}
    mean.add(loss(5.0, 2.0, 3.0))
    assert mean.take()["loss"] == 5.0
    assert mean.take() == {}


def test_adding_a_step_does_not_ask_the_device_for_its_values() -> None:
    # Tensors of the meta device have no values: asking for one is an error.
    mean = Mean()
    for _ in range(3):
        mean.add({"loss": torch.zeros((), device="meta")})
    with pytest.raises(RuntimeError, match="meta tensor"):
        mean.take()


def test_adding_a_step_leaves_its_loss_as_it_is() -> None:
    first = loss(1.0, 0.5, 0.5)
    mean = Mean()
    mean.add(first)
    mean.add(loss(1.0, 0.5, 0.5))
    assert first["loss"].item() == 1.0


def test_small_rates_keep_their_digits(tmp_path: Path) -> None:
    with closing(Log(tmp_path)) as log:
        log.write(7, {"learning_rate": 1.234567e-7, "loss": 0.1 + 0.2})
    [line] = read_log(tmp_path / "log.jsonl")
    assert line == {"step": 7, "learning_rate": 1.23457e-7, "loss": 0.3}


def test_a_line_that_was_cut_short_is_left_out_and_gone_after_rewinding(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert read_log(path) == []
    path.write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n{"step": 3, "lo')
    assert [line["step"] for line in read_log(path)] == [1, 2]
    rewind_log(path, 1)
    assert path.read_text() == '{"step": 1, "loss": 2.0}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_tensorboard_forgets_what_a_resumed_training_repeats(tmp_path: Path) -> None:
    with closing(Log(tmp_path)) as log:
        for step in (1, 2, 3, 4):
            log.write(step, {"loss": 1.0})
    rewind_log(tmp_path / "log.jsonl", 2)
    with closing(Log(tmp_path)) as log:
        log.write(3, {"loss": 0.5})
    events = EventAccumulator(str(tmp_path / "events")).Reload().Scalars("loss")
    assert [(event.step, event.value) for event in events] == [(1, 1.0), (2, 1.0), (3, 0.5)]


def test_the_clock_counts_waiting_and_leaves_pauses_out() -> None:
    clock = Clock()
    with clock.waiting():
        time.sleep(0.06)
    with clock.paused():
        time.sleep(0.6)
    time.sleep(0.04)
    figures = clock.figures(crops=20)
    assert 0.1 < figures["waiting"] < 0.9
    assert 35 < figures["crops_per_second"] < 201  # 20 crops in a tenth of a second
    assert clock.waited == 0


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"step": 20, "loss": 0.1, "learning_rate": 1e-3, "waiting": 0.2}],
        [{"step": 20, "hmean": 0.0, "precision": 0.0, "recall": 0.0, "validation_loss": 0.2}],
        [{"step": 20, "loss": math.nan}, {"step": 40, "loss": math.inf}],
    ],
)
def test_curves_of_a_log_with_hardly_anything(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    draw_curves(tmp_path / "log.jsonl", tmp_path / "curves.png")
    assert cv2.imread(str(tmp_path / "curves.png")).shape[2] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "log.jsonl"]


def test_one_line_can_be_seen() -> None:
    empty, one = page([]), page([{"step": 20, "loss": 0.1, "waiting": 0.2}])
    upper = len(one) // 3
    middle = slice(one.shape[1] // 4, one.shape[1] // 4 * 3)  # beside axis and legend
    assert len(places(one[:upper, middle], BLUE)) > 5
    assert len(places(empty[:upper, middle], BLUE)) == 0


def test_the_best_h_mean_is_marked() -> None:
    def hmean(best: int) -> list[dict[str, Any]]:
        return lines_of(20, hmean=lambda step: 0.5 - 0.01 * abs(step - best))

    early, late = (places(page(hmean(best)), RED) for best in (3, 17))
    # The star in the legend is the same in both, so what moves is the star of the curve.
    assert late[:, 1].mean() - early[:, 1].mean() > 100


def test_validation_loss_shares_the_axes_of_the_training_loss() -> None:
    def both(level: float) -> np.ndarray:
        lines = lines_of(10, loss=lambda step: 0.1)
        return page(lines + lines_of(10, validation_loss=lambda step: level * (1 + 0.02 * step)))

    upper = slice(0, len(both(1.0)) // 3)
    middle = slice(300, 600)
    far, near = (places(both(level)[upper, middle], BLUE)[:, 0].mean() for level in (10.0, 0.05))
    assert far > near  # the training loss goes down the page when the other one is above it


def test_smoothing_keeps_constants_and_means_and_the_length() -> None:
    assert smoothed(np.array([])).shape == (0,)
    np.testing.assert_allclose(smoothed(np.full(500, 3.0)), 3.0)
    rough = np.tile([1.0, 3.0], 250)
    smooth = smoothed(rough)
    assert smooth.shape == rough.shape
    assert smooth.std() < 0.25 * rough.std()
    np.testing.assert_array_equal(smoothed(rough[:10]), rough[:10])  # too few to smooth


def test_series_hold_finite_values_alone() -> None:
    lines = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": math.nan}, {"step": 3, "hmean": 0.5}]
    steps, values = series(lines, "loss")
    assert (steps.tolist(), values.tolist()) == ([1.0], [2.0])
    assert [len(part) for part in series(lines, "waiting")] == [0, 0]
