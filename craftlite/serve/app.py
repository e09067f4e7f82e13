"""The routes of the service."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

import numpy as np
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from craftlite import __version__
from craftlite.serve.admission import Admission, ClientGoneError
from craftlite.serve.bodies import read_one, read_several
from craftlite.serve.errors import ApiError, bad_option, failed, field_of
from craftlite.serve.gate import CLOSED, Exchange, Gate
from craftlite.serve.keys import Keys
from craftlite.serve.logs import log
from craftlite.serve.metrics import Metrics
from craftlite.serve.openapi import BATCH_BODY, ERRORS, ONE_BODY, with_bodies
from craftlite.serve.schemas import BatchOut, Options, PictureOut
from craftlite.serve.work import Analyser, Analysis, Upload

ROUTES = {"/v1/detect", "/v1/detect/batch", "/healthz", "/readyz", "/metrics", "/openapi.json"}
TEXT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' format


@dataclass
class Service:
    """State that the routes share.

    Attributes:
        ready: whether the network has been run once.
        stopping: whether the process will end once the requests in progress are answered.
        dropped: number of pictures still being processed at the end, for requests that have ended.
    """

    analyser: Analyser
    admission: Admission
    keys: Keys
    metrics: Metrics = field(default_factory=Metrics)
    ready: bool = False
    stopping: bool = False
    dropped: int = 0

    def admit(self, request: Request) -> None:
        """Raise an ApiError if a request lacks a required key or exceeds the capacity."""
        if not self.keys.accept(request.headers):
            message = "expected a valid key as Authorization: Bearer KEY or X-API-Key: KEY"
            challenge = {"WWW-Authenticate": "Bearer"}
            raise ApiError(HTTPStatus.UNAUTHORIZED, "no_key", message, headers=challenge)
        self.check_ready()
        self.admission.check()

    def check_ready(self) -> None:
        """Raise an ApiError while the server is starting or stopping."""
        if self.stopping or not self.ready:
            message = "the server is stopping" if self.stopping else "the server is starting"
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", message)

    async def analyse(
        self, request: Request, pictures: Sequence[Upload], options: Options
    ) -> list[Analysis | ApiError]:
        """Return the words of each picture, or its error."""
        jobs = [self.analyser.job(picture, options) for picture in pictures]
        seconds = self.analyser.limits.seconds
        results = await self.admission.results(jobs, seconds, _until_gone(request))
        exchange: Exchange = request.state.exchange
        good = [result for result in results if isinstance(result, Analysis)]
        for result in good:
            self.metrics.count_picture(result.pixels, result.words)
        exchange.facts |= {
            "pictures": len(good),
            "pixels": sum(result.pixels for result in good),
            "words": sum(result.words for result in good),
        }
        return results

    async def warm_up(self) -> None:
        """Run the network once; a failure here would affect every request."""
        blank = np.full((64, 64, 3), 255, np.uint8)
        try:
            await asyncio.to_thread(self.analyser.detector, blank)
        except Exception as error:
            log("the network does not run", error=error)
        else:
            self.ready = True
            log("ready")


def build(service: Service) -> Gate:
    """Build the application, wrapped in the gate that all requests pass."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(service.warm_up())
        yield
        warming.cancel()
        service.dropped = service.admission.taken

    app = FastAPI(
        title="craftlite",
        version=__version__,
        description="Finds the words in pictures.",
        lifespan=lifespan,
        # The documentation pages would load scripts from other sites.
        docs_url=None,
        redoc_url=None,
    )
    _add_detection(app, service)
    _add_operation(app, service)
    _add_errors(app)
    with_bodies(app)
    limits, metrics = service.analyser.limits, service.metrics
    gate = Gate(app, metrics, limits.bytes, limits.seconds, ROUTES)
    metrics.watch("requests_in_flight", "Requests being answered.", lambda: gate.answering)
    metrics.watch("body_bytes_held", "Bytes of request bodies held.", lambda: gate.held)
    metrics.watch("pictures_running", "Pictures being analysed.", lambda: service.admission.running)
    metrics.watch("pictures_waiting", "Pictures waiting.", lambda: service.admission.waiting)
    return gate


def _add_detection(app: FastAPI, service: Service) -> None:
    admitted: list[Any] = [Depends(service.admit)]

    @app.post(
        "/v1/detect",
        dependencies=admitted,
        response_model=None,
        responses={200: {"model": PictureOut}, **ERRORS},
        openapi_extra=ONE_BODY,
    )
    async def detect(request: Request, options: Annotated[Options, Query()]) -> Response:
        """Return the words of a picture in the JSON format of `craftlite detect`."""
        picture, options = await read_one(request, options)
        [result] = await service.analyse(request, [picture], options)
        if isinstance(result, ApiError):
            raise result
        return _json(result.json)

    @app.post(
        "/v1/detect/batch",
        dependencies=admitted,
        response_model=None,
        responses={200: {"model": BatchOut}, **ERRORS},
        openapi_extra=BATCH_BODY,
    )
    async def detect_batch(request: Request, options: Annotated[Options, Query()]) -> Response:
        """Return a result or an error for each of several pictures."""
        most = service.analyser.limits.batch
        pictures, options = await read_several(request, options, most)
        results = await service.analyse(request, pictures, options)
        texts = [one.json if isinstance(one, Analysis) else one.json() for one in results]
        return _json(f'{{"results": [{", ".join(texts)}]}}')


def _add_operation(app: FastAPI, service: Service) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Report that the process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", responses={503: ERRORS[503]})
    async def readyz() -> dict[str, str]:
        """Report whether requests are accepted: after the warm-up, until the server stops."""
        service.check_ready()
        return {"status": "ready"}

    @app.get("/metrics", response_class=Response, responses={200: {"content": {TEXT: {}}}})
    async def metrics() -> Response:
        """Return the metrics for Prometheus."""
        return Response(service.metrics.text(), media_type=TEXT)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def own(request: Request, error: ApiError) -> JSONResponse:
        return error.response()

    @app.exception_handler(ClientGoneError)
    async def gone(request: Request, error: ClientGoneError) -> Response:
        return Response(status_code=CLOSED)

    @app.exception_handler(Exception)
    async def other(request: Request, error: Exception) -> JSONResponse:
        return failed().response()  # the gate receives the error too, and logs it

    @app.exception_handler(RequestValidationError)
    async def options(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return bad_option(first["msg"], field_of(first["loc"][1:])).response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        code = status.phrase.lower().replace(" ", "_")
        return ApiError(status, code, error.detail, headers=error.headers).response()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
