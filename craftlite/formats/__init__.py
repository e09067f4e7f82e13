"""Output formats for words: one module per format, and the files that `detect` writes."""

from craftlite.formats.coco import coco
from craftlite.formats.csv_table import csv_table
from craftlite.formats.files import FilePerPicture, FilePerRun
from craftlite.formats.icdar import icdar
from craftlite.formats.labelme import labelme
from craftlite.formats.labelstudio import labelstudio
from craftlite.formats.paddleocr import paddleocr
from craftlite.formats.record import Format, Record, WordRecord, json_line, part_target, record

__all__ = [
    "FilePerPicture",
    "FilePerRun",
    "Format",
    "Record",
    "WordRecord",
    "coco",
    "csv_table",
    "icdar",
    "json_line",
    "labelme",
    "labelstudio",
    "paddleocr",
    "part_target",
    "record",
]
