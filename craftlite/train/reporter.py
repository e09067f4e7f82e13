"""What the leading process of a training does beside it: the log, validations, and the files."""

import time
from types import TracebackType

import torch

from craftlite.model.files import save_model
from craftlite.progress import Progress, write_line
from craftlite.train.budget import UNKNOWN
from craftlite.train.checkpoint import save_checkpoint
from craftlite.train.optimiser import learning_rate
from craftlite.train.precision import cudnn_benchmark
from craftlite.train.records.log import Log, Mean, draw_curves
from craftlite.train.run_folder import BEST, RunFolder
from craftlite.train.task import Terms
from craftlite.train.trainer import NonFiniteLossError, Trainer

BAD_BATCH = "bad-batch.pt"


def is_due(step: int, every: int) -> bool:
    """Whether something done every so many steps is done after this one; 0 is never."""
    return every > 0 and step % every == 0


class Reporter:
    """Writes a run's folder as its trainer goes on."""

    def __init__(self, trainer: Trainer, folder: RunFolder) -> None:
        self.trainer, self.folder = trainer, folder
        self.log, self.mean, self.saved = Log(folder.path), Mean(), time.monotonic()
        self.progress = Progress(initial=trainer.step, unit="step")
        self._show_steps()

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.close()
        self.log.close()

    def _show_steps(self) -> None:
        steps = self.trainer.recipe.steps
        self.progress.total = None if steps == UNKNOWN else steps
        self.progress.refresh()

    def steps_changed(self) -> None:
        """Record the number of steps, which is known now."""
        self.folder.write_config(self.trainer.task)
        self._show_steps()

    def after_step(self, loss: Terms, stopping: bool) -> None:
        """Log, validate and save what is due after the step that was just done."""
        trainer, recipe = self.trainer, self.trainer.recipe
        last = stopping or trainer.step == recipe.steps
        self.progress.update()
        self.mean.add(loss)
        if is_due(trainer.step, recipe.log_every):
            speed = trainer.clock.figures(self.mean.count * recipe.batch)
            terms = self.mean.take()
            rate = {"learning_rate": learning_rate(trainer.step - 1, recipe)}
            self.log.write(trainer.step, terms | rate | speed)
            self.progress.set_postfix(loss=f"{terms['loss']:.4f}")
        with trainer.clock.paused():
            done = trainer.step == recipe.steps
            minutes = (time.monotonic() - self.saved) / 60
            overdue = 0 < recipe.save_minutes <= minutes
            saves = last or overdue or is_due(trainer.step, recipe.save_every)
            is_time = done or is_due(trainer.step, recipe.validate_every)
            validates = is_time and trainer.task.validation
            if saves or validates:
                self.folder.check_owner()
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
        path = self.folder.path / BAD_BATCH
        torch.save(error.batch._asdict(), path)
        error.args = (
            f"{error}; its batch is in {path}, and the last checkpoint is good: look at the "
            "batch, or start again with a lower learning_rate",
        )
        return error

    def say_saved(self) -> None:
        """Tell how to go on after an interruption."""
        step, out = self.trainer.step, self.folder.path
        self._say(f"saved step {step} to {out}; continue with --resume")

    def _say(self, sentence: str) -> None:
        """A sentence on stderr that leaves the progress bar whole."""
        write_line(sentence)

    def _validate(self) -> None:
        trainer, model, out = self.trainer, self.trainer.ema.module, self.folder.path
        validation = trainer.task.validation
        with cudnn_benchmark(False):
            figures = validation.figures(model)
        self.log.write(trainer.step, figures)
        better = trainer.best.update(validation.score(figures), trainer.step)
        if better:
            save_model(out / BEST, trainer.recipe.network, model.state_dict())
        note = " (best)" if better else ""
        self._say(f"step {trainer.step}: {validation.summary(figures)}{note}")
        validation.draw(out, model, trainer.step)

    def _save(self) -> None:
        trainer, out = self.trainer, self.folder.path
        # In this order: a folder with weights has the checkpoint that they belong to.
        save_checkpoint(self.folder.checkpoint, trainer.state())
        self.folder.save_weights(trainer)
        trainer.task.forget(out, trainer.step)
        draw_curves(self.log.path, out / "curves.png")
        self.saved = time.monotonic()
