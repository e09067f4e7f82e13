"""Logs of the service: one JSON object per line on stderr, without pictures or keys."""

import json
import logging
import sys
import warnings
from datetime import datetime, timezone
from typing import Any

_log = logging.getLogger("craftlite.serve")


class _JsonLines(logging.Formatter):
    """Formats a record as a line of JSON, with its `fields` as additional keys."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, timezone.utc)
        entry = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def configure() -> None:
    """Write all logs of the process to stderr as JSON, including uvicorn's warnings and errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _log.setLevel(logging.INFO)
    warnings.simplefilter("ignore")  # Python's warnings would not be lines of JSON


def log(event: str, *, error: BaseException | None = None, **fields: Any) -> None:
    """Log an event with fields, as an error if `error` is given."""
    level = logging.INFO if error is None else logging.ERROR
    _log.log(level, event, exc_info=error, extra={"fields": fields})
