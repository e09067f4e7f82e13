"""The page: its components, and the handlers that run when they change."""

import atexit
import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component
from starlette.middleware import Middleware

from craftlite.demo.about import about, steps
from craftlite.demo.guard import Guard
from craftlite.demo.handlers import FURTHER, Handlers
from craftlite.demo.session import LONG_SIDES, MAX_PIXELS, DetectorPool
from craftlite.demo.shelf import Shelf
from craftlite.demo.uploads import OwnFiles
from craftlite.demo.views import HEAD, NOTHING, STYLE
from craftlite.detector import Detector, default_weights
from craftlite.weights import catalogue

MAX_UPLOAD = "20mb"
UPLOAD_LABEL = f"Picture (at most {MAX_UPLOAD.upper()} and {MAX_PIXELS // 10**6} megapixels)"
SESSION_SECONDS = 3600  # time after its last use when a picture is dropped
CLEAN_SECONDS = (60, 600)  # interval at which uploads are deleted, and their maximum age
MOST_SESSIONS = 64  # sessions in memory, and requests in the queue
# Handlers that run the network, or use several times a picture's memory, run one at a time.
NETWORK: dict[str, Any] = {"concurrency_id": "network", "concurrency_limit": 1}
PACKAGE = Path(__file__).parents[1]
FILES = {"JSON": "json", "ICDAR text": "txt", "Overlay": "png"}
# Gradio's own labels follow the browser's language, but the page's other texts are in English, so
# use English everywhere. Gradio 6 also lacks the text of "common.complete" in every language.
LANGUAGES = (
    *("ar", "ca", "ckb", "de", "en", "es", "et", "eu", "fa", "fi", "fr", "he", "hi", "hu", "id"),
    *("it", "ja", "ko", "lt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sv", "ta", "th", "tr"),
    *("uk", "ur", "uz", "vi", "zh-CN", "zh-TW"),
)
LABELS = {
    "common.complete": "Complete",
    "common.error": "Error",
    "common.loading": "Loading",
    "common.or": "or",
    "common.processing": "Processing",
    "image.drop_to_upload": "Drop an image file here to upload",
    "upload_text.click_to_upload": "Click to Upload",
    "upload_text.drop_file": "Drop File Here",
    "upload_text.drop_image": "Drop Image Here",
}
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # in glibc's malloc.h


def serve(page: gr.Blocks, host: str, port: int, names: Collection[str] = ()) -> None:
    """Serve the page until interrupted, without a public tunnel or requests to other sites.

    names: host names that visitors may use, besides localhost and the host.

    Raises:
        OSError: the port is in use.
    """
    return_freed_memory()
    # Before the first visit, the samples are the only files in the components' cache.
    samples = set().union(*(block.keep_in_cache for block in page.blocks.values()))
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
        app_kwargs={
            "middleware": [
                Middleware(Guard, host=host, names=names),
                Middleware(OwnFiles, samples=samples),
            ]
        },
        css=STYLE,
        head=HEAD,
        i18n=gr.I18n(**dict.fromkeys(LANGUAGES, LABELS)),
        # The standard themes load their fonts from other sites.
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )


