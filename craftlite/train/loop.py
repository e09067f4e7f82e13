"""Training a detector, from the mix of datasets to its weights."""

import json
import math
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from craftlite.data.loader import Batch, Crops, Source, batches, open_source, parse_mix
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.errors import ConfigError, CraftliteError, DatasetError, WeightsError
from craftlite.model import build_model
from craftlite.model.files import read_state, save_model
from craftlite.train.checkpoint import load_checkpoint, save_checkpoint
from craftlite.train.log import Log, draw_curves, rewind_log
from craftlite.train.loss import Loss, craft_loss
from craftlite.train.recipe import Recipe
from craftlite.train.validate import validate

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class Run:
    """What is trained on what, and where it is written.

    Attributes:
        recipe: the settings.
        datasets: NAME or NAME:WEIGHT, mixed by weight.
        folders: where each dataset lies, in the same order; those that are missing are data/NAME.
        out: the run's folder.
        init: weights to start from, or None.
    """

    recipe: Recipe
    datasets: Sequence[str]
    folders: Sequence[Path]
    out: Path
    init: Path | None = None

    def open_sources(self) -> tuple[list[Source], list[float]]:
        """The datasets, opened, and their shares of the crops."""
        names, shares = parse_mix(self.datasets)
        if len(self.folders) > len(names):
            raise ConfigError(f"{len(self.folders)} --data for {len(names)} --dataset")
        folders = [*self.folders, *[None] * (len(names) - len(self.folders))]
        return [open_source(n, f) for n, f in zip(names, folders, strict=True)], shares

    def validation_samples(self) -> list[Sample]:
        """The validation split of the first dataset that has one; empty where none has."""
        names, _ = parse_mix(self.datasets)
        for name, folder in zip(names, self.folders, strict=False):
            try:
                samples = read_dataset(name, folder, "val").samples
            except DatasetError:
                continue
            return samples[: self.recipe.validate_pictures]
        return []

    def to_json(self) -> str:
        """The run as a record that a person can read."""
        facts = {"datasets": list(self.datasets), "init": self.init and str(self.init)}
        return json.dumps(facts | asdict(self.recipe), indent=2) + "\n"


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine down to zero; a function of the step alone."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    progress = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.5 * recipe.learning_rate * (1 + math.cos(math.pi * progress))


