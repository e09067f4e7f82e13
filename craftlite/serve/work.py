"""From a picture that a client sent, or the address of one, to the JSON of its words."""

import base64
import binascii
import io
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace

from craftlite.detector import Detector
from craftlite.errors import ConfigError, InputError
from craftlite.formats.record import json_line, record
from craftlite.geometry import Picture, Size
from craftlite.image import open_document, read_scaled
from craftlite.image.document import Part
from craftlite.image.download import download
from craftlite.image.pdf import is_pdf
from craftlite.image.pdf_process import draw_page
from craftlite.postprocess import Thresholds
from craftlite.serve.errors import bad_option, too_large
from craftlite.serve.schemas import Options
from craftlite.tiles import Tiles, checked_tiles, parse_tiles

UNNAMED = "the picture"  # what answers call a picture whose name is not known


@dataclass(frozen=True)
class Limits:
    """What one request may cost.

    Attributes:
        bytes: of its body, and of a picture that is fetched.
        pixels: of a picture.
        long_side: pixels that a picture's longer side, or a tile's, is scaled to at most.
        tiles: that a picture is run as.
        batch: pictures.
        seconds: for its body to arrive, and again for its result, with waiting.
        urls: whether pictures are fetched from addresses.
    """

    bytes: int
    pixels: int
    long_side: int
    tiles: int
    batch: int
    seconds: float
    urls: bool


@dataclass(frozen=True)
class Upload:
    """A picture as it was sent: bytes, base64 or an address."""

    name: str
    data: bytes | None = None
    text: str | None = None
    url: str | None = None

    def content(self) -> bytes:
        """The bytes; raises InputError where they are not base64."""
        if self.data is not None:
            return self.data
        try:
            return base64.b64decode(self.text or "", validate=True)
        except (binascii.Error, ValueError):
            reason = "is not base64, which has no line breaks and no prefix"
            raise InputError(f"{self.name}: {reason}") from None


@dataclass(frozen=True)
class Analysis:
    """A picture's words as `craftlite detect` writes them, and what they were found in."""

    json: str
    words: int
    pixels: int


@dataclass(frozen=True)
class Analyser:
    """The detector, and what requests may ask of it.

    Attributes:
        thresholds: of a request that gives none.
        presets: thresholds by name.
    """

    detector: Detector
    thresholds: Thresholds
    limits: Limits
    presets: Mapping[str, Thresholds] = field(default_factory=dict)

    def job(self, picture: Upload, options: Options) -> "Job":
        """The work that a picture is; raises ApiError where the options cannot be met."""
        limits = self.limits
        if options.long_side is not None and options.long_side > limits.long_side:
            most = f"at most {limits.long_side} pixels on this server"
            raise bad_option(f"long_side {options.long_side}: {most}", "long_side")
        if options.thresholds is not None and options.thresholds not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise bad_option(f"these weights have no such thresholds; known: {known}", "thresholds")
        if picture.url is not None and not limits.urls:
            raise bad_option("this server fetches no addresses; send the file", "url")
        detector = self.detector.at(
            options.long_side or self.detector.long_side, _tiles(options.tiles)
        )
        return Job(picture, options, detector, self._thresholds(options), limits)

    def _thresholds(self, options: Options) -> Thresholds:
        preset = options.thresholds
        own = self.thresholds if preset is None else self.presets[preset]
        given = {
            "text": options.text_threshold,
            "link": options.link_threshold,
            "low": options.low_text,
            "growth": options.growth,
        }
        return replace(own, **{name: one for name, one in given.items() if one is not None})


def _tiles(text: str | None) -> Tiles | None:
    """What `Detector` calls tiles; raises ApiError where they are too small."""
    try:
        return None if text is None else checked_tiles(parse_tiles(text))
    except ConfigError as error:
        raise bad_option(str(error), "tiles") from None


@dataclass(frozen=True)
class Job:
    """A picture and how it is analysed."""

    picture: Upload
    options: Options
    detector: Detector
    thresholds: Thresholds
    limits: Limits

    def fetched(self) -> "Job":
        """The job with its picture fetched, from the public internet alone; raises InputError."""
        url, limits = self.picture.url or "", self.limits
        file = download(url, limits.bytes, public_only=True, seconds=limits.seconds)
        return replace(self, picture=Upload(self.picture.name, file.getvalue()))

    def run(self) -> Analysis:
        """The words of the picture.

        Raises:
            InputError: it cannot be read.
            ApiError: it would be run as too many tiles.
        """
        picture, size, part = self._read()
        options = self.options
        words = self.detector.words(
            self.detector.maps(picture, size),
            self.thresholds,
            polygons=options.polygons,
            characters=options.level == "char",
            min_score=options.min_score,
        )
        found = record(self.picture.name, words, part, with_lines=options.level == "line")
        return Analysis(json_line(found), len(words), size[0] * size[1])

    def _read(self) -> tuple[Picture, Size, Part]:
        """The page of the file, at no more than the scale it is needed at, and its size."""
        data, name, page = self.picture.content(), self.picture.name, self.options.page
        if is_pdf(data):
            picture, count = self._draw(data)
            size = picture.shape[1], picture.shape[0]
            self._check(size)
            return picture, size, Part(page=page) if count > 1 else Part()
        stream = io.BytesIO(data)
        stream.name = name  # for messages
        with closing(open_document(stream, max_pixels=self.limits.pixels)) as document:
            if page > 1 and document.animated:
                raise InputError(f"{name}: is an animation, of which the first frame is read")
            if not document.has(page):
                raise InputError(f"{name}: has no page {page}")
            picture, size = read_scaled(document, page, self._scale)
            return picture, size, document.part(page)

    def _draw(self, data: bytes) -> tuple[Picture, int]:
        try:
            return draw_page(data, self.options.page, self.limits.pixels)
        except InputError as error:
            raise InputError(f"{self.picture.name}: {error}") from None

    def _scale(self, size: Size) -> float:
        """The scale at which a picture is needed; asked for before the picture is decoded."""
        self._check(size)
        return self.detector.scale(size)

    def _check(self, size: Size) -> None:
        tiles, most = self.detector.tile_count(size), self.limits.tiles
        if tiles > most:
            raise too_large(
                f"{self.picture.name}: {size[0]}x{size[1]} pixels would be run as {tiles} tiles, "
                f"more than the {most} that this server runs; send tiles=off, or a smaller "
                "long_side",
                "tiles",
            )
