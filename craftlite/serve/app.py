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
    """What the routes share.

    Attributes:
        ready: whether the network has run.
        stopping: whether the process ends once the requests under way are answered.
        dropped: pictures still worked on when it ended, of requests that had given up.
    """

    analyser: Analyser
    admission: Admission
    keys: Keys
    metrics: Metrics = field(default_factory=Metrics)
    ready: bool = False
    stopping: bool = False
    dropped: int = 0

    def admit(self, request: Request) -> None:
        """Raise ApiError unless a request has a key, if one is needed, and there is room for it."""
        if not self.keys.accept(request.headers):
            message = "expected a valid key as Authorization: Bearer KEY or X-API-Key: KEY"
            challenge = {"WWW-Authenticate": "Bearer"}
            raise ApiError(HTTPStatus.UNAUTHORIZED, "no_key", message, headers=challenge)
        self.check_ready()
        self.admission.check()

    def check_ready(self) -> None:
        """Raise ApiError while requests are not taken."""
        if self.stopping or not self.ready:
            message = "the server is stopping" if self.stopping else "the server is starting"
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", message)

    async def analyse(
        self, request: Request, pictures: Sequence[Upload], options: Options
    ) -> list[Analysis | ApiError]:
        """The words of pictures, or the error of each that has none."""
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
        """Run the network once; what fails here would fail for every request."""
        blank = np.full((64, 64, 3), 255, np.uint8)
        try:
            await asyncio.to_thread(self.analyser.detector, blank)
        except Exception as error:
            log("the network does not run", error=error)
        else:
            self.ready = True
            log("ready")


def build(service: Service) -> Gate:
    """The service as an application: the gate that all requests pass."""

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
        # Their pages load scripts from elsewhere.
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
    metrics.watch("body_bytes_held", "Bytes of their bodies.", lambda: gate.held)
    metrics.watch("pictures_running", "Pictures analysed now.", lambda: service.admission.running)
    metrics.watch("pictures_waiting", "Pictures that wait.", lambda: service.admission.waiting)
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
        """The words of a picture, as `craftlite detect` writes them."""
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
        """The words of several pictures, each a result or an error in its place."""
        most = service.analyser.limits.batch
        pictures, options = await read_several(request, options, most)
        results = await service.analyse(request, pictures, options)
        texts = [one.json if isinstance(one, Analysis) else one.json() for one in results]
        return _json(f'{{"results": [{", ".join(texts)}]}}')


def _add_operation(app: FastAPI, service: Service) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz", responses={503: ERRORS[503]})
    async def readyz() -> dict[str, str]:
        """Whether requests are taken: the network has run, and the server is not stopping."""
        service.check_ready()
        return {"status": "ready"}

    @app.get("/metrics", response_class=Response, responses={200: {"content": {TEXT: {}}}})
    async def metrics() -> Response:
        """Counts for Prometheus."""
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
        return failed().response()  # the gate gets the error, too, and logs it

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
