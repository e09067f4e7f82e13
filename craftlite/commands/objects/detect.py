"""`craftlite objects detect`: find objects in pictures, and print or write them."""

import json
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import ClosedUnitInterval, PositiveInt

from craftlite.commands.shared.options import new_parser, parse_workers
from craftlite.commands.shared.pages import Finish, Page, PageWork, add_inputs, find_inputs
from craftlite.draw import write_drawing
from craftlite.errors import ConfigError, CraftliteError
from craftlite.files import write_whole
from craftlite.formats import part_target
from craftlite.geometry import Picture, Size
from craftlite.image.document import parse_pages
from craftlite.objects import ObjectDetector
from craftlite.objects.coco import objects_as_coco
from craftlite.objects.detector import MIN_SCORE
from craftlite.objects.draw import draw_objects
from craftlite.parallel import share_threads
from craftlite.progress import Progress

COCO = "coco.json"


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Find objects in pictures. Without --out, prints one JSON object for each picture, each on "
        "a line of its own."
    )
    add = result.add_argument
    add_inputs(result)
    weights = "ONNX file of a detector, as written by craftlite objects train"
    add("--weights", required=True, metavar="FILE", help=weights)
    add("--out", type=Path, metavar="DIR", help="folder to write results to")
    form = f"one JSON file per picture, or one {COCO} for all pictures, which needs --out"
    add("--format", choices=("json", "coco"), default="json", help=form)
    add("--overlay", action="store_true", help="also draw the objects, in OUT/overlay")
    add("--overwrite", action="store_true", help="replace results that are already in OUT")
    least = "leave out objects with a lower score"
    add("--min-score", type=ClosedUnitInterval, default=MIN_SCORE, metavar="S", help=least)
    device = "device: auto, cpu, cuda, or another ONNX Runtime execution provider, such as coreml"
    add("--device", type=str, default="auto", metavar="NAME", help=device)
    threads = "total number of CPU threads; by default one per core"
    add("--threads", type=PositiveInt, metavar="N", help=threads)
    workers = "number of pictures to process in parallel; auto uses one worker per thread"
    add("--workers", type=str, default="auto", metavar="auto|N", help=workers)
    return result


def run(args: Namespace) -> int:
    """Detect objects in all inputs; return 0, or 1 if some failed, each reported on stderr.

    Raises:
        ConfigError: options contradict one another, or a result already exists.
        WeightsError: the weights cannot be used.
    """
    if args.out is None and (args.overlay or args.format == "coco"):
        raise ConfigError("--overlay and --format coco write files; add --out DIR")
    args.pages = parse_pages(args.pages)
    skip = [args.out / "overlay"] if args.out else []
    inputs, failed = find_inputs(args, skip)
    if not inputs:
        return 1
    workers, threads = share_threads(parse_workers(args.workers), args.threads, len(inputs))
    detector = ObjectDetector(args.weights, args.device, threads)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
    work = _Work(args=args, failed=failed, workers=workers, detector=detector)
    work.refuse_to_replace([item.target for item in inputs])
    work.go_through(inputs)
    return int(work.failed > 0)


@dataclass(kw_only=True)
class _Work(PageWork):
    """Detects objects in one page after another."""

    detector: ObjectDetector
    records: list[dict[str, Any]] = field(default_factory=list)

    def refuse_to_replace(self, targets: list[PurePath]) -> None:
        """Raise a ConfigError if a result already exists."""
        out, coco = self.args.out, self.args.format == "coco"
        if out is None or self.args.overwrite:
            return
        files = [out / COCO] if coco else [out / f"{target}.json" for target in targets]
        if there := next((file for file in files if file.exists()), None):
            raise ConfigError(f"{there}: already exists; add --overwrite or choose another --out")

    def wants(self, page: Page) -> bool:
        if self.args.out is not None and self.args.format == "json" and not self.args.overwrite:
            file = self.args.out / f"{part_target(page.item.target, page.part)}.json"
            if file.exists():
                raise CraftliteError(f"{page.name}: {file} already exists; add --overwrite")
        return True

    def work_on(self, page: Page, picture: Picture, size: Size) -> Finish:
        objects = self.detector.find(picture, self.args.min_score)
        target = part_target(page.item.target, page.part)
        if self.args.overlay:
            drawn = draw_objects(picture, objects, self.detector.classes)
            write_drawing(self.args.out / "overlay" / target, drawn)
        record = {"image": page.item.name, **page.part, **objects.to_dict()}
        return partial(self._write, target, record)

    def _write(self, target: PurePath, record: dict[str, Any]) -> None:
        self.done += 1
        if self.args.format == "coco":
            self.records.append(record)
        elif self.args.out is not None:
            write_whole(self.args.out / f"{target}.json", json.dumps(record) + "\n")
        else:
            Progress.write(json.dumps(record), file=sys.stdout)

    def close(self) -> None:
        """Write the COCO file of the finished pictures, also after an interrupt."""
        if self.args.format == "coco":
            write_whole(self.args.out / COCO, objects_as_coco(self.records, self.detector.classes))
