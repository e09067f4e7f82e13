"""Valid ground truth and results, altered at random: no changed reading goes without a message."""

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError
from craftlite.evaluate.results.read import read_results
from craftlite.formats import coco, csv_table, json_line, record
from craftlite.words import Words

Alter = Callable[[str, np.random.Generator], tuple[bytes, int | None]]
"""Alters a text; gives its bytes, and the line if it was a single one."""

SEEDS = range(80)
STEMS = ("img_1", "img_2")
# No text holds a comma: without one more or less of them, such a text is as good as another.
GROUND = [
    "10,20,50,21,50,40,10,39,Café",
    "60,20,90,21,90,40,60,39,###",
    "10.5,60,50,61,50,80,10,79,two words",
    '60,60,90,61,90,80,60,79,"quoted"',
    "10,90,50,91,50,99,10,98,twelve",
]
SURE = ["10,20,50,21,50,40,10,39,0.9", "60,20,90,40,0.75", "7,3,9,3,12,4,12,9,9,8,7,8,0.25"]
PLAIN = ["10,20,50,21,50,40,10,39", "60,20,90,40", "7,3,9,3,12,4,12,9,9,8,7,8"]
WORDS = [
    {"polygon": [[10, 20], [50, 21], [50, 40], [10, 39]], "text": "Café"},
    {"quad": [[60, 20], [90, 21], [90, 40], [60, 39]], "text": "no", "ignore": True},
    {"polygon": [[7, 3], [9, 3], [12, 4], [12, 9], [9, 8]], "text": "bent", "confidence": 0.5},
]


def found(stem: str) -> Any:
    """A record of two words as detect writes them."""
    quads = np.array([[[10, 20], [50, 21], [50, 40], [10, 39]], [[7, 3], [12, 3], [12, 9], [7, 9]]])
    bent = np.array([[7, 3], [9, 2], [12, 3], [12, 9], [7, 9]], np.float32)
    outlines = (quads[0].astype(np.float32), bent)
    words = Words(quads.astype(np.float32), outlines, np.array([0.9, 0.5], np.float32), (99, 99))
    return record(f"images/{stem}.jpg", words)


def dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# Name of the altered file and its text, for each layout; the second picture stays as it is.
TRUTHS = {
    "quads": ("gt/gt_img_1.txt", "\n".join([*GROUND, "10,5,20,5,20,9,10,9,12"])),
    "icdar15": ("Challenge4_Test_Task1_GT/gt_img_1.txt", "\n".join(GROUND)),
    "words": (
        "words.jsonl",
        "\n".join(dumped({"image": f"images/{stem}.jpg", "words": WORDS}) for stem in STEMS),
    ),
}
RESULTS = {
    "confidences": ("res_img_1.txt", "\n".join(SURE)),
    "plain": ("res_img_1.txt", "\n".join(PLAIN)),
    "jsonl": ("results.jsonl", "\n".join(json_line(found(stem)) for stem in STEMS)),
    "json": ("img_1.json", json_line(found("img_1"))),
    "coco": ("coco.json", coco(map(found, STEMS))),
    "csv": ("results.csv", csv_table(map(found, STEMS))),
}


def read_truth(layout: str, root: Path) -> tuple[object, list[str]]:
    """All that is read of a dataset, and the places of its problems."""
    dataset = read_dataset(layout, root, "test")
    words = [
        (sample.name, [(w.polygon.tolist(), w.text, w.ignore, w.confidence) for w in sample.words])
        for sample in dataset.samples
    ]
    return words, [problem.where for problem in dataset.problems]


def read_found(kind: str, root: Path) -> tuple[object, list[str]]:
    """All that is read of results, and the places of problems, also of pictures left out."""
    results = read_results(root, dict.fromkeys(STEMS, (99, 99)))
    words = [
        (name, [outline.tolist() for outline in d.outlines], str(d.scores))
        for name, d in results.detections.items()
    ]
    left_out = [str(root / file.split(" in ")[-1]) for file in results.unknown]
    return words, [*(problem.where for problem in results.problems), *left_out]


