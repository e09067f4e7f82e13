"""What the leading process of a training does beside it: the log, validations, and the files."""

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
    """Writes a run's folder as its trainer goes on."""

    def __init__(self, trainer: Trainer, folder: RunFolder) -> None:
        self.trainer, self.folder = trainer, folder
        self.log, self.mean, self.saved = Log(folder.path), Mean(), time.monotonic()
        self.progress = Progress(initial=trainer.step, unit="step")
        self._show_steps()

    def close(self) -> None:
        """Close the log and the progress bar, whose summary is of the steps done here."""
        self.progress.write_summary()
        self.log.close()

    def _show_steps(self) -> None:
        steps = self.trainer.recipe.steps
        self.progress.total = None if steps == UNKNOWN else steps
        self.progress.refresh()

    def steps_changed(self) -> None:
        """Record the number of steps, which is known now."""
        self.folder.write_config(self.trainer.task)
        self._show_steps()

    def after_step(self, losses: Losses, stopping: bool) -> None:
        """Log, validate and save what is due after the step that was just done.

        Raises:
            NonFiniteLossError: what would be saved comes from a loss that is not finite.
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
        """Save the batch of a loss that is not finite, and name its file in the error."""
        path = self.folder.path / BAD_BATCH
        torch.save(error.batch._asdict(), path)
        error.args = (
            f"{error}; its batch is in {path}, and the last checkpoint is good: look at the "
            "batch, or start again with a lower learning_rate",
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
        # In this order: a folder with weights has the checkpoint that they belong to.
        save_checkpoint(self.folder.checkpoint, trainer.state())
        trainer.save_average(out / WEIGHTS)
        trainer.task.forget(out, trainer.step)
        draw_curves(self.log.path, out / "curves.png")
        self.saved = time.monotonic()
