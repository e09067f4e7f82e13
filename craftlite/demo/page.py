"""The page itself: components, and what happens when one of them changes."""

import atexit
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from craftlite.demo.about import about, steps
from craftlite.demo.look import LONG_SIDES, MAX_PIXELS, Eye, Look, at_level
from craftlite.demo.views import NOTHING, STYLE, characters_view, json_view, map_view, words_view
from craftlite.draw import overlay, write_picture
from craftlite.errors import CraftliteError
from craftlite.formats import icdar, json_line, record
from craftlite.postprocess import Thresholds
from craftlite.weights import DEFAULT, catalogue

MAX_UPLOAD = "20mb"
UPLOAD_LABEL = f"Picture, {MAX_UPLOAD.upper()} and {MAX_PIXELS // 10**6} megapixels at most"
MOST_PICTURES = 50  # in a batch
SESSION_SECONDS = 3600  # that a picture is remembered without being looked at
CLEAN_SECONDS = (60, 600)  # how often uploads are cleared away, and how old they may get
MOST_SESSIONS = 64  # whose pictures are in memory at once
# Whatever runs the network waits in one line.
NETWORK: dict[str, Any] = {"concurrency_id": "network", "concurrency_limit": 1}
PACKAGE = Path(__file__).parents[1]


def as_sent(payload: Any) -> tuple[str, str] | None:
    """Path and name of an upload, or None: nothing is decoded before our reader has its say."""
    return payload and (payload.path, payload.orig_name or Path(payload.path).name)


