"""The network being trained: one step of it, and everything that the next step depends on."""

from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from craftlite.errors import CraftliteError, WeightsError
from craftlite.model.files import read_state, save_model
from craftlite.progress import write_line
from craftlite.train.distributed import Group
from craftlite.train.optimiser import learning_rate, moving_average
from craftlite.train.precision import arithmetic, autocast, widen_depthwise
from craftlite.train.recipe import Settings
from craftlite.train.records.log import Clock
from craftlite.train.task import Losses, Task

# On a GPU, a loss is checked so many parts later: checking it immediately would make the host wait
# for the device in every step.
LATER = 8


@dataclass
class Best:
    """The best validation so far, and how many validations since then did not improve on it."""

    score: float = -1.0
    step: int = 0
    stale: int = 0

    def update(self, score: float, step: int) -> bool:
        """Record a validation's score, higher is better; return whether it is the best."""
        if score > self.score:
            self.score, self.step, self.stale = score, step, 0
            return True
        self.stale += 1
        return False

    def is_stale(self, patience: int) -> bool:
        """Return whether the last `patience` validations did not improve; 0 waits for ever."""
        return 0 < patience <= self.stale


class NonFiniteLossError(CraftliteError):
    """A loss that is infinite or not a number, with the batch that it came from."""

    def __init__(self, loss: float, step: int, batch: Any) -> None:
        self.batch = batch
        super().__init__(f"the loss is {loss} at step {step}")


class Unchecked:
    """A loss being copied from the device, with its step and batch; creating one does not wait."""

    def __init__(self, loss: Tensor, step: int, batch: Any) -> None:
        self.loss, self.step, self.batch = loss.detach().to("cpu", non_blocking=True), step, batch
        self.arrived = torch.cuda.Event() if loss.is_cuda else None  # type: ignore[no-untyped-call]
        if self.arrived:
            self.arrived.record()

    def check(self) -> None:
        """Raise a NonFiniteLossError if the loss is infinite or not a number."""
        if self.arrived:
            self.arrived.synchronize()
        if not torch.isfinite(self.loss):
            raise NonFiniteLossError(self.loss.item(), self.step, self.batch)


class Compiled(nn.Module):
    """A network compiled by torch.compile; if that fails, it is reported and not compiled."""

    def __init__(self, network: nn.Module, reports: bool) -> None:
        super().__init__()
        self.network, self.reports = network, reports
        self.chosen: Any = None  # set by the first batch

    def forward(self, pictures: Tensor) -> Any:
        """Return the network's outputs."""
        if self.chosen is None:
            self.chosen = self._translated(pictures)
        return self.chosen(pictures)

    def _translated(self, pictures: Tensor) -> Any:
        """Return the compiled network if it runs forward and backward, otherwise the network."""
        buffers = {name: buffer.clone() for name, buffer in self.network.named_buffers()}
        learnt = [p for p in self.network.parameters() if p.requires_grad]
        chosen: Any = torch.compile(self.network)
        try:
            torch.autograd.grad(chosen(pictures)[0].sum(), learnt, allow_unused=True)
        except Exception as error:  # compilers raise errors of many kinds
            chosen = self.network
            if self.reports:
                # The first paragraph, because the first line alone may only name the compiler.
                reason = " ".join(str(error).strip().partition("\n\n")[0].split())
                write_line(f"torch.compile failed, training without it: {reason}")
        # The trial must not change the statistics of batch norm.
        for name, buffer in self.network.named_buffers():
            buffer.copy_(buffers[name])
        return chosen