def return_freed_memory() -> None:
    """Make glibc return each large block to the system when it is freed; elsewhere do nothing.

    By default glibc raises its threshold after the first large blocks and then keeps freed ones, in
    each thread that serves visitors: hundreds of megabytes.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, 2**20)
        library.mallopt(M_ARENA_MAX, 2)


def build(pool: DetectorPool) -> gr.Blocks:
    """Build the page for `serve`."""
    shelf = Shelf()
    handlers = Handlers(pool, _private_folder(), shelf)
    page: gr.Blocks
    with gr.Blocks(
        title="craftlite", analytics_enabled=False, delete_cache=CLEAN_SECONDS, fill_width=True
    ) as page:
        # Gradio deep-copies its settings for every visitor. A bound method among them would make it
        # copy the shelf with everyone's pictures.
        key = gr.State(
            None, time_to_live=SESSION_SECONDS, delete_callback=lambda key: shelf.drop(key)
        )
        gr.Markdown("# craftlite\nFinds words in photographs, on a CPU.")
        with gr.Row():
            with gr.Column(scale=1, min_width=280, elem_classes="left"):
                upload = gr.Image(
                    sources=["upload", "clipboard", "webcam"],
                    label=UPLOAD_LABEL,
                    height=220,
                    elem_classes="picture",
                )
                pdf = gr.UploadButton(
                    "Open a PDF", file_types=[".pdf"], size="sm", elem_classes="picture"
                )
                page_number = gr.Slider(1, 2, 1, step=1, label="Page of the PDF", visible=False)
                upload.preprocess = as_sent  # type: ignore[method-assign, assignment]
                controls, side = _controls(pool.detector(default_weights()))
            with gr.Column(scale=3, min_width=320, elem_classes="right"):
                views = _views(handlers, [key, *controls])
                _save_buttons(handlers, [key, *controls])
                _samples(upload)
        with gr.Tab("Several pictures"):
            _several(handlers, [*controls, side])
        with gr.Tab("About"):
            gr.HTML(steps(pool))
            gr.Markdown(about())
        _wire(handlers, key, (upload, pdf, page_number), controls, side, views)
    return page


def _private_folder() -> Path:
    """Create a folder for uploads that only this process reads, removed when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="craftlite-demo-")).resolve()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def as_sent(payload: Any) -> tuple[str, str] | None:
    """Return the path and name of an upload, or None, so that only `read_image` decodes it."""
    if payload is None or payload.path is None:
        return None
    return payload.path, payload.orig_name or Path(payload.path).name


def _controls(detector: Detector) -> tuple[list[Any], gr.Slider]:
    """Return the controls of `handlers.Controls`, set to a detector's values, and the long side."""

    def threshold(value: float, label: str, info: str) -> gr.Slider:
        return gr.Slider(0, 1, value, step=0.01, label=label, info=info)

    own = detector.thresholds
    text = threshold(
        *(own.text, "Text threshold"),
        "Peak region score that a word must reach. Raise it to get fewer false detections.",
    )
    link = threshold(
        *(own.link, "Link threshold"),
        "Affinity score that joins characters. Raise it if words merge, lower it if they split.",
    )
    low = threshold(
        *(own.low, "Low text"),
        "Minimum region score of a text pixel. Lower it for larger boxes and fainter words.",
    )
    side = gr.Slider(
        *(*LONG_SIDES, detector.long_side),
        step=32,
        label="Long side",
        info="Pixels to scale the longer side to. A larger value finds smaller words and takes "
        "longer. Pictures are enlarged at most twice.",
    )
    level = gr.Radio(["word", "char"], value="word", label="Level of JSON and files")
    weights = gr.Dropdown(list(catalogue()), value=default_weights(), label="Weights")
    return [text, link, low, level, weights], side


class Views(NamedTuple):
    """The contents of the tabs.

    Attributes:
        words: views of the words, the characters and the JSON.
        maps: views of the two maps.
        further: views of `handlers.FURTHER`.
        front: the name of the selected tab.
    """

    words: list[Component]
    maps: list[Component]
    further: list[Component]
    front: gr.State


def _views(handlers: Handlers, settings: list[Component]) -> Views:
    """Create a tab for each view."""
    front = gr.State("Words")
    tabs: dict[str, gr.Tab] = {}
    views: dict[str, Component] = {}
    with gr.Tabs():
        for name in ("Words", "Characters", *FURTHER, "Region map", "Affinity map", "JSON"):
            with gr.Tab(name) as tabs[name]:
                if name == "JSON":
                    views[name] = gr.Code(language="json", elem_id="json", wrap_lines=True)
                else:
                    elem_id = name.split()[0].lower()
                    views[name] = gr.HTML(NOTHING, elem_id=elem_id, padding=False)
    further = [views[name] for name in FURTHER]
    for name, tab in tabs.items():
        line = NETWORK if name in FURTHER else {}
        tab.select(partial(handlers.select, name), settings, [front, *further], **line)
    words = [views[name] for name in ("Words", "Characters", "JSON")]
    return Views(words, [views["Region map"], views["Affinity map"]], further, front)


