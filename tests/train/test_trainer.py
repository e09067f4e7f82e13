"""One step: what moves, what stays, in which arithmetic; and what is said of given weights."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._dynamo.backends.common import aot_autograd

from craftlite.data.loader import Batch
from craftlite.errors import WeightsError
from craftlite.model.files import save_model
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group
from craftlite.train.optimiser import optimiser_of
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Best, Compiled, NonFiniteLossError, Trainer, Unchecked

RECIPE = Recipe(steps=10, batch=2, crop=64, warmup=0, workers=0)
ALONE = Group(torch.device("cpu"))


def batch(seed: int = 0, count: int = 2) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randn(count, 3, 64, 64, generator=generator)
    scores = torch.rand(count, 2, 32, 32, generator=generator)
    return Batch(pictures, scores, torch.ones(count, 32, 32))


def copied(trainer: Trainer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def moved(before: dict[str, Tensor], trainer: Trainer) -> set[str]:
    now = trainer.model.state_dict()
    return {name for name, value in before.items() if not torch.equal(value, now[name])}


def test_sgd_follows_nesterov_momentum() -> None:
    weights = torch.nn.Parameter(torch.zeros(1, 1))
    module = torch.nn.ParameterList([weights])
    sgd = optimiser_of(
        module, Recipe(optimiser="sgd", learning_rate=0.1, momentum=0.9, weight_decay=0)
    )
    for _ in range(2):
        weights.grad = torch.ones(1, 1)
        sgd.step()
    # Velocities 1 and 1.9; Nesterov looks ahead by 0.9 of each.
    assert weights.item() == pytest.approx(-0.1 * (1 + 0.9 * 1) - 0.1 * (1 + 0.9 * 1.9))


def test_weight_decay_spares_batch_norm_and_biases() -> None:
    trainer = Trainer(DetectorTask(RECIPE), ALONE)
    decayed, spared = trainer.optimiser.param_groups
    assert decayed["weight_decay"] == RECIPE.weight_decay
    assert spared["weight_decay"] == 0
    assert all(parameter.ndim == 4 for parameter in decayed["params"])
    assert all(parameter.ndim == 1 for parameter in spared["params"])


def test_a_frozen_backbone_stays_as_it_is_and_then_moves() -> None:
    trainer = Trainer(DetectorTask(replace(RECIPE, freeze_steps=2)), ALONE)
    start = copied(trainer)
    for step in range(2):
        trainer.train_step([batch(step)])
    changed = moved(start, trainer)
    assert changed
    assert not any(name.startswith("basenet") for name in changed)
    trainer.train_step([batch(2)])
    changed = moved(start, trainer)
    assert any(name.startswith("basenet") and name.endswith("weight") for name in changed)
    assert any(name.startswith("basenet") and name.endswith("running_mean") for name in changed)


def test_parts_of_a_batch_add_up_to_its_step() -> None:
    recipe = replace(RECIPE, batch=4, optimiser="sgd")
    states = []
    for parts in ([batch(0, 4)], [Batch(*(t[k : k + 2] for t in batch(0, 4))) for k in (0, 2)]):
        trainer = Trainer(DetectorTask(recipe), ALONE)
        # Batch norm sees a part at a time, so it is left out of the comparison.
        for module in trainer.model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.train = lambda mode=True, module=module: module  # type: ignore[method-assign,misc]
                module.training = False
        loss = trainer.train_step(parts)
        states.append((loss["loss"], trainer.model.state_dict()["conv_cls.1.weight"]))
    assert torch.allclose(states[0][0], states[1][0], atol=1e-5)
    assert torch.allclose(states[0][1], states[1][1], atol=1e-6)


def test_bfloat16_trains_towards_the_same_and_keeps_weights_in_float32() -> None:
    losses = {}
    for precision in ("fp32", "bf16"):
        trainer = Trainer(DetectorTask(replace(RECIPE, precision=precision)), ALONE)
        losses[precision] = [float(trainer.train_step([batch()])["loss"]) for _ in range(4)]
        assert all(p.dtype == torch.float32 for p in trainer.model.parameters())
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.1)
    assert losses["bf16"] != losses["fp32"]
    assert losses["bf16"][-1] < losses["bf16"][0]


def test_a_loss_that_is_not_finite_names_its_step_and_has_its_batch() -> None:
    trainer = Trainer(DetectorTask(RECIPE), ALONE)
    trainer.train_step([batch()])
    before = copied(trainer)
    bad = batch(1)
    bad.pictures[0, 0, 0, 0] = torch.nan
    with pytest.raises(NonFiniteLossError, match=r"the loss is nan at step 1") as error:
        trainer.train_step([bad])
    assert error.value.batch is bad
    weights = {name for name in moved(before, trainer) if name.endswith((".weight", ".bias"))}
    assert not weights


def test_losses_are_checked_in_their_order_all_but_the_last_ones() -> None:
    trainer = Trainer(DetectorTask(RECIPE), ALONE)
    losses = [1.0, torch.nan, 2.0, torch.inf, 3.0]
    batches = [f"batch {step}" for step in range(5)]
    for step, loss in enumerate(losses):
        trainer._unchecked.append(Unchecked(torch.tensor(loss), step, batches[step]))
    for later in (8, 5, 4):  # none, none, and the first
        trainer.check_losses(later)
    with pytest.raises(NonFiniteLossError, match="the loss is nan at step 1") as error:
        trainer.check_losses(2)
    assert error.value.batch is batches[1]
    trainer.check_losses(2)
    with pytest.raises(NonFiniteLossError, match="the loss is inf at step 3") as error:
        trainer.check_losses()
    assert error.value.batch is batches[3]
    trainer.check_losses()


class LittleNetwork(torch.nn.Module):
    """Scores of the trained shape by two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.basenet = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2, padding=1), torch.nn.BatchNorm2d(8)
        )
        self.head = torch.nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        return (self.head(self.basenet(pictures).relu()).permute(0, 2, 3, 1),)