def optimiser_of(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW whose weight decay spares batch norm and biases."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    spared = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


class Trainer:
    """The state of a training: network, averaged network, optimiser and step."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step = recipe, device, 0
        model = build_model(recipe.network)
        self.model = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = get_ema_multi_avg_fn(recipe.ema)
        self.ema = AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        self.optimiser = optimiser_of(self.model, recipe)

    def start_from(self, weights: Path) -> None:
        """Take every tensor of a weights file that has a tensor's name and shape; say what did not.

        Raises:
            WeightsError: the file cannot be read, or nothing in it fits.
        """
        state = read_state(weights)[1]
        own = self.model.state_dict()
        fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
        if not fitting:
            raise WeightsError(f"{weights}: no tensor of it fits {self.recipe.network}")
        self.model.load_state_dict(own | fitting)
        self.ema.module.load_state_dict(own | fitting)
        tqdm.write(f"{weights}: {len(fitting)} of {len(own)} tensors taken", file=sys.stderr)

    def train_step(self, batch: Batch) -> Loss:
        """Forward, backward and one step of the optimiser; the loss is returned detached.

        Raises:
            CraftliteError: the loss is not finite.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.recipe)
        self.model.train()
        pictures, scores, weight = (part.to(self.device, non_blocking=True) for part in batch)
        loss = craft_loss(
            self.model(pictures.contiguous(memory_format=torch.channels_last))[0], scores, weight
        )
        if not torch.isfinite(loss.total):
            raise CraftliteError(
                f"the loss is {loss.total.item()} at step {self.step}; the last checkpoint is "
                "good: resume with a lower learning_rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.ema.update_parameters(self.model)
        self.step += 1
        return Loss(*(term.detach() for term in loss))

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as tensors and plain values."""
        return {
            "step": self.step,
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "torch": str(torch.__version__),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from what `state` gave."""
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        self.step = state["step"]


def prepare(run: Run, resume: bool, device: torch.device) -> Trainer:
    """A trainer for the run's folder: new, from `run.init`, or from the last checkpoint.

    Raises:
        ConfigError: the folder holds a training and `resume` is not set, or the other way round,
            or the settings are not those that the training was started with.
    """
    checkpoint = run.out / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise ConfigError(f"{run.out}: holds a training already; add --resume or name another --out")
    run.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(run.recipe, device)
    if resume:
        state = load_checkpoint(checkpoint)
        changed = sorted(k for k, v in asdict(run.recipe).items() if state["recipe"].get(k) != v)
        if changed:
            was = ", ".join(f"{name} {state['recipe'].get(name)}" for name in changed)
            raise ConfigError(f"{run.out}: was started with {was}; resume with the same settings")
        trainer.load(state)
        rewind_log(run.out / "log.jsonl", trainer.step)
    elif run.init is not None:
        trainer.start_from(run.init)
    return trainer


def train(run: Run, resume: bool = False) -> Path:
    """Train a detector; returns the file of the averaged weights in the run's folder.

    The folder gets recipe.json, log.jsonl, curves.png, the checkpoint and the weights. An
    interrupted training saves first.

    Raises:
        ConfigError: see `prepare`.
        DatasetError: a dataset cannot be read.
        CraftliteError: the loss is not finite.
    """
    recipe = run.recipe
    torch.set_flush_denormal(True)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    crops = Crops(*run.open_sources(), recipe.crop, recipe.seed)
    held_out = run.validation_samples()
    trainer = prepare(run, resume, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    (run.out / "recipe.json").write_text(run.to_json())
    with Log(run.out) as log, saving_on_the_way_out(trainer, run.out):
        stream = batches(crops, trainer.step, recipe.steps, recipe.batch, recipe.workers)
        progress = tqdm(total=recipe.steps, initial=trainer.step, unit="step", file=sys.stderr)
        waited, since = 0.0, time.perf_counter()
        for _ in range(trainer.step, recipe.steps):
            asked = time.perf_counter()
            batch = next(stream)
            waited += time.perf_counter() - asked
            loss = trainer.train_step(batch)
            progress.update()
            step = trainer.step
            if step % recipe.log_every == 0:
                seconds = time.perf_counter() - since
                speed = recipe.log_every * recipe.batch / seconds
                log.write(step, log_line(loss, trainer, speed, waited / seconds))
                progress.set_postfix(loss=f"{loss.total.item():.4f}")
                waited, since = 0.0, time.perf_counter()
            if step % recipe.save_every == 0:
                save_checkpoint(run.out / CHECKPOINT, trainer.state())
                draw_curves(log.path, run.out / "curves.png")
            if held_out and is_due(step, recipe):
                figures = validate(trainer.ema.module, held_out, recipe.validate_long_side)
                log.write(step, figures)
                progress.write(f"step {step}: H-mean {figures['hmean']:.4f}", file=sys.stderr)
                since = time.perf_counter()
        progress.close()
        draw_curves(log.path, run.out / "curves.png")
    weights = run.out / "weights.safetensors"
    save_model(weights, recipe.network, trainer.ema.module.state_dict())
    return weights


def log_line(loss: Loss, trainer: Trainer, crops_per_second: float, waiting: float) -> dict[str, float]:
    """What a line of the log holds; `waiting` is the share of time without a batch to work on."""
    return {
        "loss": loss.total.item(),
        "region": loss.region.item(),
        "affinity": loss.affinity.item(),
        "learning_rate": learning_rate(trainer.step - 1, trainer.recipe),
        "crops_per_second": crops_per_second,
        "waiting": waiting,
    }


def is_due(step: int, recipe: Recipe) -> bool:
    """Whether a validation follows this step."""
    every = recipe.validate_every
    return step == recipe.steps or (every > 0 and step % every == 0)


@contextmanager
def saving_on_the_way_out(trainer: Trainer, out: Path) -> Iterator[None]:
    """Save the checkpoint at the end, on Ctrl-C and on SIGTERM; not after an error."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        save_checkpoint(out / CHECKPOINT, trainer.state())
        tqdm.write(f"saved step {trainer.step} in {out}; go on with --resume", file=sys.stderr)
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)
    save_checkpoint(out / CHECKPOINT, trainer.state())
