"""The detector, which turns a picture into words."""

import os
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Literal, cast, get_args, overload

import numpy as np

from craftlite.errors import ConfigError, InputError, WeightsError
from craftlite.geometry import Map, Picture, Size
from craftlite.image import Source, read_image
from craftlite.image.source import is_source
from craftlite.postprocess import Thresholds
from craftlite.postprocess.components import Found, find_words
from craftlite.postprocess.large_words import LARGE, with_larger
from craftlite.preprocess import STRIDE, Fit, all_scales, to_tensor
from craftlite.providers import CPU, chosen_providers
from craftlite.runtime import Engine, OnnxRuntime, Runtime
from craftlite.tiles import Tiles, checked_tiles, run_tiles, scaled_side, tile_count
from craftlite.weights import (
    DEFAULT,
    DEFAULT_INT8,
    DEFAULT_LONG_SIDE,
    Weights,
    find_weights,
    intact,
)
from craftlite.words import Words

# Pictures of a list that are in memory together; those of equal size form one batch.
BATCH = 4


@dataclass(frozen=True)
class Maps:
    """The two score maps of a picture, float32 (h, w), without padding.

    Attributes:
        region: region scores.
        affinity: affinity scores.
        fit: how the picture was scaled and padded.
        coarser: maps of the same picture at a smaller scale, which show larger letters.
    """

    region: Map
    affinity: Map
    fit: Fit
    coarser: "Maps | None" = None

    def scales(self) -> "Iterator[Maps]":
        """Yield these maps and those of the coarser scales, the finest first."""
        yield self
        if self.coarser is not None:
            yield from self.coarser.scales()


