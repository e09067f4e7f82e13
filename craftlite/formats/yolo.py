"""YOLO's oriented boxes, a text file a picture."""

from collections.abc import Collection

from craftlite.formats.record import Record

CLASSES = ("text", "ignore")


def yolo(record: Record) -> str:
    """The text of one `labels/<picture>.txt`: class x1 y1 ... x4 y4 a line, in 0..1 of the size.

    The class is 0 for text and 1 for a don't-care region. What reaches out of the picture is cut,
    for training tools drop pictures with places outside 0..1.
    """
    size = (record["width"], record["height"]) * 4
    lines = []
    for word in record["words"]:
        corners = [value for point in word["quad"] for value in point]
        places = (
            f"{min(max(value / side, 0), 1):.6f}" for value, side in zip(corners, size, strict=True)
        )
        lines.append(" ".join([str(int(word.get("ignore", False))), *places]))
    return "".join(f"{line}\n" for line in lines)


def data_yaml(splits: Collection[str], *, ignore: bool) -> str:
    """The text of data.yaml; without splits, all pictures train and validate alike.

    ignore: whether there are don't-care regions, which are a class of their own.
    """
    folders = {split: f"images/{split}" for split in ("train", "val", "test") if split in splits}
    whole = next(iter(folders.values()), "images")
    lines = [
        f"{split}: {folder}" for split, folder in ({"train": whole, "val": whole} | folders).items()
    ]
    names = [f"  {number}: {name}" for number, name in enumerate(CLASSES[: 1 + ignore])]
    return "\n".join([*lines, "names:", *names]) + "\n"
