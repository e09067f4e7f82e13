"""Detections of others, whose files are changed, through reading and scoring."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from random import Random

import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.results.read import read_results
from tools.attacks.mutate import mutated, mutated_bytes
from tools.attacks.worker import Attack, Broken

SIZES = {"img_1": (96, 48), "img_2": None}
QUAD = [[10, 5], [50, 5], [50, 25], [10, 25]]
TRUTHS = [Word(np.array(QUAD, np.float32), "word"), Word(np.array(QUAD, np.float32) + 40)]
PROTOCOLS = ("iou", "deteval", "iou-polygon", "deteval-polygon", "td500")
LINE = {"width": 96, "height": 48, "words": [{"quad": QUAD, "polygon": QUAD, "score": 0.9}]}
TEXTS = {
    "res_img_1.txt": "10,5,50,5,50,25,10,25\n10,5,50,25,0.5\n",
    "res_img_2.txt": "10,5,50,5,60,15,50,25,10,25,0.5\n",
}
OBJECTS = {f"{name}.json": json.dumps({"image": f"{name}.jpg", **LINE}) for name in SIZES}
JOURNAL = {"results.jsonl": "".join(text + "\n" for text in OBJECTS.values())}


def attack_results(rng: Random, folder: Path) -> None:
    """Read a changed folder, zip or file of results, and score what it holds."""
    files = {name: text.encode() for name, text in rng.choice((TEXTS, OBJECTS, JOURNAL)).items()}
    if rng.random() < 0.8:
        name = rng.choice(sorted(files))
        files[name] = mutated(rng, name, files[name])
    results = read_results(_written(rng, folder, files), SIZES)
    metric = Metric(rng.choice(PROTOCOLS))
    for detections in results.detections.values():
        if not all(np.isfinite(outline).all() for outline in detections.outlines):
            raise Broken("an outline that is not finite")
        metric.update(TRUTHS, detections)
    score = metric.summary()
    if not all(0 <= value <= 1 for value in (score.precision, score.recall, score.hmean)):
        raise Broken("a score that is not from 0 to 1")


def _written(rng: Random, folder: Path, files: Mapping[str, bytes]) -> Path:
    """The files in a folder, in a zip that may be damaged, or the first one by itself."""
    form = rng.choice(("folder", "zip", "zip", "file"))
    if form == "zip":
        archive = folder / "results.zip"
        archive.write_bytes(_zipped(rng, files))
        return archive
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder if form == "folder" else folder / min(files)


def _zipped(rng: Random, files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as out:
        for name, content in files.items():
            out.writestr(rng.choice(("", "", "sub/", "../")) + name, content)
    return mutated_bytes(rng, file.getvalue()) if rng.random() < 0.6 else file.getvalue()


RESULTS = Attack(attack_results)
