"""`craftlite objects detect`: find objects in pictures, and print or write them down."""

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
    """The options of the command."""
    result = new_parser(
        "Find objects in pictures. Without --out, one JSON object a line is printed for each "
        "picture."
    )
    add = result.add_argument
    add_inputs(result)
    weights = "the ONNX file of a detector, as craftlite objects train writes it"
    add("--weights", required=True, metavar="FILE", help=weights)
    add("--out", type=Path, metavar="DIR", help="folder to write results to")
    form = f"a JSON file for each picture, or one {COCO} for all, which needs --out"
    add("--format", choices=("json", "coco"), default="json", help=form)
    add("--overlay", action="store_true", help="also draw what is found, to OUT/overlay")
    add("--overwrite", action="store_true", help="replace the results that OUT already has")
    least = "least score of an object"
    add("--min-score", type=ClosedUnitInterval, default=MIN_SCORE, metavar="S", help=least)
    device = "auto, cpu, cuda, or another of ONNX Runtime's execution providers, such as coreml"
    add("--device", type=str, default="auto", metavar="NAME", help=device)
    threads = "CPU threads in all; by default one a core"
    add("--threads", type=PositiveInt, metavar="N", help=threads)
    workers = "how many pictures to work on at once; auto works on as many as there are threads"
    add("--workers", type=str, default="auto", metavar="auto|N", help=workers)
    return result


def run(args: Namespace) -> int:
    """Detect in all inputs; 0, or 1 where some cannot be read, each named on stderr.

    Raises:
        ConfigError: options contradict one another, or a result is there already.
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
    """Detects in one page after the other."""

    detector: ObjectDetector
    records: list[dict[str, Any]] = field(default_factory=list)

    def refuse_to_replace(self, targets: list[PurePath]) -> None:
        """Raises a ConfigError where a result is there already."""
        out, coco = self.args.out, self.args.format == "coco"
        if out is None or self.args.overwrite:
            return
        files = [out / COCO] if coco else [out / f"{target}.json" for target in targets]
        if there := next((file for file in files if file.exists()), None):
            raise ConfigError(f"{there}: is there already; add --overwrite or name another --out")

    def wants(self, page: Page) -> bool:
        if self.args.out is not None and self.args.format == "json" and not self.args.overwrite:
            file = self.args.out / f"{part_target(page.item.target, page.part)}.json"
            if file.exists():
                raise CraftliteError(f"{page.name}: {file} is there already; add --overwrite")
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
        """Write COCO's file, after an interrupt too, of the pictures that are done."""
        if self.args.format == "coco":
            write_whole(self.args.out / COCO, objects_as_coco(self.records, self.detector.classes))
