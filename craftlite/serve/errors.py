"""Errors of the service, each with a status, a machine-readable code and a sentence."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import ValidationError

from craftlite.errors import InputError, TooLargeError


class ApiError(Exception):
    """An error that is returned to a client instead of a result.

    Args:
        status: the HTTP status.
        code: a short name that never changes.
        message: one sentence, without internal details of the server.
        field: the option or part of the body that is wrong, if any.
        headers: additional headers of the response.
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
        """Return the JSON object of the error."""
        return {"error": {"code": self.code, "message": self.message, "field": self.field}}

    def json(self) -> str:
        """Return the error as JSON text, for its place among the results of a batch."""
        return json.dumps(self.content())

    def response(self) -> JSONResponse:
        """Return the HTTP response."""
        return JSONResponse(self.content(), self.status, self.headers)


def failed() -> ApiError:
    """Return the error for an internal failure of the server."""
    message = "the server failed; see its log for the reason"
    return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", message)


def busy(message: str) -> ApiError:
    """Return the error for a request that exceeds the server's current capacity."""
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, "busy", message, headers={"Retry-After": "1"})


def too_large(message: str, field: str | None = None) -> ApiError:
    """Return the error for a request, picture or batch that exceeds a limit of the server."""
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message, field)


def bad_option(message: str, field: str | None) -> ApiError:
    """Return the error for an option that is unknown, given twice or out of range."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_option", message, field)


def of_picture(error: InputError) -> ApiError:
    """Return the error for a picture that cannot be read."""
    if isinstance(error, TooLargeError):
        return too_large(str(error))
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_picture", str(error))


def of_validation(errors: ValidationError) -> ApiError:
    """Return the first of a model's errors, without the value that caused it."""
    first = errors.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return ApiError(HTTPStatus.BAD_REQUEST, "bad_json", first["msg"])
    return bad_option(first["msg"], field_of(first["loc"]))


def field_of(place: tuple[int | str, ...]) -> str | None:
    """Return a model's name for a place, such as images.0.url, cut to 100 characters.

    It may contain names sent by the client, of any length.
    """
    return ".".join(map(str, place))[:100] or None
