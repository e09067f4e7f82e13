"""Attack craftlite as an unlucky or hostile day would, and say what did not hold.

    python -m tools.attack --minutes 5 --seed 0
    python -m tools.attack --only pictures --seed 0 --case 17

Pictures, datasets, result files, weights and recipes are changed at random and read: craftlite must
answer, or refuse with an error of its own. Commands are killed, interrupted and run on a full disk:
nothing half-written may stand, and `--resume` must finish the work. Every case has a limit of time
and memory. What did not hold is printed once, with the line that repeats it, and its files are
kept in --out; the table counts how often. The exit code is 1 where there was anything.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from tools.attacks.disks import DISKS
from tools.attacks.kills import KILLS
from tools.attacks.labels import LABELS
from tools.attacks.pictures import PICTURES
from tools.attacks.recipes import RECIPES
from tools.attacks.results import RESULTS
from tools.attacks.weights import WEIGHTS
from tools.attacks.worker import Attack, Finding, Worker

ATTACKS: Mapping[str, Attack] = {
    "pictures": PICTURES,
    "labels": LABELS,
    "results": RESULTS,
    "weights": WEIGHTS,
    "recipes": RECIPES,
    **KILLS,
    **DISKS,
}


@dataclass
class Tally:
    """What was tried of one kind: cases, findings, and the seconds that they took."""

    cases: int = 0
    findings: int = 0
    seconds: float = 0.0
    told: set[str] = field(default_factory=set)


def attack(
    attacks: Mapping[str, Attack], seed: int, minutes: float, out: Path, case: int | None = None
) -> dict[str, Tally]:
    """Try cases of every kind until time is up, or of each kind only the given case."""
    tallies = {kind: Tally() for kind in attacks}
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        rounds = _Rounds(attacks, seed, out, Path(scratch), stack)
        if case is not None:
            for kind, tally in tallies.items():
                rounds.one(kind, tally, case)
            return tallies
        bar = stack.enter_context(
            tqdm(total=round(60 * minutes), unit="s", disable=not sys.stderr.isatty())
        )
        start = time.monotonic()
        while (passed := time.monotonic() - start) < 60 * minutes:
            bar.update(round(passed) - bar.n)
            kind = min(attacks, key=lambda kind: due(attacks[kind], tallies[kind]))
            rounds.one(kind, tallies[kind], tallies[kind].cases)
    return tallies


def due(attack: Attack, tally: Tally) -> float:
    """A number that is least for the kind whose turn it is."""
    return tally.seconds / attack.share if tally.cases else attack.after


class _Rounds:
    """Tries single cases, those of each kind in a process of its own, which starts here."""

    def __init__(
        self, attacks: Mapping[str, Attack], seed: int, out: Path, scratch: Path, stack: ExitStack
    ) -> None:
        self._seed, self._out, self._scratch = seed, out, scratch
        self._workers: dict[str, Worker] = {}
        for kind, chosen in attacks.items():
            log = scratch / f"{kind}.log"
            log.touch()
            self._workers[kind] = Worker(kind, chosen, log)
            stack.callback(self._workers[kind].close)

    def one(self, kind: str, tally: Tally, case: int) -> None:
        """Try a case, count it, and tell what did not hold."""
        start = time.monotonic()
        folder = self._scratch / kind / str(case)
        folder.mkdir(parents=True)
        finding = self._workers[kind].attack(self._seed, case, folder)
        if finding is not None:
            tally.findings += 1
            if finding.what not in tally.told:
                tally.told.add(finding.what)
                self._tell(kind, case, folder, finding)
        shutil.rmtree(folder)
        tally.cases += 1
        tally.seconds += time.monotonic() - start

    def _tell(self, kind: str, case: int, folder: Path, finding: Finding) -> None:
        repeat = f"--only {kind} --seed {self._seed} --case {case}"
        tqdm.write(f"{kind}: {finding.what}; repeat with {repeat}", file=sys.stdout)
        sys.stdout.flush()
        kept = self._out / f"{kind}-{self._seed}-{case}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept, symlinks=True)
        (kept / "finding.txt").write_text(f"{repeat}\n\n{finding.details}\n", "utf-8", "replace")


def table(tallies: Mapping[str, Tally]) -> str:
    """Cases, findings and cases a second of each kind."""
    lines = [f"{'kind':<14}{'cases':>8}{'findings':>10}{'distinct':>10}{'cases/s':>10}"]
    for kind, t in tallies.items():
        speed = t.cases / t.seconds if t.seconds else 0.0
        lines.append(f"{kind:<14}{t.cases:>8}{t.findings:>10}{len(t.told):>10}{speed:>10.2f}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Attack, print the table; 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--minutes", type=float, default=2.0, help="until no new case begins [2]")
    add("--seed", type=int, default=0, help="of the cases [0]")
    add("--only", choices=ATTACKS, action="append", metavar="KIND", help=", ".join(ATTACKS))
    add("--case", type=int, metavar="N", help="try this case of --only and no other")
    out = "folder for the files of what did not hold [runs/attack]"
    add("--out", type=Path, default=Path("runs/attack"), metavar="DIR", help=out)
    args = parser.parse_args(argv)
    if args.case is not None and not args.only:
        parser.error("--case needs --only KIND")
    chosen = {kind: ATTACKS[kind] for kind in args.only or ATTACKS}
    tallies = attack(chosen, args.seed, args.minutes, args.out, args.case)
    print(table(tallies))
    return 1 if any(tally.findings for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
