"""Trainings in so many minutes: how many steps they get, and that they end in time."""

from dataclasses import dataclass

import pytest

from craftlite.errors import ConfigError
from craftlite.train.budget import LEAVING, UNKNOWN, Budget, with_steps
from craftlite.train.recipe import Recipe, Settings

ENDLESS = Recipe(steps=UNKNOWN, minutes=10.0)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def run(
    budget: Budget, clock: Clock, paces: list[float], validation: float = 0.0
) -> tuple[Recipe, int]:
    """The recipe at the end and the steps that were done; the last pace holds to the end."""
    recipe: Settings = ENDLESS
    step = 0
    budget.begin(validation)
    while step < recipe.steps:
        clock.now += paces[min(step, len(paces) - 1)]
        step += 1
        steps = budget.steps(recipe, step)
        if steps != recipe.steps:
            recipe = with_steps(recipe, steps)
    return recipe, step


@pytest.mark.parametrize("pace", [0.05, 1.0, 8.0])
def test_it_ends_in_time_and_uses_it(pace: float) -> None:
    clock = Clock()
    budget = Budget(10.0, clock.now, clock=clock)
    recipe, step = run(budget, clock, [pace], validation=30.0)
    assert recipe.steps == step
    assert recipe.minutes == 0
    assert budget.deadline == 1000 + 600 - LEAVING - 30
    assert 0.93 * 550 <= clock.now - 1000 <= 550


def test_first_steps_that_compile_do_not_count() -> None:
    clock = Clock()
    budget = Budget(10.0, clock.now, clock=clock)
    _, step = run(budget, clock, [60.0, 5.0, 1.0])
    assert step == pytest.approx(0.97 * (600 - LEAVING - 65), abs=25)


def test_where_the_pace_falls_it_ends_early_with_the_next_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    budget = Budget(10.0, clock.now, clock=clock)
    recipe, step = run(budget, clock, [1.0] * 100 + [2.0])
    assert recipe.steps == step < 400
    assert budget.deadline <= clock.now <= budget.deadline + 2
    assert f"time is up: the training ends at step {step} of " in capsys.readouterr().err


def test_a_pace_too_slow_to_be_measured_ends_in_time_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    budget = Budget(10.0, clock.now, clock=clock)
    _, step = run(budget, clock, [200.0])
    assert step == 4
    assert "time is up: the training ends at step 4\n" in capsys.readouterr().err


def test_no_time_for_a_step_is_said_before_the_first() -> None:
    clock = Clock()
    budget = Budget(1.0, clock.now, clock=clock)
    clock.now += 20
    with pytest.raises(ConfigError, match="took 20 s and ending takes about 45 s"):
        budget.begin(validation=25.0)


def test_the_warm_up_takes_a_tenth_at_most() -> None:
    assert with_steps(Recipe(warmup=300), 1000).warmup == 100
    assert with_steps(Recipe(warmup=300), 9000).warmup == 300
