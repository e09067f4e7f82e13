"""Progress of long work: a bar on a terminal, otherwise occasional lines of text; a summary."""

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from tqdm import tqdm

from craftlite.errors import printable

SECONDS = 30.0  # interval between lines


class Progress(tqdm):  # type: ignore[misc]
    """tqdm's bar on stderr; if stderr is not a terminal, lines of text with the same figures."""

    disable: bool

    def __init__(
        self, iterable: Iterable[Any] | None = None, desc: str = "", *, unit: str, **options: Any
    ) -> None:
        """Take tqdm's arguments, except for `file`, which is stderr."""
        self._plain = not sys.stderr.isatty()
        self._began = self._shown = time.monotonic()
        self._title, self._noun = desc, unit  # tqdm stores neither when it is disabled
        if self._plain:
            options |= {"ncols": 0, "mininterval": SECONDS}
        super().__init__(iterable, desc, unit=unit, file=sys.stderr, **options)

    def __del__(self) -> None:
        """Close the bar, if Ctrl-C did not interrupt its set-up."""
        with suppress(AttributeError):
            super().__del__()

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Draw the bar, or write a line if the last is SECONDS old; return whether it was drawn."""
        if not self._plain:
            return bool(super().display(msg, pos))
        if time.monotonic() - self._shown >= SECONDS:
            self._write_line()
        return False

    def clear(self, nolock: bool = False) -> None:
        """Remove the bar from the terminal, to write a message in its place; lines stay."""
        if not self._plain:
            super().clear(nolock)

    def close(self) -> None:
        """Leave the bar's last state, or write a last line if the work took SECONDS or longer."""
        if not self._plain:
            super().close()
        elif not self.disable:
            self.disable = True
            self._decr_instances(self)
            if self.leave and time.monotonic() - self._began >= SECONDS:
                self._write_line()

    def write_summary(self, count: int | None = None, **parts: int) -> None:
        """Replace the bar by a summary such as "12 pictures, 1 failed, 3.4 pictures/s".

        count: number of processed items; by default the bar's own count.
        parts: further counts, such as failed=1, skipped=3; zeros are left out.
        """
        self.leave = False
        self.close()
        count = self.n - self.initial if count is None else count
        facts = [f"{count} {self._noun}{'' if count == 1 else 's'}"]
        facts += [f"{part} {name.replace('_', ' ')}" for name, part in parts.items() if part]
        if count:
            rate = count / max(time.monotonic() - self._began, 1e-3)
            pace = f"{rate:.1f} {self._noun}s/s" if rate >= 1 else f"{1 / rate:.1f} s/{self._noun}"
            facts.append(pace)
        write_line((f"{self._title}: " if self._title else "") + ", ".join(facts))

    def _write_line(self) -> None:
        self._shown = time.monotonic()
        self.fp.write(f"{self}\n")
        self.fp.flush()


def write_line(text: str) -> None:
    """Write one line to stderr, above a bar if there is one, with control characters escaped."""
    tqdm.write(printable(text), file=sys.stderr)