class Trainer:
    """The state of a training: network, averaged network, optimiser and step."""

    def __init__(self, task: Task, group: Group) -> None:
        recipe = task.recipe
        torch.manual_seed(recipe.seed)
        self.task, self.group, self.step, self.clock = task, group, 0, Clock()
        self.dtype = arithmetic(recipe, group.device)
        model = task.build()
        if group.size > 1 and group.device.type == "cuda":
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        self.model = model.to(group.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = moving_average(recipe.ema, lambda: int(self.ema.n_averaged))
        self.ema = AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        if self.dtype == torch.bfloat16 and group.device.type == "cpu":
            widen_depthwise(self.model)
        self.optimiser = task.optimiser(self.model)
        self.scaler = torch.amp.GradScaler(group.device.type, enabled=self.dtype == torch.float16)
        self.best = Best()
        self._forward: nn.Module = self.model
        self._frozen: bool | None = None  # set by the first step
        self._unchecked: deque[Unchecked] = deque()

    @property
    def recipe(self) -> Settings:
        """The task's settings."""
        return self.task.recipe

    def start_from(self, weights: Path) -> None:
        """Load every tensor of a weights file whose name and shape match; report the rest.

        Raises:
            WeightsError: the file cannot be read, or nothing in it fits.
        """
        network, given = read_state(weights)
        own = self.model.state_dict()
        fitting = {k: v for k, v in given.items() if k in own and own[k].shape == v.shape}
        if not fitting:
            raise WeightsError(f"{weights}: none of its tensors fits {self.recipe.network}")
        self.model.load_state_dict(own | fitting)
        self.ema.module.load_state_dict(own | fitting)
        if not self.group.leads:
            return
        write_line(f"{weights} ({network}): loaded {len(fitting)} of {len(own)} tensors")
        for what, names in (
            ("different shape", (own.keys() & given.keys()) - fitting.keys()),
            ("not in the file", own.keys() - given.keys()),
            ("not in the network", given.keys() - own.keys()),
        ):
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                write_line(f"  {what}: {', '.join(sorted(names)[:3])}{more}")

    def train_step(self, parts: Sequence[Any]) -> Losses:
        """Run each part forward and backward, then step the optimiser; return the mean loss.

        With several processes, gradients are averaged over all of them.

        Raises:
            NonFiniteLossError: a part's loss is not finite.
        """
        forward = self._ready()
        for settings in self.optimiser.param_groups:
            settings["lr"] = learning_rate(self.step, self.recipe)
        terms = [
            self._backward(forward, part, len(parts), last=part is parts[-1]) for part in parts
        ]
        self.scaler.unscale_(self.optimiser)
        if self.recipe.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad(set_to_none=True)
        self.ema.update_parameters(self.model)
        self.step += 1
        return {name: torch.stack([part[name] for part in terms]).mean() for name in terms[0]}

    def _backward(self, forward: nn.Module, batch: Any, parts: int, last: bool) -> Losses:
        """Add a part's gradients; processes exchange them with the last part's."""
        device = self.group.device
        there = type(batch)(*(part.to(device, non_blocking=True) for part in batch))
        pictures = there.pictures.contiguous(memory_format=torch.channels_last)
        alone = isinstance(forward, DistributedDataParallel) and not last
        with forward.no_sync() if alone else nullcontext():  # type: ignore[operator]
            with autocast(self.recipe, device):
                outputs = forward(pictures)
            losses = self.task.loss(outputs, there)
            self._unchecked.append(Unchecked(losses["loss"], self.step, batch))
            self.check_losses(LATER if device.type == "cuda" else 0)
            self.scaler.scale(losses["loss"] / parts).backward()  # type: ignore[no-untyped-call]
        return {name: term.detach() for name, term in losses.items()}

    def check_losses(self, later: int = 0) -> None:
        """Check the losses of all parts but the last `later` ones.

        Raises:
            NonFiniteLossError: one is infinite or not a number.
        """
        while len(self._unchecked) > later:
            self._unchecked.popleft().check()

    def _ready(self) -> nn.Module:
        """Return the network to call in this step, its backbone frozen or not as the step needs."""
        frozen = self.step < self.recipe.freeze_steps
        if frozen != self._frozen:
            self._frozen = frozen
            self.model.basenet.requires_grad_(not frozen)
            self._forward = self.model
            if self.recipe.compiled:
                self._forward = Compiled(self.model, self.group.leads)
            if self.group.size > 1:
                self._forward = DistributedDataParallel(self._forward)
        self.model.train()
        # A frozen backbone also keeps its batch norm statistics.
        self.model.basenet.train(not frozen)
        return self._forward

    def save_average(self, path: Path) -> None:
        """Write the averaged weights; raises a CraftliteError if they cannot be written."""
        save_model(path, self.recipe.network, self.ema.module.state_dict(), self.task.about)

    def state(self) -> dict[str, Any]:
        """Return everything that the next step depends on, as tensors and plain values."""
        return {
            "step": self.step,
            "recipe": asdict(self.recipe),
            "datasets": list(self.task.datasets),
            "best": asdict(self.best),
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": torch.get_rng_state(),
            "torch": str(torch.__version__),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from the result of `state`."""
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
        self.best = Best(**state["best"])
        self.step = state["step"]