def _save_buttons(handlers: Handlers, settings: list[Component]) -> None:
    """Create a button for each file format; the browser downloads the file once it is written."""
    saved = gr.DownloadButton("file", elem_id="saved", elem_classes="away")
    with gr.Row():
        for name, form in FILES.items():
            button = gr.Button(name, size="sm")
            line = NETWORK if form == "png" else {}
            made = button.click(partial(handlers.save, form), settings, saved, **line)
            made.success(None, None, None, js="() => document.querySelector('#saved').click()")


def _samples(upload: gr.Image) -> None:
    """Create a gallery of the sample pictures, from the installed package or a checkout."""
    packed = PACKAGE / "_samples"
    folder = packed if packed.is_dir() else PACKAGE.parent / "data" / "samples" / "images"
    # Unlike gr.Examples, whose endpoint accepts paths, this one accepts only a picture's number.
    choices = gr.Dataset(
        components=[upload],
        samples=[[str(path)] for path in sorted(folder.glob("*.jpg"))],
        type="index",
        label="Samples",
        samples_per_page=20,
    )
    copies = [sample[0]["path"] for sample in choices.samples]
    choices.click(copies.__getitem__, choices, upload, queue=False, show_progress="hidden")


def _several(handlers: Handlers, settings: list[Component]) -> None:
    """Create the contents of the tab for several pictures, with the results as one zip file."""
    files = gr.File(file_count="multiple", file_types=["image"], label="Pictures")
    start = gr.Button("Find the words")
    outputs = [gr.File(label="Results", interactive=False), gr.Markdown()]
    start.click(handlers.batch, [files, *settings], outputs, **NETWORK)


def _wire(
    handlers: Handlers,
    key: gr.State,
    files: tuple[gr.Image, gr.UploadButton, gr.Slider],
    controls: list[Any],
    side: gr.Slider,
    views: Views,
) -> None:
    """Connect events: a new picture, long side or weights run the network, thresholds do not."""
    *thresholds, level, weights = controls
    upload, pdf, page_number = files
    settings = [key, *controls]
    opened = upload.change(
        handlers.open, [key, upload, side, weights], [key, page_number], api_name="look", **NETWORK
    )
    cleared = upload.clear(handlers.drop, key, key)
    opened_pdf = pdf.upload(
        handlers.open_pdf, [key, pdf, side, weights], [key, upload, page_number], **NETWORK
    )
    turned = page_number.input(
        *(handlers.turn_page, [key, pdf, page_number, side, weights], key),
        trigger_mode="always_last",
        **NETWORK,
    )
    rerun: dict[str, Any] = {"fn": handlers.rerun, "inputs": [key, side, weights], "outputs": key}
    resized = side.change(**rerun, trigger_mode="always_last", **NETWORK)
    tuned = weights.change(handlers.tuned, weights, [*thresholds, side])
    changed = tuned.then(**rerun, **NETWORK)
    unnamed = [cleared, opened_pdf, turned, resized, changed]
    shown = [
        event.then(handlers.maps, key, views.maps).then(
            handlers.show, settings, views.words, api_name=api_name
        )
        for event, api_name in [(opened, "words"), *((event, None) for event in unnamed)]
    ]
    shown += [
        control.change(
            handlers.show, settings, views.words, trigger_mode="always_last", show_progress="hidden"
        )
        for control in (*thresholds, level)
    ]
    for event in shown:
        inputs = [views.front, *settings]
        event.then(handlers.show_further, inputs, views.further, show_progress="hidden", **NETWORK)
