"""The result of a detection, as used by the API, the command line, the demo and the evaluation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from craftlite.errors import ConfigError
from craftlite.geometry import Picture, Points
from craftlite.reading_order import Line, find_lines

if TYPE_CHECKING:
    import supervision

    from craftlite.image import Source

# Indices that select several words, as they select elements of a one-dimensional NumPy array.
Selection = slice | Sequence[int] | Sequence[bool] | npt.NDArray[np.integer | np.bool_]


@dataclass(frozen=True, eq=False)
class Word:
    """One word of a picture; two are equal if all their numbers are.

    Attributes:
        quad: (4, 2) float32, pixels of the upright picture, clockwise.
        polygon: (K, 2) float32; the quad if the word has no curved outline.
        score: 0..1.
        characters: (M, 4, 2) float32 quads, or None if not requested.
    """

    quad: Points
    polygon: Points
    score: float
    characters: Points | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Word):
            return NotImplemented
        return _same(tuple(vars(self).values()), tuple(vars(other).values()))


@dataclass(frozen=True, eq=False)
class Words:
    """The N words found in one picture, in the order of their components.

    A sequence of `Word`. Indexing works as for a one-dimensional NumPy array: an integer gives one
    `Word`; a slice, N booleans or an array of integers gives the selected `Words`. Two are equal
    if all their numbers are.

    Attributes:
        quads: (N, 4, 2) float32, pixels of the upright picture, clockwise.
        polygons: N arrays (K, 2) float32; a word without a curved outline has its quad here.
        scores: (N,) float32 in 0..1: the probability that a word is right if the weights have a
            calibration, otherwise the mean region score of its text pixels.
        size: (width, height) of the picture in pixels.
        characters: N arrays (M, 4, 2) float32 of character quads, or None if not requested.

    Raises:
        ValueError: the arrays do not agree in length or shape.
    """

    quads: Points
    polygons: tuple[Points, ...]
    scores: npt.NDArray[np.float32]
    size: tuple[int, int]
    characters: tuple[Points, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.quads.shape != (n, 4, 2) or len(self.polygons) != n:
            raise ValueError(
                f"{n} scores, {len(self.polygons)} polygons and quads of shape {self.quads.shape}"
            )
        if self.characters is not None and len(self.characters) != n:
            raise ValueError(f"{n} words, but characters for {len(self.characters)}")

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Word]:
        return (self[place] for place in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Word: ...

    @overload
    def __getitem__(self, index: Selection) -> "Words": ...

    def __getitem__(self, index: int | Selection) -> "Word | Words":
        places = np.arange(len(self))[index]
        if places.ndim == 0:
            place = int(places)
            characters = None if self.characters is None else self.characters[place]
            score = float(self.scores[place])
            return Word(self.quads[place], self.polygons[place], score, characters)
        if places.ndim > 1:
            raise IndexError(f"words have one axis, but {index!r} has {places.ndim}")
        chars = self.characters
        return replace(
            self,
            quads=self.quads[places],
            polygons=tuple(self.polygons[place] for place in places),
            scores=self.scores[places],
            characters=None if chars is None else tuple(chars[place] for place in places),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Words):
            return NotImplemented
        return _same(self._numbers(), other._numbers())

    def _numbers(self) -> tuple[object, ...]:
        # Without words, it makes no difference whether characters were requested.
        return self.size, self.quads, self.polygons, self.scores, self.characters or None

    def to_dict(self) -> dict[str, Any]:
        """Return the words as lists and numbers, with the keys of `craftlite detect`'s JSON.

        The keys are width, height and words; each word has a quad, polygon, score, order and, if
        requested, characters. Unlike in that JSON, nothing is rounded: `from_dict` restores equal
        words.
        """
        listed: list[dict[str, Any]] = [
            {
                "quad": word.quad.tolist(),
                "polygon": word.polygon.tolist(),
                "score": word.score,
                "order": place,
            }
            for word, place in zip(self, self.order().tolist(), strict=True)
        ]
        for entry, characters in zip(listed, self.characters or (), strict=False):
            entry["characters"] = characters.tolist()
        return {"width": int(self.size[0]), "height": int(self.size[1]), "words": listed}

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Words":
        """Return the words of a `to_dict` result or of a line of `craftlite detect`'s JSON.

        A word without a polygon gets its quad as polygon; keys that `to_dict` does not write are
        ignored.

        Raises:
            ValueError: a key is missing, or its value has another shape.
        """
        try:
            listed = entry["words"]
            quads = np.array([word["quad"] for word in listed], np.float32)
            outlines = [word.get("polygon", word["quad"]) for word in listed]
            characters = None
            if any("characters" in word for word in listed):
                characters = tuple(_points(word["characters"], 4, 2) for word in listed)
            return cls(
                quads=quads.reshape(len(listed), 4, 2),
                polygons=tuple(_points(outline, 2) for outline in outlines),
                scores=np.array([word["score"] for word in listed], np.float32),
                size=(int(entry["width"]), int(entry["height"])),
                characters=characters,
            )
        except KeyError as error:
            raise ValueError(
                f"{error} is missing: expected width, height and words, each with quad and score, "
                "and characters in either all words or none"
            ) from error

    def to_json(self) -> str:
        """Return `to_dict` as one line of JSON."""
        return json.dumps(self.to_dict())

    def to_supervision(self) -> "supervision.Detections":
        """Return the words as detections of the supervision library.

        Boxes are axis-aligned; the quads are stored as supervision's oriented boxes, and the
        polygons as `data["polygon"]`. All words have class 0, "word".

        Raises:
            ModuleNotFoundError: supervision is not installed.
        """
        try:
            from supervision import Detections
            from supervision.config import ORIENTED_BOX_COORDINATES
        except ModuleNotFoundError as error:
            advice = "to_supervision needs supervision: pip install supervision"
            raise ModuleNotFoundError(advice, name=error.name) from error

        boxes = [(*outline.min(axis=0), *outline.max(axis=0)) for outline in self.polygons]
        return Detections(
            xyxy=np.array(boxes, np.float32).reshape(-1, 4),
            confidence=self.scores,
            class_id=np.zeros(len(self), np.int64),
            data={
                ORIENTED_BOX_COORDINATES: self.quads,
                "polygon": list(self.polygons),
                "class_name": np.full(len(self), "word"),
            },
        )

    def crops(
        self, picture: "Source", height: int | None = None, polygons: bool = False
    ) -> list[Picture]:
        """Return a crop (H, W, 3) uint8 RGB of each word, upright, reading from left to right.

        Args:
            picture: the picture that the words were found in, in any form that `read_image` reads.
            height: height in pixels of all crops; None keeps each word's own.
            polygons: straighten curved words along their outlines.

        See `craftlite.rectify` for how the orientation of a word is determined.

        Raises:
            InputError: the picture cannot be read.
            ConfigError: the picture has another size, or the height is not positive.
        """
        from craftlite.rectify import crops

        return crops(self, self._pixels(picture), height, polygons)

    def lines(self) -> tuple[Line, ...]:
        """Return the lines of text, in reading order; every word is in exactly one line."""
        return self._lines

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        return find_lines(self.quads, self.polygons)

    def order(self) -> npt.NDArray[np.intp]:
        """Return the position (N,) of each word in reading order, from 0."""
        places = np.empty(len(self), np.intp)
        read = [index for line in self.lines() for index in line.words]
        places[np.array(read, np.intp)] = np.arange(len(self))
        return places

    def draw(self, picture: "Source", scores: bool = False) -> Picture:
        """Return the picture with the words drawn on it, (H, W, 3) uint8 RGB; see `draw.overlay`.

        Args:
            picture: the picture that the words were found in, in any form that `read_image` reads.
            scores: write each word's score beside it if that hides no word.

        Raises:
            InputError: the picture cannot be read.
            ConfigError: the picture has another size.
        """
        from craftlite.draw import overlay

        return overlay(self._pixels(picture), self, scores=scores)

    def _pixels(self, picture: "Source") -> Picture:
        """Read the picture and check that it has the words' size."""
        from craftlite.image import read_image

        pixels = read_image(picture)
        size = pixels.shape[1], pixels.shape[0]
        if size != tuple(self.size):
            raise ConfigError(
                f"the picture has {size[0]}x{size[1]} pixels, but the words were found in one of "
                f"{self.size[0]}x{self.size[1]}: give the picture that they were found in"
            )
        return pixels

    def _repr_html_(self) -> str:
        """Return a small drawing of the outlines for notebooks, with scores as tooltips."""
        width, height = (int(side) for side in self.size)
        outlines = "".join(
            f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in word.polygon.tolist())}">'
            f"<title>{number}: {word.score:.2f}</title></polygon>"
            for number, word in enumerate(self)
        )
        return (
            f"<figure><svg viewBox='0 0 {width} {height}' style='width: 100%; max-width: 32em; "
            "max-height: 32em; background: #181a1e' fill='#00e67640' stroke='#00e676' "
            f"stroke-width='{max(width, height) / 400:.2f}'>{outlines}</svg><figcaption>"
            f"{len(self)} {'word' if len(self) == 1 else 'words'} in {width}x{height} pixels"
            "</figcaption></figure>"
        )


def _points(numbers: object, *shape: int) -> Points:
    return np.array(numbers, np.float32).reshape(-1, *shape)


def _same(one: object, other: object) -> bool:
    """Return whether two values are equal, tuples part by part and arrays element by element."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return np.array_equal(one, other)  # type: ignore[arg-type]  # None and numbers, too
