"""YOLO's oriented boxes, one text file per picture."""

from collections.abc import Collection

from craftlite.formats.record import Record

CLASSES = ("text", "ignore")


def yolo(record: Record) -> str:
    """Return the text of `labels/<picture>.txt`: lines of class x1 y1 ... x4 y4.

    Coordinates are fractions of the picture's size, clipped to 0..1, as training tools drop
    pictures with coordinates outside that range. The class is 0 for text and 1 for a don't-care
    region.
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
    """Return the text of data.yaml; without splits, all pictures serve for training and validation.

    ignore: whether there are don't-care regions, which have their own class.
    """
    folders = {split: f"images/{split}" for split in ("train", "val", "test") if split in splits}
    whole = next(iter(folders.values()), "images")
    lines = [
        f"{split}: {folder}" for split, folder in ({"train": whole, "val": whole} | folders).items()
    ]
    names = [f"  {number}: {name}" for number, name in enumerate(CLASSES[: 1 + ignore])]
    return "\n".join([*lines, "names:", *names]) + "\n"
