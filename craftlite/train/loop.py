"""Training a detector, from the mix of datasets to its weights."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from types import FrameType

import torch
from tqdm import tqdm

from craftlite.data.loader import Batch, Crops, batches
from craftlite.data.sample import Sample
from craftlite.errors import ConfigError
from craftlite.model.files import save_model
from craftlite.train.checkpoint import load_checkpoint, save_checkpoint
from craftlite.train.log import Clock, Log, draw_curves, rewind_log
from craftlite.train.loss import Loss
from craftlite.train.recipe import Recipe
from craftlite.train.run import Run
from craftlite.train.trainer import Trainer, learning_rate
from craftlite.train.validate import validate

CHECKPOINT = "checkpoint.pt"
WEIGHTS = "weights.safetensors"
# The settings that decide what the next step computes: a resumed training must keep them.
STREAM = (
    *("network", "steps", "batch", "crop", "seed", "ema", "clip"),
    *("learning_rate", "warmup", "weight_decay"),
)


def prepare(run: Run, resume: bool, device: torch.device) -> Trainer:
    """A trainer for the run's folder: new, from `run.init`, or from the last checkpoint.

    Raises:
        ConfigError: the folder holds a training and `resume` is not set, or the settings are not
            those that the training was started with.
        WeightsError: there is no checkpoint to resume from, or `run.init` does not fit.
    """
    checkpoint = run.out / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise ConfigError(
            f"{run.out}: holds a training already; add --resume or name another --out"
        )
    run.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(run.recipe, device)
    if resume:
        state = load_checkpoint(checkpoint)
        was_set = state["recipe"]
        changed = [k for k, v in asdict(run.recipe).items() if k in STREAM and was_set.get(k) != v]
        if changed:
            was = ", ".join(f"{name} {was_set.get(name)}" for name in changed)
            raise ConfigError(f"{run.out}: was started with {was}; resume with the same settings")
        trainer.load(state)
        rewind_log(run.out / "log.jsonl", trainer.step)
    elif run.init is not None:
        trainer.start_from(run.init)
    return trainer


def train(run: Run, resume: bool = False) -> Path:
    """Train a detector; returns the file of the averaged weights in the run's folder.

    The folder gets recipe.json, log.jsonl, TensorBoard's events, curves.png, the checkpoint and
    the weights. Ctrl-C and SIGTERM finish the step and save first.

    Raises:
        ConfigError: see `prepare`.
        DatasetError: a dataset cannot be read.
        CraftliteError: the loss is not finite.
        KeyboardInterrupt: interrupted and saved.
    """
    recipe = run.recipe
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    crops = Crops(*run.open_sources(), recipe.crop, recipe.seed)
    held_out = run.validation_samples()
    trainer = prepare(run, resume, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    (run.out / "recipe.json").write_text(run.to_json())
    stream = batches(crops, trainer.step, recipe.steps, recipe.batch, recipe.workers)
    with Log(run.out) as log, interruption() as asked_to_stop, tiny_numbers_as_zero():
        fit(trainer, stream, held_out, run.out, log, asked_to_stop)
    return run.out / WEIGHTS


def fit(
    trainer: Trainer,
    stream: Iterator[Batch],
    held_out: Sequence[Sample],
    out: Path,
    log: Log,
    asked_to_stop: Event,
) -> None:
    """Step until the recipe's last step, logging, saving and validating as it says."""
    recipe = trainer.recipe
    progress = tqdm(total=recipe.steps, initial=trainer.step, unit="step", file=sys.stderr)
    clock = Clock()
    for _ in range(trainer.step, recipe.steps):
        with clock.waiting():
            batch = next(stream)
        loss = trainer.train_step(batch)
        step, last = trainer.step, trainer.step == recipe.steps
        progress.update()
        if is_due(step, recipe.log_every):
            log.write(step, figures_of(loss, step, recipe) | clock.figures(recipe))
            progress.set_postfix(loss=f"{loss.total.item():.4f}")
        if held_out and (last or is_due(step, recipe.validate_every)):
            with clock.paused():
                score = validate(trainer.ema.module, held_out, recipe.validate_long_side)
            log.write(step, score)
            progress.write(f"step {step}: H-mean {score['hmean']:.4f}", file=sys.stderr)
        if last or is_due(step, recipe.save_every) or asked_to_stop.is_set():
            with clock.paused():
                save_checkpoint(out / CHECKPOINT, trainer.state())
                save_model(out / WEIGHTS, recipe.network, trainer.ema.module.state_dict())
                draw_curves(log.path, out / "curves.png")
        if asked_to_stop.is_set() and not last:
            progress.write(f"saved step {step} in {out}; --resume goes on", file=sys.stderr)
            raise KeyboardInterrupt
    progress.close()


def is_due(step: int, every: int) -> bool:
    """Whether something done every so many steps is done after this one; 0 is never."""
    return every > 0 and step % every == 0


def figures_of(loss: Loss, step: int, recipe: Recipe) -> dict[str, float]:
    """The terms of the loss and the learning rate, as the log holds them."""
    terms = {"loss": loss.total, "region": loss.region, "affinity": loss.affinity}
    values = {name: value.item() for name, value in terms.items()}
    return values | {"learning_rate": learning_rate(step - 1, recipe)}


@contextmanager
def tiny_numbers_as_zero() -> Iterator[None]:
    """Denormal numbers, which make some CPUs ten times slower, are zero inside."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextmanager
def interruption() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set, so that the step under way is finished first.

    A second Ctrl-C interrupts at once.
    """
    asked = Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