def one_line(change: Callable[[list[str], np.random.Generator], None]) -> Alter:
    """Changes the fields of one line."""

    def alter(text: str, rng: np.random.Generator) -> tuple[bytes, int | None]:
        lines = text.split("\n")
        number = int(rng.integers(len([line for line in lines if line])))
        fields = lines[number].split(",")
        change(fields, rng)
        lines[number] = ",".join(fields)
        return "\n".join(lines).encode(), number + 1

    return alter


def whole(change: Callable[[str], str | bytes]) -> Alter:
    """Changes the file as a whole."""

    def alter(text: str, rng: np.random.Generator) -> tuple[bytes, int | None]:
        changed = change(text)
        return changed if isinstance(changed, bytes) else changed.encode(), None

    return alter


def drop(fields: list[str], rng: np.random.Generator) -> None:
    del fields[rng.integers(len(fields))]


def add(fields: list[str], rng: np.random.Generator) -> None:
    count = int(rng.choice([1, 3, 5]))
    place = int(rng.integers(len(fields)))
    fields[place:place] = [str(rng.integers(2, 99)) for _ in range(count)]


def add_points(fields: list[str], rng: np.random.Generator) -> None:
    fields[8:8] = [str(rng.integers(2, 99)) for _ in range(rng.choice([2, 4]))]


def spoil(fields: list[str], rng: np.random.Generator) -> None:
    place = rng.integers(min(len(fields), 8))
    fields[place] = str(rng.choice(["nan", "inf", "-inf", "1e999", "", "x", "1 0", "0x10"]))


def unsure(fields: list[str], rng: np.random.Generator) -> None:
    fields.append(str(rng.choice(["1.5", "98", "-0.1", "0.5,0.5"])))


def requote(fields: list[str], rng: np.random.Generator) -> None:
    if rng.random() < 0.5:
        fields[:] = [f'"{field}"' for field in fields]
    else:
        fields[-1] = '"{}"'.format(fields[-1].strip('"'))


def blanks(fields: list[str], rng: np.random.Generator) -> None:
    fields[:] = [f" {field} " for field in fields]


