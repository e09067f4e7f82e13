"""A training in so many minutes: its first steps tell how many there is time for."""

import sys
import time
from dataclasses import dataclass, replace

from tqdm import tqdm

from craftlite.errors import ConfigError
from craftlite.train.recipe import Recipe

ENDLESS = 10**9  # steps, until it is known how many
MEASURED = 0.05  # share of the budget in which the pace is measured
FEWEST = 12  # steps that are measured at least; the first half, which warms up, does not count
WARMUP = 0.1  # largest share of the steps
SPARE = 0.03  # share of the time that is kept in hand
# Seconds to save, draw, export and leave, beside the last validation.
LEAVING = 20.0


@dataclass
class Budget:
    """Plans a recipe's steps once its pace is known, and ends it early where the pace falls.

    Attributes:
        began: when the training's time began, by `time.monotonic`.
        minutes: of the whole training.
        validation: seconds that one validation takes.
    """

    began: float
    minutes: float
    validation: float = 0.0
    _first: float | None = None
    _half: tuple[int, float] = (0, 0.0)
    _done: int = 0

    @property
    def deadline(self) -> float:
        """When the last step must be done."""
        return self.began + 60 * self.minutes - LEAVING - self.validation

    def begin(self) -> None:
        """The first step starts.

        Raises:
            ConfigError: no time is left for steps.
        """
        now = self._first = time.monotonic()
        if now >= self.deadline:
            raise ConfigError(
                f"minutes is {self.minutes:g}: getting ready took {now - self.began:.0f} s and "
                f"ending takes about {LEAVING + self.validation:.0f} s; give more, or validate "
                "fewer pictures"
            )

    def steps(self, recipe: Recipe, step: int) -> int:
        """How many steps the training has in all, as far as is known after step number `step`.

        Once it is known it changes only where time runs out before: then the next step is the last.
        """
        now = time.monotonic()
        assert self._first is not None
        if recipe.steps < ENDLESS:
            if now < self.deadline or step + 1 >= recipe.steps:
                return recipe.steps
            _say(f"time is up: ends at step {step + 1} of {recipe.steps}")
            return step + 1
        self._done += 1
        share = (now - self._first) / (self.deadline - self._first)
        if not self._half[0] and 2 * self._done >= FEWEST and share >= MEASURED / 2:
            self._half = self._done, now
        counted = self._done - self._half[0] if self._half[0] else 0
        if share < MEASURED or 2 * counted < FEWEST:
            return recipe.steps if share < 1 else step + 1
        pace = (now - self._half[1]) / counted
        steps = step + max(1, int((self.deadline - now) * (1 - SPARE) / pace))
        _say(f"{pace:.3f} s a step: {steps} steps in {self.minutes:g} minutes")
        return steps


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    """An ordinary recipe of so many steps; the warm-up takes its part of them at most."""
    return replace(recipe, steps=steps, warmup=min(recipe.warmup, int(WARMUP * steps)), minutes=0.0)


def _say(sentence: str) -> None:
    tqdm.write(sentence, file=sys.stderr)
