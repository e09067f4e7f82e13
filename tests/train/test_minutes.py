"""A training in minutes: it ends with everything written, and a resumed one keeps its schedule."""

import time
from pathlib import Path

from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.detector.task import DetectorTask
from craftlite.train.loop import train
from craftlite.train.optimiser import learning_rate
from craftlite.train.recipe import Recipe
from craftlite.train.recipe_file import read_recipe
from craftlite.train.records.log import read_log

# The end is given 20 seconds, of which so small a training takes one.
SECONDS = 26.0
RECIPE = Recipe(minutes=SECONDS / 60, batch=2, crop=64, workers=0, log_every=1, ema=0.9)


def test_a_training_in_minutes_ends_in_time_and_resumes_with_its_steps(
    quads: Path, tmp_path: Path
) -> None:
    task, out = DetectorTask(RECIPE, ["quads"], [quads]), tmp_path / "run"
    began = time.monotonic()
    train(task, out)
    assert time.monotonic() - began < SECONDS
    config, state = read_recipe(out / "config.yaml"), load_checkpoint(out / "checkpoint.pt")
    steps = config["steps"]
    assert config["minutes"] == 0
    assert state["step"] == state["recipe"]["steps"] == steps
    assert (out / "card.md").is_file()
    assert (out / "weights.safetensors").is_file()
    # The rate has fallen to the end of its cosine.
    lines = read_log(out / "log.jsonl")
    assert lines[-1]["learning_rate"] < 0.05 * RECIPE.learning_rate
    # Going on, in minutes or by the folder alone, finds nothing left to do.
    train(task, out, resume=True)
    train(DetectorTask(Recipe(**_settings(config)), ["quads"], [quads]), out, resume=True)
    assert load_checkpoint(out / "checkpoint.pt")["step"] == steps
    assert learning_rate(steps, Recipe(**_settings(config))) == 0


def _settings(config: dict[str, object]) -> dict[str, object]:
    return {
        name: value for name, value in config.items() if name not in ("dataset", "data", "init")
    }
