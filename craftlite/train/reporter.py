"""What the leading process of a training does beside it: the log, validations, and the files."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from tqdm import tqdm

from craftlite.model.files import save_model
from craftlite.train.budget import UNKNOWN
from craftlite.train.checkpoint import save_checkpoint
from craftlite.train.log import Clock, Log, Mean, Terms, draw_curves
from craftlite.train.optimiser import learning_rate
from craftlite.train.trainer import NonFiniteLossError, Trainer

CHECKPOINT = "checkpoint.pt"
WEIGHTS = "weights.safetensors"
BEST = "best.safetensors"
BAD_BATCH = "bad-batch.pt"


def is_due(step: int, every: int) -> bool:
    """Whether something done every so many steps is done after this one; 0 is never."""
    return every > 0 and step % every == 0


class Validation(Protocol):
    """What is looked at while a training runs; false where there is nothing to look at."""

    def __bool__(self) -> bool: ...

    def figures(self, model: nn.Module) -> dict[str, float]:
        """How good a network is, by name, for the log."""
        ...

    def score(self, figures: Mapping[str, float]) -> float:
        """What the best weights are the best by, the higher the better."""
        ...

    def told(self, figures: Mapping[str, float]) -> str:
        """The figures in a few words."""
        ...

    def draw(self, folder: Path, model: nn.Module, step: int) -> None:
        """Write what is to be seen into the run's folder."""
        ...


@dataclass
class Reporter:
    """Writes a run's folder as its trainer goes on; `after_save` is called after checkpoints."""

    trainer: Trainer[Any]
    validation: Validation
    out: Path
    log: Log
    after_save: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        recipe = self.trainer.recipe
        self.clock, self.mean, self.saved = Clock(), Mean(), time.monotonic()
        total = None if recipe.steps == UNKNOWN else recipe.steps
        self.progress = tqdm(total=total, initial=self.trainer.step, unit="step", file=sys.stderr)

    def after_step(self, loss: Terms, stopping: bool) -> None:
        """Log, validate and save what is due after the step that was just done."""
        trainer, recipe = self.trainer, self.trainer.recipe
        last = stopping or trainer.step == recipe.steps
        self.progress.update()
        self.mean.add(loss)
        if is_due(trainer.step, recipe.log_every):
            speed = self.clock.figures(self.mean.count * recipe.batch)
            terms = self.mean.take()
            rate = {"learning_rate": learning_rate(trainer.step - 1, recipe)}
            self.log.write(trainer.step, terms | rate | speed)
            self.progress.set_postfix(loss=f"{terms['loss']:.4f}")
        with self.clock.paused():
            done = trainer.step == recipe.steps
            minutes = (time.monotonic() - self.saved) / 60
            overdue = 0 < recipe.save_minutes <= minutes
            saves = last or overdue or is_due(trainer.step, recipe.save_every)
            validates = self.validation and (done or is_due(trainer.step, recipe.validate_every))
            if saves or validates:
                self._check()
            if validates:
                self._validate()
            if saves:
                self._save()

    def _check(self) -> None:
        """What is written comes from finite losses."""
        try:
            self.trainer.check_losses()
        except NonFiniteLossError as error:
            raise self.keep(error) from None

    def keep(self, error: NonFiniteLossError) -> NonFiniteLossError:
        """Saves the batch of a loss that is not finite; the error says so."""
        path = self.out / BAD_BATCH
        torch.save(error.batch._asdict(), path)
        error.args = (
            f"{error}; its batch is in {path}, and the last checkpoint is good: look at the "
            "batch, or start again with a lower learning_rate",
        )
        return error

    def say(self, sentence: str) -> None:
        """A sentence on stderr that leaves the progress bar whole."""
        self.progress.write(sentence, file=sys.stderr)

    def _validate(self) -> None:
        trainer, model = self.trainer, self.trainer.ema.module
        figures = self.validation.figures(model)
        self.log.write(trainer.step, figures)
        better = trainer.best.update(self.validation.score(figures), trainer.step)
        if better:
            save_model(self.out / BEST, trainer.recipe.network, model.state_dict())
        note = " (best)" if better else ""
        self.say(f"step {trainer.step}: {self.validation.told(figures)}{note}")
        self.validation.draw(self.out, model, trainer.step)

    def _save(self) -> None:
        trainer = self.trainer
        state = trainer.ema.module.state_dict()
        save_model(self.out / WEIGHTS, trainer.recipe.network, state)
        save_checkpoint(self.out / CHECKPOINT, trainer.state())
        self.after_save()
        draw_curves(self.log.path, self.out / "curves.png")
        self.saved = time.monotonic()
