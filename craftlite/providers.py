"""ONNX Runtime's execution providers: the one that a device stands for, and how it is loaded."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from io import StringIO

from craftlite.errors import ConfigError
from craftlite.progress import write_line

SUFFIX = "ExecutionProvider"
CPU, CUDA = f"CPU{SUFFIX}", f"CUDA{SUFFIX}"
# The package that contains each provider; all of these install the module onnxruntime.
PACKAGES = {
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu",
    "dml": "onnxruntime-directml",
    "migraphx": "onnxruntime-migraphx",
    "openvino": "onnxruntime-openvino",
    "qnn": "onnxruntime-qnn",
}


def chosen_providers(device: str, available: Sequence[str]) -> list[str]:
    """Return the providers for a device in order of preference; the CPU is the fallback.

    Args:
        device: "auto", or a provider's name in any case, with or without "ExecutionProvider".
        available: the providers of the installed ONNX Runtime.

    Raises:
        ConfigError: the provider is not available.
    """
    wanted = device.lower().removesuffix(SUFFIX.lower())
    if wanted == "auto":
        return [name for name in (CUDA, CPU) if name in available]
    names = {name.removesuffix(SUFFIX).lower(): name for name in available}
    if wanted not in names:
        advice = f"{wanted} comes with: {replacing(PACKAGES[wanted])}" if wanted in PACKAGES else ""
        raise ConfigError(
            f"--device {device}: the installed ONNX Runtime has {', '.join(sorted(names))}; "
            f"{advice or 'use one of those, or auto'}"
        )
    return list(dict.fromkeys((names[wanted], CPU)))


def replacing(package: str, *installed: str) -> str:
    """Return the commands that make one package the only one with the module onnxruntime."""
    others = " ".join(dict.fromkeys(installed or ("onnxruntime", package)))
    # The extras install CUDA's libraries.
    wanted = "'onnxruntime-gpu[cuda,cudnn]'" if package == "onnxruntime-gpu" else package
    return f"pip uninstall -y {others} && pip install {wanted}"


def load_libraries(providers: Sequence[str]) -> str:
    """Load CUDA's libraries from their pip packages if needed; return the first message."""
    import onnxruntime

    if CUDA not in providers or not hasattr(onnxruntime, "preload_dlls"):
        return ""
    with redirect_stdout(StringIO()) as printed:  # standard output is reserved for results
        onnxruntime.preload_dlls()
    return printed.getvalue().strip().split("\n")[0]


def report_dropped(
    device: str, wanted: Sequence[str], loaded: Sequence[str], reason: str = ""
) -> None:
    """Report a provider that ONNX Runtime has silently dropped.

    Raises:
        ConfigError: the provider was requested by name.
    """
    if wanted[0] in loaded:
        return
    why = f" ({reason})" if reason else ""
    text = f"ONNX Runtime has {wanted[0]} but cannot load it{why}; see docs/engines.md"
    if device.lower() != "auto":
        raise ConfigError(f"--device {device}: {text}, or use --device cpu")
    _report(f"{text}; using the CPU")


def report_shared() -> None:
    """Report, once, that several packages have overwritten each other's module onnxruntime."""
    found = _installed()
    if len(found) > 1:
        _report(
            f"{' and '.join(found)} are installed together and overwrite each other's files; "
            f"keep one: {replacing(found[-1], *found)}"
        )


@cache
def _installed() -> list[str]:
    """Return the installed packages that contain the module onnxruntime, the plain one first."""
    found = []
    for name in dict.fromkeys(("onnxruntime", *PACKAGES.values())):
        try:
            version(name)
        except PackageNotFoundError:
            continue
        found.append(name)
    return found


@cache
def _report(text: str) -> None:
    write_line(text)
