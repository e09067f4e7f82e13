"""Cases of one kind of attack, tried in a process with a limit of time and memory."""

import faulthandler
import os
import re
import resource
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import NamedTuple

from craftlite.errors import CraftliteError

# On machines with many cores, threads alone would use up the limit of memory.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
GRACE = 2.0  # seconds between the stack of a case that is stuck and the end of its process
NOT_ANSWERED = "Traceback (most recent call last)"


class Attack(NamedTuple):
    """One kind of attack.

    Attributes:
        run: makes one case from a generator in an empty folder, and tries it. A CraftliteError is
            an answer; any other exception is a finding.
        seconds: that a case may take.
        mebibytes: of address space; None sets no limit, which commands need that run torch.
        share: of the harness's time, relative to the other kinds.
        after: seconds for each share of 1 that the other kinds have before the first case of this
            one, where its cases take long.
    """

    run: Callable[[Random, Path], None]
    seconds: float = 20.0
    mebibytes: int | None = 4096
    share: float = 1.0
    after: float = 0.0


class Broken(Exception):  # noqa: N818 (what it says is that a promise is)
    """A promise that did not hold, in one line that is the same each time; details follow it."""


class Finding(NamedTuple):
    """What did not hold: in one line, and in full."""

    what: str
    details: str


def case_generator(kind: str, seed: int, case: int) -> Random:
    """The generator of a case, the same on every machine."""
    return Random(f"{kind} {seed} {case}")


class Worker:
    """A process that tries one case after another; a new one takes over where it dies.

    Args:
        kind: the attack's name, which its cases are seeded by.
        attack: what it tries.
        log: file for what the process says on stdout and stderr.
    """

    def __init__(self, kind: str, attack: Attack, log: Path) -> None:
        self._kind, self._attack, self._log = kind, attack, log
        self._start()

    def _start(self) -> None:
        os.environ.update(ONE_THREAD)
        context = get_context("spawn")
        self._pipe, other = context.Pipe()
        arguments = (self._kind, self._attack, other, self._log)
        self._process = context.Process(target=_serve, args=arguments)
        self._process.start()
        other.close()
        self._pipe.recv()  # imports are not the first case's time

    def attack(self, seed: int, case: int, folder: Path) -> Finding | None:
        """Try a case in a folder; what did not hold, if anything."""
        before = self._log.stat().st_size
        self._pipe.send((seed, case, folder))
        try:
            if not self._pipe.poll(self._attack.seconds + GRACE):
                return self._ended(before, f"no end after {self._attack.seconds:.0f} seconds")
            finding: Finding | None = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(GRACE)
            return self._ended(before, f"the process ended with {self._process.exitcode}")
        said = self._said(before)
        if finding is None and NOT_ANSWERED in said:
            return Finding(f"a traceback on stderr{place(said)}", said)
        return finding

    def _ended(self, before: int, what: str) -> Finding:
        said = self._said(before)
        self.close()
        self._start()
        return Finding(what + place(said), said)

    def _said(self, before: int) -> str:
        return self._log.read_bytes()[before:].decode("utf-8", "replace")

    def close(self) -> None:
        """End the process, and those that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        self._pipe.close()


def _serve(kind: str, attack: Attack, pipe: Connection, log: Path) -> None:
    """What the process does, in a group of its own so that all it starts can be ended."""
    os.setsid()
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    faulthandler.enable()
    if attack.mebibytes:
        most = attack.mebibytes * 1024**2
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    pipe.send("ready")
    with suppress(EOFError):
        while True:
            seed, case, folder = pipe.recv()
            faulthandler.dump_traceback_later(attack.seconds)
            finding = _tried(attack, case_generator(kind, seed, case), folder)
            faulthandler.cancel_dump_traceback_later()
            pipe.send(finding)


def _tried(attack: Attack, rng: Random, folder: Path) -> Finding | None:
    try:
        attack.run(rng, folder)
    except CraftliteError:
        return None
    except Broken as broken:
        return Finding(str(broken).split("\n", 1)[0], str(broken))
    except BaseException as error:
        text = traceback.format_exc()
        # The place where our code was left, which is the last of ours in a traceback.
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "craftlite" in f.filename]
        where = place(f'File "{frames[-1].filename}", line {frames[-1].lineno}') if frames else ""
        return Finding(f"{type(error).__name__}{where}", text)
    return None


def place(text: str) -> str:
    """ " at FILE:LINE" of the first of our files that a dumped stack names, or nothing."""
    found = re.search(r'File ".*?(craftlite/[^"]*\.py)", line (\d+)', text)
    return f" at {found[1]}:{found[2]}" if found else ""
