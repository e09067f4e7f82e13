"""Exporting weights to files for other runtimes; needs torch and onnx."""

from craftlite.export.onnx_file import (
    export_onnx,
    export_untrained,
    folded,
    onnx_of,
    parity_inputs,
)

__all__ = ["export_onnx", "export_untrained", "folded", "onnx_of", "parity_inputs"]
