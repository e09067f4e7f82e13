"""Errors of the service: each a status, a code for programs and a sentence for people."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import ValidationError

from craftlite.errors import InputError, TooLargeError


class ApiError(Exception):
    """What a client gets in place of an answer.

    Args:
        status: of HTTP.
        code: a short name that never changes.
        message: one sentence, without anything of the server's own.
        field: the option or part of the body that is wrong, where there is one.
        headers: of the answer, besides those that every answer has.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.headers = headers

    def content(self) -> dict[str, Any]:
        """The JSON object that every error is."""
        return {"error": {"code": self.code, "message": self.message, "field": self.field}}

    def json(self) -> str:
        """The same as text, for its place among the results of a batch."""
        return json.dumps(self.content())

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.content(), self.status, self.headers)


def failed() -> ApiError:
    """The error of a request at which the server itself failed."""
    message = "the server failed; its log says why"
    return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", message)


def busy(message: str) -> ApiError:
    """The error of a request for which there is no room now."""
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, "busy", message, headers={"Retry-After": "1"})


def too_large(message: str, field: str | None = None) -> ApiError:
    """The error of a request, a picture or a batch that exceeds a limit of the server."""
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message, field)


def bad_option(message: str, field: str | None) -> ApiError:
    """The error of an option that is unknown, given twice or out of its range."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_option", message, field)


def of_picture(error: InputError) -> ApiError:
    """The error of a picture that cannot be read."""
    if isinstance(error, TooLargeError):
        return too_large(str(error))
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_picture", str(error))


def of_validation(errors: ValidationError) -> ApiError:
    """The first of a model's errors, without the value that caused it."""
    first = errors.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return ApiError(HTTPStatus.BAD_REQUEST, "bad_json", first["msg"])
    return bad_option(first["msg"], field_of(first["loc"]))


def field_of(place: tuple[int | str, ...]) -> str | None:
    """What a model calls a place, such as images.0.url; a client may have made it up, at length."""
    return ".".join(map(str, place))[:100] or None
