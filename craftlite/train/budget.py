"""Training within a time limit: the first steps are timed to find how many steps fit."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from craftlite.errors import ConfigError
from craftlite.progress import write_line
from craftlite.train.recipe import Settings

UNKNOWN = 10**9  # number of steps, until the pace has been measured
MEASURED = 0.05  # fraction of the time spent measuring the pace
FEWEST = 6  # minimum number of steps to measure, after at least as many warm-up steps
WARMUP = 0.1  # largest fraction of the steps used for learning-rate warm-up
SPARE = 0.03  # fraction of the time kept in reserve
# Seconds for saving, drawing, exporting and exiting, in addition to the last validation.
LEAVING = 20.0


@dataclass
class Budget:
    """Finds how many steps fit into the time limit, and stops early if the pace drops.

    Attributes:
        minutes: time limit of the whole training.
        began: start of that time, as a reading of `clock`.
        clock: returns seconds since an arbitrary moment.
    """

    minutes: float
    began: float
    clock: Callable[[], float] = time.monotonic
    _validation: float = 0.0  # seconds that one validation takes
    _first: float = 0.0  # when the first step began
    _done: int = 0  # steps done since then
    _warm: tuple[int, float] | None = None  # steps done and time when measuring began

    @property
    def deadline(self) -> float:
        """The time by which the last step must be done."""
        return self.began + 60 * self.minutes - LEAVING - self._validation

    def begin(self, validation: float) -> None:
        """Start the clock for the first step.

        validation: seconds that one validation takes.

        Raises:
            ConfigError: no time is left for any step.
        """
        self._validation, self._first = validation, self.clock()
        if self._first >= self.deadline:
            raise ConfigError(
                f"minutes is {self.minutes:g}: getting ready took {self._first - self.began:.0f} s "
                f"and ending takes about {LEAVING + validation:.0f} s; give more minutes, or "
                "validate fewer pictures"
            )

    def steps(self, recipe: Settings, step: int) -> int:
        """Return the total number of steps, as far as it is known after `step` steps.

        The number is UNKNOWN until the pace has been measured. After that it changes only if time
        runs out early: the next step is then the last.
        """
        now = self.clock()
        if now >= self.deadline and step + 1 < recipe.steps:
            known = f" of {recipe.steps}" if recipe.steps < UNKNOWN else ""
            write_line(f"time is up: the training ends at step {step + 1}{known}")
            return step + 1
        return recipe.steps if recipe.steps < UNKNOWN else self._measured(now, step)

    def _measured(self, now: float, step: int) -> int:
        """Return how many steps fit, or UNKNOWN until enough steps have been measured."""
        self._done += 1
        share = (now - self._first) / (self.deadline - self._first)
        if self._warm is None:
            if self._done >= FEWEST and share >= MEASURED / 2:
                self._warm = self._done, now
            return UNKNOWN
        done, since = self._done - self._warm[0], now - self._warm[1]
        if done < FEWEST or share < MEASURED:
            return UNKNOWN
        pace = since / done
        steps = step + max(1, int((self.deadline - now) * (1 - SPARE) / pace))
        write_line(f"{pace:.3g} s per step: {steps} steps in {self.minutes:g} minutes")
        return steps


def with_steps(recipe: Settings, steps: int) -> Settings:
    """Return a recipe with a fixed number of steps, at most a tenth of them warm-up."""
    warmup = min(recipe.warmup, int(WARMUP * (steps - recipe.restart)))
    return replace(recipe, steps=steps, warmup=warmup, minutes=0.0)
