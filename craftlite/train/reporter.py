"""What the leading process of a training writes: the log, validations, and the run's files."""

import time

import torch

from craftlite.progress import Progress, write_line
from craftlite.train.budget import UNKNOWN
from craftlite.train.checkpoint import save_checkpoint
from craftlite.train.optimiser import learning_rate
from craftlite.train.precision import cudnn_benchmark
from craftlite.train.records.log import Log, Mean, draw_curves
from craftlite.train.run_folder import BEST, WEIGHTS, RunFolder
from craftlite.train.task import Losses, Validation
from craftlite.train.trainer import NonFiniteLossError, Trainer

BAD_BATCH = "bad-batch.pt"


class Reporter:
    """Writes a run's folder during the training."""

    def __init__(self, trainer: Trainer, folder: RunFolder) -> None:
        self.trainer, self.folder = trainer, folder
        self.log, self.mean, self.saved = Log(folder.path), Mean(), time.monotonic()
        self.progress = Progress(initial=trainer.step, unit="step")
        self._show_steps()

    def close(self) -> None:
        """Close the log and the progress bar, which summarises the steps done in this process."""
        self.progress.write_summary()
        self.log.close()

    def _show_steps(self) -> None:
        steps = self.trainer.recipe.steps
        self.progress.total = None if steps == UNKNOWN else steps
        self.progress.refresh()

    def steps_changed(self) -> None:
        """Record the number of steps, which has just become known."""
        self.folder.write_config(self.trainer.task)
        self._show_steps()

    def after_step(self, losses: Losses, stopping: bool) -> None:
        """Log, validate and save whatever is due after a step.

        Raises:
            NonFiniteLossError: a loss before this point is not finite, so nothing is saved.
        """
        trainer, recipe, step = self.trainer, self.trainer.recipe, self.trainer.step
        self.progress.update()
        self.mean.add(losses)
        if step % recipe.log_every == 0:
            self._log()
        done = step == recipe.steps
        with trainer.clock.paused():
            minutes = (time.monotonic() - self.saved) / 60
            overdue = 0 < recipe.save_minutes <= minutes
            saves = stopping or done or overdue or step % recipe.save_every == 0
            is_time = done or (recipe.validate_every and step % recipe.validate_every == 0)
            validation = trainer.task.validation if is_time else None
            if saves or validation:
                self.folder.check_owner()
                trainer.check_losses()
            if validation:
                self._validate(validation)
            if saves:
                self._save()

    def keep(self, error: NonFiniteLossError) -> NonFiniteLossError:
        """Save the batch of a non-finite loss, and name its file in the error."""
        path = self.folder.path / BAD_BATCH
        torch.save(error.batch._asdict(), path)
        error.args = (
            f"{error}; its batch is in {path}, and the last checkpoint is good: inspect the batch, "
            "or start again with a lower learning_rate",
        )
        return error

    def _log(self) -> None:
        trainer, recipe = self.trainer, self.trainer.recipe
        speed = trainer.clock.figures(self.mean.count * recipe.batch)
        means = self.mean.take()
        rate = {"learning_rate": learning_rate(trainer.step - 1, recipe)}
        self.log.write(trainer.step, means | rate | speed)
        self.progress.set_postfix(loss=f"{means['loss']:.4f}")

    def _validate(self, validation: Validation) -> None:
        trainer, model, out = self.trainer, self.trainer.ema.module, self.folder.path
        with cudnn_benchmark(False):
            figures = validation.figures(model)
        self.log.write(trainer.step, figures)
        better = trainer.best.update(validation.score(figures), trainer.step)
        if better:
            trainer.save_average(out / BEST)
        note = " (best)" if better else ""
        write_line(f"step {trainer.step}: {validation.summary(figures)}{note}")
        validation.draw(out, model, trainer.step, figures)

    def _save(self) -> None:
        trainer, out = self.trainer, self.folder.path
        # The checkpoint comes first: a folder with weights then always has their checkpoint.
        save_checkpoint(self.folder.checkpoint, trainer.state())
        trainer.save_average(out / WEIGHTS)
        trainer.task.forget(out, trainer.step)
        draw_curves(self.log.path, out / "curves.png")
        self.saved = time.monotonic()