class Detector:
    """Finds words in pictures. Immutable, so threads can share it.

    Args:
        weights: a name in the catalogue, an .onnx, .safetensors or .pth file, or a network that
            is ready to run; None uses `default_weights`.
        engine: "onnxruntime", "openvino", "openvino-bf16" or "torch"; None uses ONNX Runtime if
            the weights have a file for it.
        device: "auto", "cpu", "cuda", or the name of another ONNX Runtime execution provider.
        threads: CPU threads for each run of the network; None uses all cores.
        long_side: length in pixels that a picture's longer side is scaled to; pictures are
            enlarged at most twice. None uses the length that the weights were tuned for.
        tiles: whether long and very large pictures are run as overlapping tiles, whose longer side
            is scaled to long_side: "auto" if their text would otherwise become too small (see
            `craftlite.tiles.scaled_side`), "off" for never, or a tile's side in pixels of the
            picture.
        backend: the former name of engine, "onnx" or "torch".

    Attributes:
        thresholds: the thresholds of the weights; used if a call gives none.
        calibration: turns scores into probabilities; None if the weights have no calibration.

    Raises:
        WeightsError: the weights are missing, corrupt or of another network.
        ConfigError: the engine is not installed, the device is not available, engine and backend
            contradict each other, or long_side or tiles is too small.
    """

    def __init__(
        self,
        weights: str | os.PathLike[str] | Runtime | None = None,
        *,
        engine: Engine | None = None,
        device: str = "auto",
        threads: int | None = None,
        long_side: int | None = None,
        tiles: Tiles = "auto",
        backend: Literal["onnx", "torch"] | None = None,
    ) -> None:
        engine = chosen_engine(engine, backend)
        weights = default_weights(engine, device) if weights is None else weights
        if isinstance(weights, str | os.PathLike):
            entry = find_weights(weights)
            self.runtime: Runtime = open_runtime(entry, engine, device, threads)
            self.thresholds, self.calibration = entry.thresholds, entry.calibration
            tuned_side = entry.long_side
        else:
            self.runtime, self.thresholds, self.calibration = weights, Thresholds(), None
            tuned_side = DEFAULT_LONG_SIDE
        self.long_side = _checked_side(long_side or tuned_side)
        self.tiles = checked_tiles(tiles)

    def at(self, long_side: int, tiles: Tiles | None = None) -> "Detector":
        """Return the same detector with another long side, and with other tiles if given.

        Raises:
            ConfigError: long_side or tiles is too small.
        """
        other = copy(self)
        other.long_side = _checked_side(long_side)
        other.tiles = self.tiles if tiles is None else checked_tiles(tiles)
        return other

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a str is an iterable of str, too
        self,
        picture: Source,
        thresholds: Thresholds | None = None,
        *,
        polygons: bool = True,
        characters: bool = False,
        min_score: float = 0,
        errors: Literal["raise", "return"] = "raise",
    ) -> Words: ...

    @overload
    def __call__(
        self,
        picture: Iterable[Source],
        thresholds: Thresholds | None = None,
        *,
        polygons: bool = True,
        characters: bool = False,
        min_score: float = 0,
        errors: Literal["raise"] = "raise",
    ) -> list[Words]: ...

    @overload
    def __call__(
        self,
        picture: Iterable[Source],
        thresholds: Thresholds | None = None,
        *,
        polygons: bool = True,
        characters: bool = False,
        min_score: float = 0,
        errors: Literal["return"],
    ) -> list[Words | InputError]: ...

    def __call__(
        self,
        picture: Source | Iterable[Source],
        thresholds: Thresholds | None = None,
        *,
        polygons: bool = True,
        characters: bool = False,
        min_score: float = 0,
        errors: Literal["raise", "return"] = "raise",
    ) -> Words | Sequence[Words | InputError]:
        """Return the words of a picture, or a list with the words of each of several pictures.

        Args:
            picture: anything that `read_image` reads, or a list, tuple or generator of these,
                which is read and run in batches of a few pictures. Arrays are RGB; for OpenCV's
                BGR, use `read_image(array, bgr=True)`.
            thresholds: None uses the thresholds of the weights.
            polygons: trace curved outlines; if False, a word's polygon is its quad.
            characters: find the quads of the characters too.
            min_score: in 0..1; words with a lower score are left out.
            errors: what to do if one of several pictures cannot be read: "raise", or "return" to
                put the InputError into the list instead of its words.

        Raises:
            InputError: a picture cannot be read.
            WeightsError: the network fails on a picture.
            ConfigError: errors is neither "raise" nor "return", or min_score is not in 0..1.
        """
        if errors not in ("raise", "return"):
            raise ConfigError(f'errors={errors!r}: expected "raise" or "return"')

        def words(maps: Maps) -> Words:
            return self.words(
                maps, thresholds, polygons=polygons, characters=characters, min_score=min_score
            )

        if is_source(picture):
            return words(self.maps(picture))
        sources = iter(cast(Iterable[Source], picture))

        def next_few() -> list[Words | InputError]:
            read = [_read(source, errors) for source in islice(sources, BATCH)]
            pixels = [one for one in read if not isinstance(one, InputError)]
            maps = iter(self._batch(pixels, [_size_of(one) for one in pixels]))
            return [one if isinstance(one, InputError) else words(next(maps)) for one in read]

        results: list[Words | InputError] = []
        while found := next_few():
            results += found
        return results

    def maps(self, picture: Source, size: Size | None = None) -> Maps:
        """Return the score maps of a picture; `words` turns them into words, with any thresholds.

        size: original (width, height) in pixels if the given picture was scaled down.
        """
        pixels = read_image(picture)
        return self._batch([pixels], [size or _size_of(pixels)])[0]

    def scale(self, size: Size) -> float:
        """Return the scale from a picture of `size` (width, height) to the network's input."""
        return self.fits(size)[0].factor()

    def fits(self, size: Size) -> list[Fit]:
        """Return the scales at which a picture of `size` (width, height) is run, finest first."""
        return all_scales(Fit.of(size, scaled_side(size, self.long_side, self.tiles)))

    def tile_count(self, size: Size) -> int:
        """Return the number of tiles of a picture of `size` (width, height) at its finest scale."""
        padded = self.fits(size)[0].padded
        return tile_count(padded) if self._is_tiled(padded) else 1

    def _is_tiled(self, padded: tuple[int, int]) -> bool:
        return max(padded) >= self.long_side + STRIDE

    def _batch(self, pixels: Sequence[Picture], sizes: Sequence[Size]) -> list[Maps]:
        """Return the maps of pictures, each at all its scales."""
        scales = [self.fits(size) for size in sizes]
        runs = [(one, fit) for one, fits in zip(pixels, scales, strict=True) for fit in fits]
        maps = iter(self._run(runs))
        return [chained(islice(maps, len(fits))) for fits in scales]

    def _run(self, runs: Sequence[tuple[Picture, Fit]]) -> list[Maps]:
        """Return the maps of pictures at one scale each; inputs of equal size run as a batch."""
        maps: dict[int, Maps] = {}
        for padded in {fit.padded for _, fit in runs}:
            numbers = [number for number, (_, fit) in enumerate(runs) if fit.padded == padded]
            # A generator, as pictures that are run as tiles are large.
            scaled = (runs[number][1].scale(runs[number][0]) for number in numbers)
            if self._is_tiled(padded):
                scores = [run_tiles(self.runtime, one) for one in scaled]
            else:
                scores = list(self.runtime(np.concatenate([to_tensor(one) for one in scaled])))
            for number, (region, affinity) in zip(numbers, scores, strict=True):
                fit = runs[number][1]
                width, height = fit.map_size()
                maps[number] = Maps(region[:height, :width], affinity[:height, :width], fit)
        return [maps[number] for number in range(len(runs))]

    def words(
        self,
        maps: Maps,
        thresholds: Thresholds | None = None,
        *,
        polygons: bool = True,
        characters: bool = False,
        min_score: float = 0,
    ) -> Words:
        """Return the words that the maps of a picture show, in the picture's pixels.

        Raises:
            ConfigError: min_score is not between 0 and 1.
        """
        if not 0 <= min_score <= 1:
            raise ConfigError(f"min_score={min_score!r}: must be between 0 and 1")
        words = self.found(maps, thresholds, polygons=polygons, characters=characters).words
        return words[words.scores >= min_score] if min_score else words

    def found(
        self,
        maps: Maps,
        thresholds: Thresholds | None = None,
        *,
        polygons: bool = True,
        characters: bool = False,
    ) -> Found:
        """Return the words that the maps of a picture show, with the evidence for each."""
        found = self._found_at(maps, thresholds, polygons, characters)
        for finer, coarser in pairwise(maps.scales()):
            larger = self._found_at(coarser, thresholds, polygons, characters)
            found = with_larger(found, larger, LARGE / finer.fit.factor())
        if self.calibration is None:
            return found
        scores = self.calibration(found.evidence)
        return found._replace(words=replace(found.words, scores=scores))

    def _found_at(
        self, maps: Maps, thresholds: Thresholds | None, polygons: bool, characters: bool
    ) -> Found:
        """Return the words that the maps of one scale show, in the picture's pixels."""
        levels = thresholds or self.thresholds
        words, evidence = find_words(maps.region, maps.affinity, levels, polygons, characters)
        to_picture = maps.fit.to_picture
        chars = words.characters
        words = replace(
            words,
            quads=to_picture(words.quads),
            polygons=tuple(to_picture(polygon) for polygon in words.polygons),
            characters=None if chars is None else tuple(to_picture(c) for c in chars),
            size=maps.fit.size,
        )
        return Found(words, evidence)