WHOLE = (
    whole(lambda text: text.replace(",", ";")),
    whole(lambda text: text.replace(",", "\t")),
    whole(lambda text: text.replace(",", " ")),
    whole(lambda text: text.replace(",", ", ")),
    whole(lambda text: text.replace("\n", "\r")),
    whole(lambda text: text.replace("\n", "\r", 1)),
    whole(lambda text: text.replace("\n", "\r\n")),
    whole(lambda text: text.replace("\n", "\n\r")),
    whole(lambda text: text.replace("\n", "\n\ufeff")),
    whole(lambda text: "x1,y1,x2,y2,x3,y3,x4,y4,text\n" + text),
    whole(lambda text: "picture;outline;text\n" + text),
    whole(lambda text: text.encode("utf-8-sig")),
    whole(lambda text: text.encode("utf-16")),
    whole(lambda text: text.encode("utf-16-le")),
    whole(lambda text: text.encode("latin-1")),
    whole(lambda text: text.replace(".", ",")),
)
LINES = tuple(map(one_line, (drop, add, spoil, requote, blanks))) * 4
# A comma or a number more at a text's end, or points more of an outline, can be meant.
TRUTH_LINES, RESULT_LINES = one_line(add_points), one_line(unsure)
JSON_WHOLE = (
    whole(lambda text: f"[{','.join(text.splitlines())}]"),
    whole(lambda text: json.dumps([json.loads(line) for line in text.splitlines()], indent=1)),
    whole(lambda text: text.replace('"words"', '"words": [], "words"')),
    whole(lambda text: text.replace('{"', '{"page": 2, "')),
    whole(lambda text: f"{text}\n{text}"),
    whole(lambda text: text[:-2]),
    whole(lambda text: "[" * 9999 + text),
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all that is no object and no list."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from leaves(inner, (*path, key))
    else:
        yield path


def alter_json(text: str, rng: np.random.Generator) -> tuple[bytes, int | None]:
    """Replaces or removes one number or text of one object."""
    lines = text.splitlines()
    number = int(rng.integers(len(lines)))
    entry = copy.deepcopy(json.loads(lines[number]))
    paths = list(leaves(entry))
    *path, key = paths[rng.integers(len(paths))]
    holder = entry
    for step in path:
        holder = holder[step]
    old = holder[key]
    values = ["12", [old], {"a": old}, float("nan"), float("inf"), 1.5e9, -3e9, [[[old]]]]
    if key in ("text", "ignore"):
        values = [7, [old], {"a": old}, float("nan"), 1]  # null and none at all have a meaning
    elif rng.random() < 0.3:
        del holder[key]
        values = []
    elif isinstance(holder, list) and rng.random() < 0.3:
        holder.append(5)
        values = []
    if values:
        holder[key] = values[rng.integers(len(values))]
    lines[number] = dumped(entry).replace("Infinity", "1e999")
    return "\n".join(lines).encode(), number + 1 if len(lines) > 1 else None


def alterations(file: str) -> tuple[Alter, ...]:
    if file.endswith((".json", ".jsonl")):
        return (*WHOLE[4:], *JSON_WHOLE, *[alter_json] * 20)
    return (*WHOLE, *LINES, *[TRUTH_LINES if file.startswith("gt_") else RESULT_LINES] * 4)


def outcome(
    read: Callable[[], tuple[object, list[str]]], before: object, file: str, line: int | None
) -> str:
    """What became of an altered file: "refused", "reported" or "same"; fails on anything else."""
    place = file if line is None else f"{file}:{line}"
    try:
        words, places = read()
    except DatasetError as error:
        message = str(error)
        assert re.search(rf"{re.escape(place)}\b", message) or "occurs twice" in message, message
        return "refused"
    if places:
        assert any(file in where for where in places), places
        return "reported"
    assert words == before
    return "same"


@pytest.mark.parametrize("layout", TRUTHS)
def test_altered_ground_truth(tmp_path: Path, layout: str) -> None:
    file, text = TRUTHS[layout]
    images = tmp_path / ("ch4_test_images" if layout == "icdar15" else "images")
    images.mkdir()
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    for stem in STEMS:
        Image.new("RGB", (99, 99)).save(images / f"{stem}.jpg")
        if layout != "words":
            (path.parent / f"gt_{stem}.txt").write_text("\n".join(GROUND), "utf-8")
    check(path, text, lambda: read_truth(layout, tmp_path))


@pytest.mark.parametrize("kind", RESULTS)
def test_altered_results(tmp_path: Path, kind: str) -> None:
    file, text = RESULTS[kind]
    if file == "res_img_1.txt":
        (tmp_path / "res_img_2.txt").write_text("\n".join(PLAIN))
    if file == "img_1.json":
        (tmp_path / "img_2.json").write_text(json_line(found("img_2")))
    check(tmp_path / file, text, lambda: read_found(kind, tmp_path))


def check(path: Path, text: str, read: Callable[[], tuple[object, list[str]]]) -> None:
    path.write_bytes(text.encode())
    before, places = read()
    assert not places
    outcomes = Counter[str]()
    alter = alterations(path.name)
    for seed in SEEDS:
        changed, line = alter[seed % len(alter)](text, np.random.default_rng(seed))
        path.write_bytes(changed)
        if line == 1 and path.suffix == ".csv":  # the head of a table, which rows may not fit
            line = None
        try:
            outcomes[outcome(read, before, path.name, line)] += 1
        except BaseException as error:
            error.add_note(f"{path.name}, seed {seed}: {changed[:2000]!r}")
            raise
    assert outcomes["refused"] > len(SEEDS) / 3
    assert outcomes["same"] < len(SEEDS) / 2