class LittleTask(DetectorTask):
    def build(self) -> torch.nn.Module:
        return LittleNetwork()


def refuse(graph: Any, inputs: Any) -> Any:
    """A compiler that knows no such network."""
    raise RuntimeError("no such network\nis known")


def refuse_backward(graph: Any, inputs: Any) -> Any:
    """A compiler that fails at the way back, which is translated when it is first gone."""
    return aot_autograd(fw_compiler=lambda graph, inputs: graph, bw_compiler=refuse)(graph, inputs)


@pytest.mark.parametrize("backend", [refuse, refuse_backward, "eager"])
def test_translated_or_not_a_network_learns_the_same(
    backend: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    plain, compiled = (
        Trainer(LittleTask(replace(RECIPE, compiled=on)), ALONE) for on in (False, True)
    )
    losses = [
        [float(trainer.train_step([batch(step)])["loss"]) for step in range(4)]
        for trainer in (plain, compiled)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert losses[0][-1] < losses[0][0]
    lines = [line for line in capsys.readouterr().err.splitlines() if "torch.compile" in line]
    assert len(lines) == (backend != "eager")
    assert all(line.startswith("torch.compile failed, training without it: ") for line in lines)
    one, other = plain.state()["model"], compiled.state()["model"]
    assert one.keys() == other.keys()
    assert all(torch.allclose(value, other[name]) for name, value in one.items())


def test_a_process_that_does_not_lead_says_nothing_of_a_failed_translation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=refuse))
    network, pictures = LittleNetwork(), batch().pictures
    quiet = Compiled(network, reports=False)
    for _ in range(2):
        assert torch.equal(quiet(pictures)[0], network(pictures)[0])
    assert capsys.readouterr().err == ""


def test_weights_to_start_from_are_reported_by_what_matched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = dict(Trainer(DetectorTask(replace(RECIPE, seed=5)), ALONE).model.state_dict())
    first = next(iter(state))
    taken = "conv_cls.1.bias"
    state["strange.weight"] = torch.zeros(1)
    state[first] = torch.zeros(3, 3)
    del state["conv_cls.1.weight"]
    save_model(tmp_path / "some.safetensors", "craftlite-small", state)
    trainer = Trainer(DetectorTask(RECIPE), ALONE)
    total = len(trainer.model.state_dict())
    trainer.start_from(tmp_path / "some.safetensors")
    said = capsys.readouterr().err
    assert f"loaded {total - 2} of {total} tensors" in said
    assert f"different shape: {first}" in said
    assert "not in the file: conv_cls.1.weight" in said
    assert "not in the network: strange.weight" in said
    assert torch.equal(trainer.model.state_dict()[taken], state[taken])
    assert torch.equal(trainer.ema.module.state_dict()[taken], state[taken])


def test_weights_of_which_nothing_fits_are_refused(tmp_path: Path) -> None:
    save_model(tmp_path / "other.safetensors", "craft-vgg16", {"a.weight": torch.zeros(2)})
    with pytest.raises(WeightsError, match="none of its tensors fits craftlite-small"):
        Trainer(DetectorTask(RECIPE), ALONE).start_from(tmp_path / "other.safetensors")


def test_the_best_validation_is_kept_and_patience_ends() -> None:
    best = Best()
    assert best.update(0.3, 10)
    assert not best.update(0.3, 20)
    assert not best.is_stale(2)
    assert not best.update(0.2, 30)
    assert best.is_stale(2)
    assert not best.is_stale(0)
    assert (best.score, best.step) == (0.3, 10)
    assert best.update(0.4, 40)
    assert not best.is_stale(1)