def default_weights(engine: Engine | None = None, device: str = "auto") -> str:
    """Return the name of the default weights.

    ONNX Runtime on the CPU uses the 8-bit weights, which take two thirds of the time and memory of
    float32 and cost 0.3 points of H-mean. Everything else uses float32: torch cannot run the 8-bit
    weights, OpenVINO rounds differently from the runtime that they were tuned with, and on GPUs
    they have not been measured.
    """
    if engine not in (None, "onnxruntime"):
        return DEFAULT
    import onnxruntime

    wanted = chosen_providers(device, onnxruntime.get_available_providers())
    return DEFAULT_INT8 if wanted[0] == CPU else DEFAULT


def chosen_engine(engine: Engine | None, backend: str | None) -> Engine | None:
    """Return the engine from `engine` or the former option `backend`; None if neither is given.

    Raises:
        ConfigError: they contradict each other.
    """
    older: Engine | None = "onnxruntime" if backend == "onnx" else cast(Engine | None, backend)
    if None not in (engine, older) and engine != older:
        raise ConfigError(f"engine {engine} and backend {backend} contradict each other")
    return engine or older


def _checked_side(long_side: int) -> int:
    if long_side < STRIDE:
        raise ConfigError(f"long side {long_side}: must be at least {STRIDE} pixels")
    return long_side


def _size_of(picture: Picture) -> Size:
    return picture.shape[1], picture.shape[0]


def _read(source: Source, errors: str) -> Picture | InputError:
    try:
        return read_image(source)
    except InputError as error:
        if errors == "raise":
            raise
        return error


def chained(scales: Iterable[Maps]) -> Maps:
    """Chain the maps of one picture at several scales, the finest first, through `coarser`."""
    *finer, maps = scales
    for one in reversed(finer):
        maps = replace(one, coarser=maps)
    return maps


def open_runtime(
    entry: Weights, engine: Engine | None, device: str, threads: int | None
) -> Runtime:
    """Open the network of a set of weights; by default with ONNX Runtime if it has a file for it.

    Raises:
        WeightsError: the weights have no file for the engine, the file cannot be used, or it is a
            shipped file that has been changed.
        ConfigError: the engine is unknown or not installed, or the device is not available.
    """
    engine = engine or ("torch" if entry.onnx is None else "onnxruntime")
    if engine not in get_args(Engine):
        raise ConfigError(f"engine {engine!r}: must be one of {', '.join(get_args(Engine))}")
    if engine == "torch" and entry.torch is not None:
        from craftlite.model.torch_runtime import open_torch

        return open_torch(intact(entry.torch), device, threads)
    if engine == "torch" or entry.onnx is None:
        advice = (
            "give its torch file"
            if engine == "torch"
            else "convert it to ONNX with craftlite export"
        )
        raise WeightsError(f"{entry.name}: cannot be run by {engine}; {advice}")
    if engine in ("openvino", "openvino-bf16"):
        from craftlite.openvino_runtime import OpenVinoRuntime

        half = engine == "openvino-bf16"
        return OpenVinoRuntime(intact(entry.onnx), device, threads, half)
    return OnnxRuntime(intact(entry.onnx), device, threads)
