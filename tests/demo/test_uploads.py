"""What the server lets a visitor name: nothing but samples and the visitor's own uploads."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("gradio", reason="needs craftlite[demo]")

from craftlite.demo.session import DetectorPool

SAMPLE = Path(__file__).parents[2] / "data/samples/images/badge.jpg"
META = {"_type": "gradio.FileData"}
LEVELS = (0.6, 0.4, 0.45)


@pytest.fixture
def visitor(address: str) -> httpx.Client:
    return new_visitor(address)


def new_visitor(address: str) -> httpx.Client:
    """A browser as far as cookies go, which has opened the page."""
    client = httpx.Client(base_url=address, timeout=60)
    client.get("/")
    return client


def upload(visitor: httpx.Client, data: bytes = b"", name: str = "badge.jpg") -> str:
    files = {"files": (name, data or SAMPLE.read_bytes())}
    return visitor.post("/gradio_api/upload", files=files).json()[0]


def ask(visitor: httpx.Client, endpoint: str, *data: Any) -> httpx.Response:
    """The refusal of a request, or its result as the server's events tell it."""
    asked = visitor.post(f"/gradio_api/call/{endpoint}", json={"data": data})
    if asked.is_error:
        return asked
    return visitor.get(f"/gradio_api/call/{endpoint}/{asked.json()['event_id']}")


def look(visitor: httpx.Client, file: dict[str, Any]) -> httpx.Response:
    return ask(visitor, "look", file, 640, weights(visitor))


def batch(visitor: httpx.Client, file: dict[str, Any]) -> httpx.Response:
    return ask(visitor, "batch", [file], *LEVELS, "word", weights(visitor), 640)


def weights(visitor: httpx.Client) -> str:
    parts = visitor.get("/config").json()["components"]
    return next(part["props"]["value"] for part in parts if part["type"] == "dropdown")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Paths on the server that nobody has uploaded."""
    link, pipe = tmp_path / "link.jpg", tmp_path / "pipe.jpg"
    link.symlink_to(SAMPLE)
    os.mkfifo(pipe)
    return {
        "picture": str(SAMPLE),
        "link": str(link),
        "device": "/dev/zero",
        "pipe": str(pipe),
        "folder": str(tmp_path),
        "address": "http://example.com/badge.jpg",
    }


@pytest.mark.parametrize("meta", [{}, {"meta": META}])
@pytest.mark.parametrize("endpoint", [look, batch])
@pytest.mark.parametrize("kind", ["picture", "link", "device", "pipe", "folder", "address"])
def test_no_file_but_an_upload_is_opened(
    visitor: httpx.Client,
    pool: DetectorPool,
    files: dict[str, str],
    kind: str,
    endpoint: Any,
    meta: dict[str, Any],
) -> None:
    runs = pool.runs
    refused = endpoint(visitor, {"path": files[kind], **meta})
    assert refused.status_code == 403
    assert "not one of your uploads" in refused.json()["detail"]
    assert pool.runs == runs


@pytest.mark.parametrize("kind", ["picture", "link", "pipe"])
def test_a_file_in_the_folder_that_nobody_uploaded_is_refused(
    visitor: httpx.Client, files: dict[str, str], kind: str
) -> None:
    inside = Path(upload(visitor)).with_name(f"{kind}.jpg")
    Path(files[kind]).rename(inside) if kind == "pipe" else inside.symlink_to(files[kind])
    assert look(visitor, {"path": str(inside), "meta": META}).status_code == 403


def test_an_upload_that_has_become_a_link_or_a_pipe_is_refused(visitor: httpx.Client) -> None:
    for make in (os.mkfifo, lambda path: path.symlink_to(SAMPLE)):
        path = Path(upload(visitor, name="changed.jpg"))
        path.unlink()
        make(path)
        assert look(visitor, {"path": str(path), "meta": META}).status_code == 403
        path.unlink()


@pytest.mark.parametrize("endpoint", [look, batch])
def test_uploads_are_opened_for_their_own_visitor_alone(
    address: str, visitor: httpx.Client, endpoint: Any
) -> None:
    file = {"path": upload(visitor, SAMPLE.read_bytes() + b"mine"), "meta": META}
    refused = endpoint(new_visitor(address), file)
    assert refused.status_code == 403
    assert "event: complete" in endpoint(visitor, file).text


def test_an_upload_is_fetched_by_its_own_visitor_alone(address: str, visitor: httpx.Client) -> None:
    path = Path(upload(visitor, SAMPLE.read_bytes() + b"for me"))
    roundabout = f"{path.parent}/../{path.parent.name}/{path.name}"
    for name in (str(path), roundabout.replace("..", "%2E%2E")):
        assert visitor.get(f"/gradio_api/file={name}").status_code == 200
        assert new_visitor(address).get(f"/gradio_api/file={name}").status_code == 403
    assert visitor.get(f"/gradio_api/file={path}%00").status_code == 403


def test_two_visitors_may_upload_the_same_picture(address: str, visitor: httpx.Client) -> None:
    other, data = new_visitor(address), SAMPLE.read_bytes() + b"ours"
    file = {"path": upload(visitor, data), "meta": META}
    assert upload(other, data) == file["path"]
    assert "event: complete" in look(other, file).text
    assert "event: complete" in look(visitor, file).text


def test_a_sample_is_chosen_by_its_number_alone(visitor: httpx.Client) -> None:
    config = visitor.get("/config").json()
    samples = next(part["id"] for part in config["components"] if part["type"] == "dataset")
    chosen = next(one for one in config["dependencies"] if samples in one["inputs"])
    run = {"fn_index": chosen["id"], "session_hash": "samples"}
    answer = visitor.post("/gradio_api/run/predict", json={"data": [0], **run})
    assert answer.json()["data"][0]["orig_name"].endswith(".jpg")
    assert "event: complete" in look(visitor, answer.json()["data"][0]).text
    for wrong in ([0, [str(SAMPLE)]], [str(SAMPLE)], str(SAMPLE), 10_000):
        answer = visitor.post("/gradio_api/run/predict", json={"data": [wrong], **run})
        assert answer.status_code == 500
        assert "orig_name" not in answer.text


def test_a_sample_is_everyones_even_after_someone_uploaded_it(
    address: str, visitor: httpx.Client
) -> None:
    path = upload(visitor)
    other = new_visitor(address)
    assert other.get(f"/gradio_api/file={path}").status_code == 200
    assert "event: complete" in look(other, {"path": path, "meta": META}).text


def test_a_file_stays_hidden_however_the_request_is_written(visitor: httpx.Client) -> None:
    """Neither the depth of a path nor a second key of its name hides it."""
    own = upload(visitor)
    twice = f'{{"path": "{own}", "path": "/etc/hostname"}}'
    deep = '{"value": [{"path": "/etc/hostname"}]}'
    for file in (twice, deep):
        body = f'{{"data": [{file}, 640, "{weights(visitor)}"]}}'
        for kind in ("application/json", "text/plain"):
            header = {"Content-Type": kind}
            asked = visitor.post("/gradio_api/call/look", content=body, headers=header)
            assert asked.status_code == 403
    nested = "[" * 100_000 + "]" * 100_000
    assert visitor.post("/gradio_api/call/look", content=nested).status_code == 400
    assert visitor.post("/gradio_api/call/look", content=" " * 2**21).status_code == 413


def test_a_request_may_name_no_file(visitor: httpx.Client, pool: DetectorPool) -> None:
    runs = pool.runs
    assert "event: complete" in look(visitor, {"path": None}).text
    assert pool.runs == runs
