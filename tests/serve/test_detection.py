"""Pictures in, words out: the same JSON as `craftlite detect`, however a picture is sent."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from served import Server, error, serving

from craftlite.serve.schemas import BatchOut, ErrorOut, PictureOut

SAMPLES = Path(__file__).parents[2] / "data/samples/images"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("--max-batch", "3") as running:
        yield running


@pytest.fixture
def client(server: Server) -> httpx.Client:
    return server.client()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_answer_is_what_detect_prints(client: httpx.Client) -> None:
    photo = SAMPLES / "plate.jpg"
    command = [sys.executable, "-m", "craftlite.cli", "detect", str(photo), "--long-side", "320"]
    options = ["--level", "line", "--polygons", "--low-text", "0.3", "--min-score", "0.2"]
    printed = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    form = {"level": "line", "polygons": "true", "low_text": "0.3", "min_score": "0.2"}
    answer = client.post("/v1/detect", files={"file": photo.open("rb")}, data=form)
    expected = json.loads(printed.stdout)
    assert expected["words"]
    assert answer.json() == expected | {"image": "plate.jpg"}
    PictureOut.model_validate(answer.json())


def test_a_picture_is_the_same_however_it_is_sent(client: httpx.Client, photo: bytes) -> None:
    raw = {"Content-Type": "image/jpeg"}
    answers = [
        client.post("/v1/detect", files={"file": ("a.jpg", photo)}),
        client.post("/v1/detect", json={"image": base64_of(photo), "name": "a.jpg"}),
        client.post("/v1/detect", content=photo, headers=raw),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    records = [answer.json() for answer in answers]
    assert [record.pop("image") for record in records] == ["a.jpg", "a.jpg", "the picture"]
    assert records[0] == records[1] == records[2]
    assert records[0]["words"]


def test_options_are_in_the_address_in_the_form_or_in_json(
    client: httpx.Client, photo: bytes
) -> None:
    body = {"image": base64_of(photo), "level": "char", "min_score": 0.5, "tiles": 600}
    query = "/v1/detect?level=char&min_score=0.5&tiles=600"
    answers = [
        client.post("/v1/detect", json=body),
        client.post(query, json={"image": base64_of(photo)}),
        client.post(query, content=photo, headers={"Content-Type": "image/jpeg"}),
    ]
    records = [answer.json() for answer in answers]
    assert all(record["words"][0]["characters"] for record in records)
    assert records[0] == records[1] == records[2]


def test_thresholds_of_a_request_are_its_own(client: httpx.Client, photo: bytes) -> None:
    def words(**options: Any) -> int:
        body = {"image": base64_of(photo), **options}
        return len(client.post("/v1/detect", json=body).json()["words"])

    usual = words()
    assert words(text_threshold=1, link_threshold=0.9, growth=2) < usual
    assert words() == usual


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"level": "page"}, "level"),
        ({"min_score": 1.5}, "min_score"),
        ({"text_threshold": -1}, "text_threshold"),
        ({"growth": 5}, "growth"),
        ({"long_side": 31}, "long_side"),
        ({"long_side": 4000}, "long_side"),
        ({"long_side": 10**30}, "long_side"),
        ({"tiles": "some"}, "tiles"),
        ({"tiles": 63}, "tiles"),
        ({"page": 0}, "page"),
        ({"thresholds": "nowhere"}, "thresholds"),
        ({"polygonz": True}, "polygonz"),
        ({"url": "http://127.0.0.1/"}, None),
    ],
)
def test_a_wrong_option_is_named(
    client: httpx.Client, photo: bytes, options: dict[str, Any], field: str | None
) -> None:
    body = {"image": base64_of(photo), **options}
    found = error(client.post("/v1/detect", json=body), 422)
    assert (found["code"], found["field"]) == ("bad_option", field)
    if field is not None:
        answer = client.post("/v1/detect", params=options, files={"file": photo})
        assert error(answer, 422)["field"] == field
        answer = client.post("/v1/detect", data=options, files={"file": photo})
        assert error(answer, 422)["field"] == field


def test_an_option_is_given_once(client: httpx.Client, photo: bytes) -> None:
    twice = client.post("/v1/detect?page=1", data={"page": "1"}, files={"file": photo})
    assert error(twice, 422)["field"] == "page"
    twice = client.post("/v1/detect", data={"page": ["1", "1"]}, files={"file": photo})
    assert error(twice, 422)["field"] == "page"


def test_not_a_number_is_no_threshold(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for text in ("NaN", "Infinity", "1e999"):
        body = f'{{"image": "AAAA", "low_text": {text}}}'
        answer = client.post("/v1/detect", content=body, headers=headers)
        assert answer.status_code in (400, 422)
    assert error(client.post("/v1/detect?low_text=nan", files={"file": b"x"}), 422)


def test_pages_of_tiffs_and_pdfs(client: httpx.Client) -> None:
    pages = [Image.new("RGB", (90, 60), colour) for colour in ("red", "blue")]
    for form in ("TIFF", "PDF"):
        if form == "PDF":
            pytest.importorskip("pypdfium2")
        file = BytesIO()
        pages[0].save(file, form, save_all=True, append_images=pages[1:])
        name = f"two.{form.lower()}"
        second = client.post("/v1/detect?page=2", files={"file": (name, file.getvalue())})
        assert second.json()["page"] == 2
        PictureOut.model_validate(second.json())
        third = client.post("/v1/detect?page=3", files={"file": (name, file.getvalue())})
        found = error(third, 422)
        assert found["code"] == "bad_picture"
        assert name in found["message"] and "no page 3" in found["message"]


def test_a_frame_after_the_first_is_refused(client: httpx.Client) -> None:
    frames = [Image.new("RGB", (90, 60), colour) for colour in ("red", "blue")]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert client.post("/v1/detect", files={"file": file.getvalue()}).status_code == 200
    answer = client.post("/v1/detect?page=2", files={"file": file.getvalue()})
    assert "animation" in error(answer, 422)["message"]


def test_a_batch_has_a_result_or_an_error_for_each(client: httpx.Client, photo: bytes) -> None:
    files = [("files", ("a.jpg", photo)), ("files", ("b.jpg", b"no")), ("files", ("c.jpg", photo))]
    answer = client.post("/v1/detect/batch", files=files, data={"level": "line"})
    assert answer.status_code == 200
    BatchOut.model_validate(answer.json())
    first, second, third = answer.json()["results"]
    assert (first["image"], third["image"]) == ("a.jpg", "c.jpg")
    assert first["lines"] == third["lines"] != []
    assert second["error"]["code"] == "bad_picture"
    assert second["error"]["message"].startswith("b.jpg: ")
    images = [{"image": base64_of(photo), "name": "a.jpg"}, {"image": "n/o!"}]
    answer = client.post("/v1/detect/batch", json={"images": images, "level": "line"})
    assert answer.json()["results"][0] == first
    assert "base64" in answer.json()["results"][1]["error"]["message"]


def test_a_batch_has_a_picture_and_not_too_many(client: httpx.Client) -> None:
    many = [("files", (f"{number}.jpg", b"x")) for number in range(5)]
    answers = [
        client.post("/v1/detect/batch", files=many[:4]),
        client.post("/v1/detect/batch", json={"images": [{"image": "eA=="}] * 4}),
    ]
    assert [error(answer, 413)["code"] for answer in answers] == ["too_large"] * 2
    assert client.post("/v1/detect/batch", files=many).status_code in (400, 413)
    assert error(client.post("/v1/detect/batch", json={"images": []}), 422)["field"] == "images"


def test_the_document_is_valid_and_its_examples_work(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    references = set(_references(document))
    schemas = document["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in references} <= schemas.keys()
    paths = document["paths"].items()
    posts = {path: methods["post"] for path, methods in paths if "post" in methods}
    assert posts.keys() == {"/v1/detect", "/v1/detect/batch"}
    for path, post in posts.items():
        body = post["requestBody"]["content"]["application/json"]["schema"]
        [example] = schemas[body["$ref"].rpartition("/")[2]]["examples"]
        answer = client.post(path, json=example)
        assert answer.status_code == 200, answer.text
        model = PictureOut if path == "/v1/detect" else BatchOut
        model.model_validate(answer.json())
        assert "error" not in answer.text
    for model in (PictureOut, BatchOut, ErrorOut):
        for example in schemas[model.__name__]["examples"]:
            model.model_validate(example)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _references(one)
