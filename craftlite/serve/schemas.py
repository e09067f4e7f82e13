"""What requests and answers hold, as the OpenAPI document describes it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# A page of white with a black bar, 64x32 pixels: the smallest picture that is a picture.
TINY = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgAQAAAACK5kMpAAAAG0lEQVR42mP8zwABTAw0ZzBA7fpPoTmMdHQzAAmQBD"
    "kEiNw+AAAAAElFTkSuQmCC"
)

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Options(BaseModel):
    """How pictures are analysed; the names are those of the options of `craftlite detect`."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    level: Literal["word", "char", "line"] = Field(
        "word", description="char adds each word's characters, line the lines of text"
    )
    polygons: bool = Field(False, description="trace the outlines of curved words")
    min_score: Share = Field(0, description="leave out words with a lower score")
    thresholds: str | None = Field(
        None, max_length=100, description="thresholds tuned for one dataset, by its name"
    )
    text_threshold: Share | None = Field(None, description="peak region score that a word needs")
    link_threshold: Share | None = Field(None, description="affinity that joins characters")
    low_text: Share | None = Field(None, description="region score from which a pixel is text")
    growth: Annotated[float, Field(ge=0, le=4, allow_inf_nan=False)] | None = Field(
        None, description="how far boxes reach beyond the middles of letters"
    )
    long_side: Annotated[int, Field(ge=32, le=65_472)] | None = Field(
        None, description="pixels that the longer side is scaled to; the server has a largest"
    )
    tiles: str | None = Field(
        None,
        pattern=r"^(auto|off|[1-9][0-9]{1,5})$",
        description="auto, off, or a tile's side in pixels of the picture, at least 64",
    )
    page: int = Field(1, ge=1, le=1000, description="of a PDF or TIFF, from 1")


class PictureIn(BaseModel):
    """A picture in JSON: its file as base64, or its address where the server allows addresses."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = Field(None, description="the file as base64")
    url: str | None = Field(None, max_length=2000, description="http or https")
    name: str | None = Field(None, max_length=255, description="what the answer calls it")

    @model_validator(mode="after")
    def _one_source(self) -> "PictureIn":
        if (self.image is None) == (self.url is None):
            raise ValueError("expected either image, a file as base64, or url")
        return self


class DetectIn(Options, PictureIn):
    """A picture and how it is analysed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"image": TINY, "name": "bar.png"}]}
    )


class BatchIn(Options):
    """Several pictures, analysed alike."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"images": [{"image": TINY}], "level": "line"}]},
    )

    images: list[PictureIn] = Field(min_length=1, max_length=1000)


Point = Annotated[list[float], Field(min_length=2, max_length=2)]
Quad = Annotated[list[Point], Field(min_length=4, max_length=4)]


class Region(BaseModel):
    """An outline in pixels of the upright picture, and how likely it is to be right, 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    quad: Quad
    polygon: list[Point]
    score: float


class Word(Region):
    """A word, its place in reading order, and its characters where they were asked for."""

    order: int
    characters: list[Quad] | None = None


class Line(Region):
    """A line of text: the indices of its words, its block, and the angle that it is read at."""

    words: list[int]
    block: int
    vertical: bool
    angle: float


_BOX = [[10.0, 8.0], [90.0, 8.0], [90.0, 30.0], [10.0, 30.0]]
_PICTURE: dict[str, Any] = {
    **{"image": "photo.jpg", "width": 1280, "height": 720},
    "words": [{"quad": _BOX, "polygon": _BOX, "score": 0.93, "order": 0}],
}
_ERROR: dict[str, Any] = {
    **{"code": "bad_option", "field": "min_score"},
    "message": "Input should be less than or equal to 1",
}


class PictureOut(BaseModel):
    """The words of a picture: the JSON that `craftlite detect` writes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PICTURE]})

    image: str
    page: int | None = None
    width: int
    height: int
    words: list[Word]
    lines: list[Line] | None = None


class ErrorText(BaseModel):
    """What went wrong: a code for programs, a sentence for people, and where it was."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    field: str | None


class ErrorOut(BaseModel):
    """Every error, whatever its status."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"error": _ERROR}]})

    error: ErrorText


class BatchOut(BaseModel):
    """A result or an error for each picture, in the order of the request."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"results": [_PICTURE]}]}
    )

    results: list[PictureOut | ErrorOut]