def private_folder() -> Path:
    """A folder for uploads that this process alone reads, removed when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="craftlite-demo-"))
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def build(eye: Eye) -> gr.Blocks:
    """The page, for `serve` to launch."""
    private_folder()
    own = eye.detector(DEFAULT)
    with gr.Blocks(
        title="craftlite", analytics_enabled=False, delete_cache=CLEAN_SECONDS, fill_width=True
    ) as blocks:
        gr.Markdown("# craftlite\nFinds the words in photographs, on a CPU.")
        look = gr.State(None, time_to_live=SESSION_SECONDS)
        with gr.Row():
            with gr.Column(scale=1, min_width=280, elem_classes="left"):
                upload = gr.Image(
                    sources=["upload", "clipboard", "webcam"], label=UPLOAD_LABEL, height=220
                )
                upload.preprocess = as_sent  # type: ignore[method-assign, assignment]
                text = _slider("Text threshold", own.thresholds.text, TEXT_HELP)
                link = _slider("Link threshold", own.thresholds.link, LINK_HELP)
                low = _slider("Low text", own.thresholds.low, LOW_HELP)
                side = gr.Slider(
                    *LONG_SIDES, own.long_side, step=32, label="Long side", info=SIDE_HELP
                )
                level = gr.Radio(["word", "char"], value="word", label="Level of the files")
                weights = gr.Dropdown(list(catalogue()), value=DEFAULT, label="Weights")
            with gr.Column(scale=3, min_width=320, elem_classes="right"):
                shown = _tabs()
                with gr.Row():
                    buttons = [gr.Button(name, size="sm") for name in FILES]
                saved = gr.DownloadButton("file", elem_id="saved", elem_classes="away")
                _samples(upload)
        with gr.Tab("Several pictures"):
            batch(eye, [text, link, low, side, level, weights])
        with gr.Tab("About"):
            gr.HTML(steps(eye))
            gr.Markdown(about())
        _wire(eye, look, upload, (text, link, low), level, side, weights, shown)
        for button, form in zip(buttons, FILES.values(), strict=True):
            _offer(eye, button, form, [look, text, link, low, level, weights], saved)
    page: gr.Blocks = blocks
    return page


def serve(page: gr.Blocks, host: str, port: int) -> None:
    """Serve the page until it is interrupted; nothing is shared, and nothing asked of others.

    Raises:
        OSError: the port is taken.
    """
    page.queue(max_size=MOST_SESSIONS, api_open=False)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        max_file_size=MAX_UPLOAD,
        state_session_capacity=MOST_SESSIONS,
        ssr_mode=False,
        footer_links=[],
        quiet=True,
        css=STYLE,
        # The usual themes fetch their fonts from elsewhere.
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )


TEXT_HELP = "The peak that a word must reach. Raise it against false finds."
LINK_HELP = (
    "The affinity that joins characters. Raise it where words merge; lower it for split ones."
)
LOW_HELP = "From here a pixel is text. Lower it for larger boxes and fainter words."
SIDE_HELP = "Pixels that the network sees. More finds smaller words, and takes longer."
FILES = {"JSON": "json", "ICDAR text": "txt", "Overlay": "png"}


def _slider(label: str, value: float, info: str) -> gr.Slider:
    return gr.Slider(0, 1, value, step=0.01, label=label, info=info)


def _samples(upload: gr.Image) -> None:
    """The pictures that ship, in the installed package or beside it in a checkout, to click on."""
    packed = PACKAGE / "_samples"
    folder = packed if packed.is_dir() else PACKAGE.parent / "data" / "samples" / "images"
    pictures = [str(path) for path in sorted(folder.glob("*.jpg"))]
    if pictures:
        gr.Examples(pictures, inputs=upload, label="Samples", examples_per_page=20)


def _tabs() -> list[Any]:
    """The views of a picture: words, characters, both maps, JSON."""
    views: list[Any] = []
    for name in ("Words", "Characters", "Region map", "Affinity map"):
        with gr.Tab(name):
            views.append(gr.HTML(NOTHING, elem_id=name.split()[0].lower(), padding=False))
    with gr.Tab("JSON"):
        views.append(gr.Code(language="json", elem_id="json", wrap_lines=True))
    return views


def _wire(
    eye: Eye,
    look: gr.State,
    upload: gr.Image,
    thresholds: Sequence[gr.Slider],
    level: gr.Radio,
    side: gr.Slider,
    weights: gr.Dropdown,
    shown: Sequence[Any],
) -> None:
    """A new picture, long side or weights run the network; thresholds only what comes after it."""
    words, characters, region, affinity, text = shown

    def open_picture(file: tuple[str, str] | None, side: int, name: str) -> Look | None:
        if file is None:
            return None
        with told():
            return eye.look(Path(file[0]).read_bytes(), file[1], name, side)

    def look_again(look: Look | None, side: int, name: str) -> Look | None:
        if look is None or (look.weights, look.long_side) == (name, side):
            return look
        return eye.again(look.name, look.picture, name, side)

    def maps(look: Look | None) -> tuple[str, str]:
        if look is None:
            return NOTHING, NOTHING
        return (
            map_view(look, look.maps.region, "region map"),
            map_view(look, look.maps.affinity, "affinity map"),
        )

    def show(
        look: Look | None, text: float, link: float, low: float, level: str, name: str
    ) -> tuple[str, ...]:
        if look is None:
            return NOTHING, NOTHING, ""
        found = eye.find(look, name, Thresholds(text, link, low))
        return (
            words_view(look, found),
            characters_view(look, found),
            json_view(look, at_level(found.words, level)),
        )

    def own(name: str) -> tuple[float, float, float, int]:
        detector = eye.detector(name)
        chosen = detector.thresholds
        return chosen.text, chosen.link, chosen.low, detector.long_side

    asked = [look, *thresholds, level, weights]
    seen = [words, characters, text]
    new = upload.change(open_picture, [upload, side, weights], look, api_name="look", **NETWORK)
    weights.change(own, weights, [*thresholds, side]).then(
        look_again, [look, side, weights], look, **NETWORK
    ).then(maps, look, [region, affinity]).then(show, asked, seen)
    again = side.change(
        look_again, [look, side, weights], look, trigger_mode="always_last", **NETWORK
    )
    for event, name in ((new, "words"), (again, None)):
        event.then(maps, look, [region, affinity]).then(show, asked, seen, api_name=name)
    settings: list[Any] = [*thresholds, level]
    for setting in settings:
        setting.change(show, asked, seen, trigger_mode="always_last", show_progress="hidden")


@contextmanager
def told() -> Iterator[None]:
    """A mistake of the user's inside becomes a sentence on the page."""
    try:
        yield
    except CraftliteError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _offer(
    eye: Eye, button: gr.Button, form: str, inputs: Sequence[Any], saved: gr.DownloadButton
) -> None:
    """A click makes a file of what is shown, and hands it to the browser."""

    def save(
        look: Look | None, text: float, link: float, low: float, level: str, name: str
    ) -> str | None:
        if look is None:
            raise gr.Error("Drop a picture first.", print_exception=False)
        found = eye.find(look, name, Thresholds(text, link, low))
        words = at_level(found.words, level)
        folder = Path(tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"]))
        stem = Path(look.name).stem or "picture"
        path = folder / (f"res_{stem}.txt" if form == "txt" else f"{stem}.{form}")
        if form == "json":
            path.write_text(json_line(record(look.name, words)) + "\n")
        elif form == "txt":
            path.write_text(icdar(words))
        else:
            write_picture(path, overlay(look.picture, words))
        return str(path)

    click = "() => document.querySelector('#saved').click()"
    button.click(save, list(inputs), saved).success(None, None, None, js=click)


def batch(eye: Eye, settings: Sequence[Any]) -> None:
    """A tab for many pictures at once, whose results come as one zip file."""
    files = gr.File(file_count="multiple", file_types=["image"], label="Pictures")
    start = gr.Button("Find the words")
    result = gr.File(label="Results", interactive=False)
    said = gr.Markdown()

    def run(
        paths: list[str] | None,
        text: float,
        link: float,
        low: float,
        side: int,
        level: str,
        name: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, str]:
        if not paths:
            raise gr.Error("Choose some pictures first.", print_exception=False)
        if len(paths) > MOST_PICTURES:
            raise gr.Error(f"{MOST_PICTURES} pictures at a time.", print_exception=False)
        target = Path(tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"])) / "words.zip"
        failed = []
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in progress.tqdm([Path(path) for path in paths], unit="pictures"):
                try:
                    look = eye.look(path.read_bytes(), path.name, name, side)
                except CraftliteError as error:
                    failed.append(f"- {path.name}: {error}")
                    continue
                found = eye.find(look, name, Thresholds(text, link, low))
                words = at_level(found.words, level)
                archive.writestr(f"{path.stem}.json", json_line(record(path.name, words)) + "\n")
                archive.writestr(f"res_{path.stem}.txt", icdar(words))
        done = len(paths) - len(failed)
        return str(target), "\n".join([f"{done} of {len(paths)} pictures.", *failed])

    start.click(run, [files, *settings], [result, said], **NETWORK)
