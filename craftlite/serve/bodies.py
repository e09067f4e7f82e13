"""Parsing of request bodies (a file, a form or JSON) into pictures and options."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from craftlite.serve.errors import ApiError, bad_option, of_validation, too_large
from craftlite.serve.schemas import BatchIn, DetectIn, Options, PictureIn
from craftlite.serve.work import UNNAMED, Upload

Model = TypeVar("Model", bound=BaseModel)
FIELD_BYTES = 1000  # maximum size of a form field that is not a file
NAME = 255  # maximum number of characters of a file name in responses


async def read_one(request: Request, query: Options) -> tuple[Upload, Options]:
    """Return the picture and options of a request for one picture; raises ApiError."""
    kind = _content_type(request)
    if kind == "application/json":
        asked = _parsed(DetectIn, await request.body())
        return _from_json(asked, UNNAMED), _merged(query, asked)
    if kind == "multipart/form-data":
        files, options = await _form(request, query, ("file",), 1)
        return files[0], options
    if kind.startswith("image/") or kind in ("application/octet-stream", "application/pdf"):
        data = await request.body()
        if not data:
            raise _no_picture("the body is empty")
        return Upload(UNNAMED, data), query
    raise _unsupported("image/*, application/pdf, application/octet-stream", kind)


async def read_several(request: Request, query: Options, most: int) -> tuple[list[Upload], Options]:
    """Return the pictures, at most `most`, and options of a batch request; raises ApiError."""
    kind = _content_type(request)
    if kind == "application/json":
        asked = _parsed(BatchIn, await request.body())
        _check_count(len(asked.images), most, "images")
        names = [f"picture {number}" for number in range(1, len(asked.images) + 1)]
        pictures = map(_from_json, asked.images, names)
        return list(pictures), _merged(query, asked)
    if kind == "multipart/form-data":
        return await _form(request, query, ("files", "file"), most)
    raise _unsupported("no single file", kind)


def _content_type(request: Request) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _unsupported(others: str, kind: str) -> ApiError:
    message = f"expected multipart/form-data, application/json or {others}, not {kind[:50]!r}"
    return ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_type", message)


def _no_picture(message: str, field: str | None = None) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, "no_picture", message, field)


def _check_count(count: int, most: int, field: str) -> None:
    if count > most:
        raise too_large(f"{count} pictures exceed the limit of {most} pictures per batch", field)


def _parsed(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise of_validation(error) from None


def _from_json(picture: PictureIn, unnamed: str) -> Upload:
    name = picture.name or (picture.url or unnamed)[:NAME]
    return Upload(name, text=picture.image, url=picture.url)


def _merged(query: Options, body: Options) -> Options:
    """Merge the options of the URL and of the body; no option may be in both."""
    fields = set(Options.model_fields)
    twice = fields & query.model_fields_set & body.model_fields_set
    if twice:
        name = min(twice)
        raise bad_option("given both in the URL and in the body", name)
    given = body.model_dump(include=fields, exclude_unset=True)
    return query.model_copy(update=given)


async def _form(
    request: Request, query: Options, names: Sequence[str], most: int
) -> tuple[list[Upload], Options]:
    """Return the files in the form fields of these names, and the options in other fields."""
    async with request.form(
        max_files=most + 1, max_fields=2 * len(Options.model_fields), max_part_size=FIELD_BYTES
    ) as form:
        options = _merged(query, _form_options(form, names))
        files = [one for name in names for one in form.getlist(name)]
        if not files:
            raise _no_picture(f"the form has no file in the field {names[0]}", names[0])
        _check_count(len(files), most, names[0])
        uploads = []
        for number, file in enumerate(files, 1):
            if not isinstance(file, UploadFile):
                raise _no_picture("is text, not a file; send it with a filename", names[0])
            name = (file.filename or f"picture {number}")[:NAME]
            uploads.append(Upload(name, await file.read()))
        return uploads, options


def _form_options(form: FormData, names: Sequence[str]) -> Options:
    given: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name in names:
            continue
        if name in given:
            raise bad_option("given twice", name[:100])
        given[name] = value
    try:
        return Options.model_validate(given)
    except ValidationError as error:
        raise of_validation(error) from None
