"""Models of requests and responses, as described in the OpenAPI document."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# A minimal example picture: a black bar on white, 64x32 pixels.
TINY = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgAQAAAACK5kMpAAAAG0lEQVR42mP8zwABTAw0ZzBA7fpPoTmMdHQzAAmQBD"
    "kEiNw+AAAAAElFTkSuQmCC"
)

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Options(BaseModel):
    """Options of the analysis, named like the options of `craftlite detect`."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    level: Literal["word", "char", "line"] = Field(
        "word", description="char adds the characters of each word, line the lines of text"
    )
    polygons: bool = Field(False, description="trace the outlines of curved words")
    min_score: Share = Field(0, description="leave out words with a lower score")
    thresholds: str | None = Field(
        None, max_length=100, description="name of a dataset that thresholds were tuned for"
    )
    text_threshold: Share | None = Field(None, description="minimum peak region score of a word")
    link_threshold: Share | None = Field(None, description="affinity score that joins characters")
    low_text: Share | None = Field(None, description="minimum region score of a text pixel")
    growth: Annotated[float, Field(ge=0, le=4, allow_inf_nan=False)] | None = Field(
        None, description="how far boxes extend beyond the centres of letters"
    )
    long_side: Annotated[int, Field(ge=32, le=65_472)] | None = Field(
        None, description="pixels to scale the longer side to; the server sets a maximum"
    )
    tiles: str | None = Field(
        None,
        pattern=r"^(auto|off|[1-9][0-9]{1,5})$",
        description="auto, off, or the side of a tile in pixels of the picture, at least 64",
    )
    page: int = Field(1, ge=1, le=1000, description="page of a PDF or TIFF, from 1")


class PictureIn(BaseModel):
    """A picture in JSON: the file as base64, or a URL if the server allows URLs."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = Field(None, description="the file as base64")
    url: str | None = Field(None, max_length=2000, description="http or https URL")
    name: str | None = Field(
        None, max_length=255, description="name of the picture in the response"
    )

    @model_validator(mode="after")
    def _one_source(self) -> "PictureIn":
        if (self.image is None) == (self.url is None):
            raise ValueError("expected either image, a file as base64, or url")
        return self


class DetectIn(Options, PictureIn):
    """A picture and the options of its analysis."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"image": TINY, "name": "bar.png"}]}
    )


class BatchIn(Options):
    """Several pictures, analysed with the same options."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"images": [{"image": TINY}], "level": "line"}]},
    )

    images: list[PictureIn] = Field(min_length=1, max_length=1000)


Point = Annotated[list[float], Field(min_length=2, max_length=2)]
Quad = Annotated[list[Point], Field(min_length=4, max_length=4)]


class Region(BaseModel):
    """An outline in pixels of the upright picture, and the probability that it is right, 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    quad: Quad
    polygon: list[Point]
    score: float


class Word(Region):
    """A word, its position in reading order, and its characters if requested."""

    order: int
    characters: list[Quad] | None = None


class Line(Region):
    """A line of text: the indices of its words, its block, and its angle in the picture."""

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
    """An error: a machine-readable code, a sentence, and the field that is wrong."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    field: str | None


class ErrorOut(BaseModel):
    """The body of every error response."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"error": _ERROR}]})

    error: ErrorText


class BatchOut(BaseModel):
    """A result or an error for each picture, in the order of the request."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"results": [_PICTURE]}]}
    )

    results: list[PictureOut | ErrorOut]
