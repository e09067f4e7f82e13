"""A training in so many minutes: its first steps measure how many there is time for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from craftlite.errors import ConfigError
from craftlite.progress import write_line
from craftlite.train.recipe import Settings

UNKNOWN = 10**9  # steps, until the pace is measured
MEASURED = 0.05  # share of the time in which the pace is measured
FEWEST = 6  # steps that are measured at least, after as many that warm up
WARMUP = 0.1  # largest share of the steps
SPARE = 0.03  # share of the time that is kept in hand
# Seconds to save, draw, export and leave, beside the last validation.
LEAVING = 20.0


@dataclass
class Budget:
    """Finds how many steps there is time for, and ends the training early where the pace falls.

    Attributes:
        minutes: of the whole training.
        began: when its time began, in the seconds of `clock`.
        clock: seconds since some moment.
    """

    minutes: float
    began: float
    clock: Callable[[], float] = time.monotonic
    _validation: float = 0.0  # seconds
    _first: float = 0.0  # when the first step began
    _done: int = 0  # steps
    _warm: tuple[int, float] | None = None  # steps and time when measuring began

    @property
    def deadline(self) -> float:
        """When the last step must be done."""
        return self.began + 60 * self.minutes - LEAVING - self._validation

    def begin(self, validation: float) -> None:
        """The first step begins; a validation takes so many seconds.

        Raises:
            ConfigError: no time is left for steps.
        """
        self._validation, self._first = validation, self.clock()
        if self._first >= self.deadline:
            raise ConfigError(
                f"minutes is {self.minutes:g}: getting ready took {self._first - self.began:.0f} s "
                f"and ending takes about {LEAVING + validation:.0f} s; give more minutes, or "
                "validate fewer pictures"
            )

    def steps(self, recipe: Settings, step: int) -> int:
        """How many steps the training has in all, as far as is known when `step` of them are done.

        Once it is known it changes only where time runs out before: then the next step is the last.
        """
        now = self.clock()
        if now >= self.deadline and step + 1 < recipe.steps:
            known = f" of {recipe.steps}" if recipe.steps < UNKNOWN else ""
            write_line(f"time is up: the training ends at step {step + 1}{known}")
            return step + 1
        return recipe.steps if recipe.steps < UNKNOWN else self._measured(now, step)

    def _measured(self, now: float, step: int) -> int:
        """The steps that there is time for; UNKNOWN until enough of them were measured."""
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
        write_line(f"{pace:.3g} s a step: {steps} steps in {self.minutes:g} minutes")
        return steps


def with_steps(recipe: Settings, steps: int) -> Settings:
    """An ordinary recipe of so many steps, whose warm-up takes a tenth of them at most."""
    warmup = min(recipe.warmup, int(WARMUP * (steps - recipe.restart)))
    return replace(recipe, steps=steps, warmup=warmup, minutes=0.0)
