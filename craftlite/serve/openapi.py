"""Parts of the OpenAPI document that the routes' signatures do not describe: bodies and errors."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from craftlite.serve.schemas import BatchIn, DetectIn, ErrorOut, Options

_REFERENCE = "#/components/schemas/{model}"
_FILE = {"type": "string", "format": "binary"}
_MEANINGS = {
    400: "The body does not match its content type, or contains no picture.",
    401: "A valid API key is required.",
    408: "The body arrived too slowly.",
    413: "The body, the picture or the batch exceeds a limit of this server.",
    415: "The content type of the body is not supported.",
    422: "The picture cannot be read, or an option is wrong.",
    429: "All places are taken.",
    500: "The server failed.",
    503: "The request timed out, or the server is starting or stopping.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorOut, "description": text} for status, text in _MEANINGS.items()
}


_FIELDS = Options.model_json_schema()["properties"]


def _form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a form with files in the field `name` and options in other fields."""
    properties = {name: schema, **_FIELDS}
    return {"schema": {"type": "object", "properties": properties, "required": [name]}}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}


def _body(**content: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


ONE_BODY = _body(
    **{
        "multipart/form-data": _form("file", _FILE),
        "application/json": _json(DetectIn),
        "image/*": {"schema": _FILE},
        "application/pdf": {"schema": _FILE},
        "application/octet-stream": {"schema": _FILE},
    }
)
BATCH_BODY = _body(
    **{
        "multipart/form-data": _form("files", {"type": "array", "items": _FILE}),
        "application/json": _json(BatchIn),
    }
)


def with_bodies(app: FastAPI) -> None:
    """Add the JSON bodies and the API keys to an application's OpenAPI document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            bodies: list[tuple[type[BaseModel], JsonSchemaMode]] = [
                (DetectIn, "validation"),
                (BatchIn, "validation"),
            ]
            _, defined = models_json_schema(bodies, ref_template=_REFERENCE)
            components = schema["components"]
            components["schemas"].update(defined["$defs"])
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
            for path in ("/v1/detect", "/v1/detect/batch"):
                # {}: a server may require no key.
                schema["paths"][path]["post"]["security"] = [{}, {"bearer": []}, {"header": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
