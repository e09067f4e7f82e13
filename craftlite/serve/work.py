"""Analysis of a picture that a client sent, or of its URL, to the JSON of its words."""

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

UNNAMED = "the picture"  # name in responses of a picture without a name


@dataclass(frozen=True)
class Limits:
    """The limits of one request.

    Attributes:
        bytes: maximum size of the body, and of a picture fetched from a URL.
        pixels: maximum number of pixels of a picture.
        long_side: maximum length that the longer side of a picture or tile is scaled to.
        tiles: maximum number of tiles of a picture.
        batch: maximum number of pictures in a batch.
        seconds: time limit for the body to arrive, and also for the result, including waiting.
        urls: whether pictures are fetched from URLs.
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
    """A picture as it was sent: bytes, base64 or a URL."""

    name: str
    data: bytes | None = None
    text: str | None = None
    url: str | None = None

    def content(self) -> bytes:
        """Return the bytes; raises InputError if the text is not base64."""
        if self.data is not None:
            return self.data
        try:
            return base64.b64decode(self.text or "", validate=True)
        except (binascii.Error, ValueError):
            reason = "is not base64; send it without line breaks and prefix"
            raise InputError(f"{self.name}: {reason}") from None


@dataclass(frozen=True)
class Analysis:
    """A picture's words as JSON, and the numbers of words and pixels for the metrics."""

    json: str
    words: int
    pixels: int


@dataclass(frozen=True)
class Analyser:
    """The detector, its defaults, and the limits of requests.

    Attributes:
        thresholds: the defaults for requests that give none.
        presets: thresholds by name.
    """

    detector: Detector
    thresholds: Thresholds
    limits: Limits
    presets: Mapping[str, Thresholds] = field(default_factory=dict)

    def job(self, picture: Upload, options: Options) -> "Job":
        """Return the job for a picture; raises ApiError if the options are not allowed."""
        limits = self.limits
        if options.long_side is not None and options.long_side > limits.long_side:
            most = f"at most {limits.long_side} pixels on this server"
            raise bad_option(f"long_side {options.long_side}: {most}", "long_side")
        if options.thresholds is not None and options.thresholds not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise bad_option(f"these weights have no such thresholds; known: {known}", "thresholds")
        if picture.url is not None and not limits.urls:
            raise bad_option("this server does not fetch URLs; send the file", "url")
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
    """Parse the option tiles for `Detector`; raises ApiError if the tiles are too small."""
    try:
        return None if text is None else checked_tiles(parse_tiles(text))
    except ConfigError as error:
        raise bad_option(str(error), "tiles") from None


@dataclass(frozen=True)
class Job:
    """A picture and everything needed to analyse it."""

    picture: Upload
    options: Options
    detector: Detector
    thresholds: Thresholds
    limits: Limits

    def fetched(self) -> "Job":
        """Fetch the picture, from the public internet only; raises InputError on failure."""
        url, limits = self.picture.url or "", self.limits
        file = download(url, limits.bytes, public_only=True, seconds=limits.seconds)
        return replace(self, picture=Upload(self.picture.name, file.getvalue()))

    def run(self) -> Analysis:
        """Find the words of the picture.

        Raises:
            InputError: the picture cannot be read.
            ApiError: the picture would be run as too many tiles.
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
        """Read the page at no larger scale than needed; also return its size and part."""
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
                raise InputError(f"{name}: is an animation; only its first frame can be read")
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
        """Check the size and return the scale needed; called before the picture is decoded."""
        self._check(size)
        return self.detector.scale(size)

    def _check(self, size: Size) -> None:
        tiles, most = self.detector.tile_count(size), self.limits.tiles
        if tiles > most:
            raise too_large(
                f"{self.picture.name}: {size[0]}x{size[1]} pixels would be run as {tiles} tiles, "
                f"more than the {most} that this server allows; send tiles=off or a smaller "
                "long_side",
                "tiles",
            )
