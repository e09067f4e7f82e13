"""Labels of one's own that are broken or ambiguous: an error, a problem, or the same words."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from craftlite.data import DATASETS
from craftlite.data.annotations import Dataset
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError
from tools.attacks.label_trees import Tree, trees
from tools.attacks.mutate import mutated

OWN = [tree for tree in trees() if DATASETS[tree.name].own]
# Without them a label is sound and says less, so that their loss cannot be noticed.
MAY_BE_MISSING = {
    *("text", "label", "description", "flags", "ignore", "iscrowd", "attributes", "split"),
    *("difficult", "bbox", "annotations", "categories", "subset", "rotation", "name", "attribute"),
    *("rectanglelabels", "polygonlabels", "labels", "characters", "confidence", "segmentation"),
    *("transcription", "object", "image", "polygon", "box", "value"),
}
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?![\w.])")
Change = Callable[[Random, bytes], bytes]


def truncated(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data.rstrip()))]


def other_type(rng: Random, data: bytes) -> bytes:
    inside, key = rng.choice(places(value := json.loads(data)))
    others = [["x"], {"x": 1}, "x", 7, True]
    inside[key] = rng.choice([one for one in others if type(one) is not type(inside[key])])
    return json.dumps(value).encode()


def without_key(rng: Random, data: bytes) -> bytes:
    value = json.loads(data)
    found = [(one, key) for one, key in places(value) if key not in MAY_BE_MISSING]
    inside, key = rng.choice([pair for pair in found if isinstance(pair[0], dict)])
    del inside[key]
    return json.dumps(value).encode()


def other_number(rng: Random, data: bytes) -> bytes:
    text = data.decode()
    start, end = rng.choice([one.span() for one in NUMBER.finditer(text)])
    number = rng.choice(["1e30", "-1e30", "9" * 30, "9" * 5000, "NaN", "Infinity", "1e999", "x"])
    return (text[:start] + number + text[end:]).encode()


def other_encoding(rng: Random, data: bytes) -> bytes:
    return (data.decode() + " ü").encode(rng.choice(["utf-16", "utf-32", "latin-1", "cp037"]))


def nested(rng: Random, data: bytes) -> bytes:
    text = data.decode()
    at = rng.choice([one.end() for one in re.finditer(r"[\[:>,]", text)] or [0])
    return (text[:at] + ("<a>" * 5000 if "</" in text else "[" * 100_000) + text[at:]).encode()


def key_twice(rng: Random, data: bytes) -> bytes:
    text = data.decode()
    start, end = rng.choice([one.span() for one in re.finditer(r'"\w+": ', text)])
    return f"{text[:start]}{text[start:end]}0, {text[start:]}".encode()


def other_root(rng: Random, data: bytes) -> bytes:
    return rng.choice([b"[]", b"{}", b"null", b"7", b"<a/>", b"[" + data + b"]", b"\0"])


def without_element(rng: Random, data: bytes) -> bytes:
    text = data.decode()
    found = [one for one in re.finditer(r"<(\w+)>[^<]*</\1>", text) if one[1] not in MAY_BE_MISSING]
    start, end = rng.choice(found).span()
    return (text[:start] + text[end:]).encode()


def without_attribute(rng: Random, data: bytes) -> bytes:
    text = data.decode()
    found = [one for one in re.finditer(r' (\w+)="[^"]*"', text) if one[1] not in MAY_BE_MISSING]
    start, end = rng.choice(found).span()
    return (text[:start] + text[end:]).encode()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in nested lists and objects, as what holds it and its key."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [pair for key in keys for pair in ((value, key), *places(value[key]))]


ANY: list[Change] = [other_number, other_encoding, other_root]
IN_JSON: list[Change] = [*ANY, nested, truncated, other_type, without_key, key_twice]
CHANGES: dict[str, list[Change]] = {
    **dict.fromkeys(("coco", "labelme", "labelstudio", "words"), IN_JSON),
    "cvat": [*ANY, nested, truncated, without_attribute],
    "voc": [*ANY, nested, truncated, without_element],
    # A row, a line or a number that is cut off is not missed, and a text can be anything.
    "yolo": [*ANY, nested],
    "paddleocr": [*ANY, key_twice],
    **dict.fromkeys(("csv", "quads"), ANY),
}


def words(dataset: Dataset) -> list[Any]:
    return [
        (sample.name, word.polygon.tolist(), word.text, word.ignore)
        for sample in dataset.samples
        for word in sample.words
    ]


def write_tree(tree: Tree, root: Path, label: str, content: bytes) -> None:
    for name, data in (tree.files() | {label: content}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


@pytest.mark.parametrize("tree", OWN, ids=lambda tree: tree.name)
def test_broken_labels_are_never_read_as_other_words(tree: Tree, tmp_path: Path) -> None:
    label = next(iter(tree.labels))
    write_tree(tree, tmp_path, label, tree.labels[label])
    sound = words(read_dataset(tree.name, tmp_path, "train"))
    for seed in range(40):
        rng = Random(f"{tree.name} {seed}")
        change = CHANGES[tree.name][seed % len(CHANGES[tree.name])]
        content = change(rng, tree.labels[label])
        (tmp_path / label).write_bytes(content)
        case = f"{change.__name__}, seed {seed}: {content[:3000]!r}"
        try:
            dataset = read_dataset(tree.name, tmp_path, "train", strict=seed % 2 == 0)
        except DatasetError as error:
            assert Path(label).name in str(error).splitlines()[0], case
        else:
            assert words(dataset) == sound or dataset.problems, case


@pytest.mark.parametrize("tree", OWN, ids=lambda tree: tree.name)
def test_any_bytes_are_read_or_refused(tree: Tree, tmp_path: Path) -> None:
    for seed in range(40):
        rng = Random(f"{tree.name} {seed} bytes")
        label = rng.choice(sorted(tree.labels))
        write_tree(tree, tmp_path, label, mutated(rng, label, tree.labels[label]))
        try:
            dataset = read_dataset(tree.name, tmp_path, "train", strict=False)
        except DatasetError as error:
            assert str(error)
        else:
            assert all(len(word.polygon) >= 3 for one in dataset.samples for word in one.words)
