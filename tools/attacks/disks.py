"""Commands on a disk that is full, and continued once there is room.

A limit on the size of a file stands for the disk: writing beyond it fails, as it does there.
"""

from functools import partial
from pathlib import Path
from random import Random

from tools.attacks.checks import check_stopped, named, resumed
from tools.attacks.jobs import AFTER, COMMAND_SECONDS, JOBS, ended, start, undisturbed
from tools.attacks.worker import NOT_ANSWERED, Attack, Broken


def attack_by_full_disk(command: str, rng: Random, folder: Path) -> None:
    """Run a job that has no room for some file of its, look at what it left, and finish it."""
    job, shared, out = rng.choice(JOBS[command]), folder.parents[1], folder / "out"
    usual = undisturbed(job, shared).folder
    file = usual / rng.choice(sorted(named(usual, ("**/*",))))
    code, said = ended(start(job, shared, out, largest=rng.randrange(file.stat().st_size)))
    if NOT_ANSWERED in said:
        raise Broken(f"{job.name}: a traceback on a full disk\n{said}")
    if code != 1:
        raise Broken(f"{job.name}: ends with {code} on a full disk\n{said}")
    if str(out) not in said:
        raise Broken(f"{job.name}: no line names the file that has no room\n{said}")
    check_stopped(job, shared, out)
    resumed(job, shared, out)


DISKS = {
    f"disk-{command}": Attack(
        partial(attack_by_full_disk, command), COMMAND_SECONDS, None, after=AFTER[command]
    )
    for command in JOBS
}
