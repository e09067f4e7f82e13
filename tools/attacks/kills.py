"""Commands killed or interrupted at random moments, and continued."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

from tools.attacks.checks import check_stopped, resumed
from tools.attacks.jobs import (
    AFTER,
    COMMAND_SECONDS,
    JOBS,
    Job,
    Undisturbed,
    ended,
    start,
    undisturbed,
    wait_for_a_file,
)
from tools.attacks.worker import NOT_ANSWERED, Attack, Broken

INTERRUPTED = 130
PATIENCE = 20.0  # seconds after which processes that a killed one had started must be gone


def attack_by_kills(command: str, rng: Random, folder: Path) -> None:
    """Stop a job once or twice, look at what it left, and finish it with --resume."""
    job, shared, out = rng.choice(JOBS[command]), folder.parents[1], folder / "out"
    usual = undisturbed(job, shared)
    for resume in range(rng.choice((1, 1, 2))):
        number = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT))
        process = start(job, shared, out, resume=bool(resume))
        code, said = stopped(process, number, rng, out, usual)
        check_answer(job, number, code, said)
        check_stopped(job, shared, out)
    resumed(job, shared, out)


def stopped(
    process: "subprocess.Popen[str]", number: int, rng: Random, out: Path, usual: Undisturbed
) -> tuple[int, str]:
    """Exit code and stderr of a job that gets a signal at a random moment.

    Half of the moments are after the first file, which comes late and is where it matters.
    """
    seconds = usual.seconds
    if rng.random() < 0.5:
        wait_for_a_file(process, out)
        seconds -= usual.first
    with suppress(subprocess.TimeoutExpired):
        process.wait(rng.uniform(0, seconds))
    if number == signal.SIGINT:
        # A terminal's Ctrl-C goes to all processes of the command.
        signal_all(number)
    else:
        process.kill()
    answer = ended(process)
    wait_until_alone()
    return answer


def check_answer(job: Job, number: int, code: int, said: str) -> None:
    """Raises Broken where an interrupted job does not end as it should."""
    # One that is killed says nothing more, but its workers may say that it is gone.
    if NOT_ANSWERED in said and number == signal.SIGINT:
        raise Broken(f"{job.name}: a traceback after {signal.Signals(number).name}\n{said}")
    # Python's last moments are the system's again; for shells, too, that is 130.
    if code not in (0, -number, *([INTERRUPTED] if number == signal.SIGINT else [])):
        raise Broken(f"{job.name}: ends with {code} after {signal.Signals(number).name}\n{said}")


def signal_all(number: int) -> None:
    """Send a signal to all that this process has started."""
    for process in group_members():
        with suppress(ProcessLookupError):
            os.kill(process, number)


def wait_until_alone() -> None:
    """Wait until processes that a stopped job had started are gone.

    Raises:
        Broken: some are still there after PATIENCE; they are killed.
    """
    end = time.monotonic() + PATIENCE
    while group_members():
        if time.monotonic() > end:
            signal_all(signal.SIGKILL)
            raise Broken("a stopped command leaves processes behind")
        time.sleep(0.02)


def group_members() -> list[int]:
    """The living processes of this one's group, without itself."""
    mine, members = os.getpgrp(), []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            state, _, group, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(group) == mine and state not in "ZX":
                members.append(int(entry.name))
    return members


KILLS = {
    f"kill-{command}": Attack(
        *(partial(attack_by_kills, command), COMMAND_SECONDS, None), share=2, after=AFTER[command]
    )
    for command in JOBS
}
