"""Generate pictures with one feature of the generator left out, to measure what it contributes.

    python -m tools.synth_arms no-blur --out no-blur --count 2000 --backgrounds photographs

To see how much accuracy on photographs a feature is worth, train on each folder, from the same
weights and with the same settings, and compare the runs with `tools/score_runs.py`. `base` leaves
nothing out.
"""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from craftlite.data.sample import Sample
from craftlite.synth import camera, generator, paint, placement
from craftlite.synth.backgrounds import distractors
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting import block
from craftlite.synth.writer import write_dataset

# A module, the name of an attribute in it, and the attribute's new value.
Change = tuple[ModuleType, str, Any]


def without_faults(*names: str) -> Change:
    """Return the change that removes some of the camera's faults."""
    left = {name: fault for name, fault in camera.FAULTS.items() if name not in names}
    return camera, "FAULTS", left


def without_kinds(*kinds: block.Kind) -> Change:
    """Return the change that removes some kinds of text blocks."""
    left = {kind: share for kind, share in block._SHARES.items() if kind not in kinds}
    return block, "_SHARES", left


ARMS: dict[str, tuple[Change, ...]] = {
    "base": (),
    "no-blur": (without_faults("defocus", "motion"),),
    "no-few-pixels": (without_faults("few pixels"),),
    "no-light": (without_faults("light", "glare"),),
    "no-tone": (without_faults("tone"),),
    "no-noise": (without_faults("noise", "sharpening"),),
    "no-jpeg": (without_faults("jpeg"),),
    "no-faults": ((camera, "CLEAN", 1.0),),
    "no-depth": ((placement, "DEPTH", 0.0),),
    "no-clutter": ((distractors, "CLUTTERED", 0.0),),
    "no-cables": ((distractors, "COVERED", 0.0),),
    "no-wear": ((paint, "WORN", 0.0),),
    "no-plates": ((generator, "PLATES", 0.0),),
    "no-curves": (without_kinds(block.arched, block.waved, block.stacked),),
    "no-forms": (
        without_kinds(block.on_display, block.ruled_table, block.receipt),
        (block, "STENCILLED", 0.0),
        (block, "DOTTED", 0.0),
    ),
    "no-large": ((generator, "LARGER", 0.0),),
}


@cache
def leave_out(arm: str) -> None:
    """Apply an arm's changes to the modules of this process, once."""
    for module, name, value in ARMS[arm]:
        setattr(module, name, value)


@dataclass(frozen=True)
class ArmGenerator(Generator):
    """A generator that leaves a feature out, also in worker processes."""

    arm: str = "base"

    def sample(self, index: int) -> Sample:
        """Return picture number `index`."""
        leave_out(self.arm)
        return super().sample(index)


def parse_arguments(arguments: Iterable[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("arm", choices=ARMS, help="feature to leave out")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    add("--count", type=int, default=2000, metavar="N", help="number of pictures")
    add("--seed", type=int, default=0, metavar="S", help="random seed")
    add("--side", type=int, default=512, metavar="PIXELS", help="side of the square pictures")
    add("--backgrounds", type=Path, metavar="DIR", help="photographs to write on")
    add("--fonts", type=Path, metavar="DIR", help="font files; default: the system's fonts")
    add("--typical-words", type=int, default=20, metavar="N", help="per 640x640 pixels")
    add("--pages", type=float, default=0.12, metavar="SHARE", help="fraction of text pages")
    add("--workers", type=int, default=os.cpu_count(), metavar="N", help="number of processes")
    return parser.parse_args(None if arguments is None else list(arguments))


def main(arguments: Iterable[str] | None = None) -> None:
    """Write the pictures of an arm to a folder."""
    args = parse_arguments(arguments)
    made = replace(
        ArmGenerator.from_folders(args.backgrounds, args.fonts),
        arm=args.arm,
        size=(args.side, args.side),
        seed=args.seed,
        typical_words=args.typical_words,
        pages=args.pages,
    )
    totals = write_dataset(made, args.out, args.count, workers=args.workers)
    print(f"{args.out}: {totals['pictures']} pictures, {totals['words']} words")


if __name__ == "__main__":
    main()
