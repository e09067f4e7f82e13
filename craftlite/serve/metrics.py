"""Metrics for Prometheus, served at /metrics."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2)


class Metrics:
    """Metrics of one process. Label values are limited to known routes and statuses."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = self._counter(
            "requests", "Requests answered, by route and status.", "route", "status"
        )
        self._seconds = Histogram(
            "craftlite_request_seconds",
            "Seconds from a request's headers to the end of its response.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._pictures = self._counter("pictures", "Pictures analysed.")
        self._words = self._counter("words", "Words found.")
        self._pixels = self._counter("pixels", "Pixels of the pictures analysed.")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"craftlite_{name}", text, labels, registry=self.registry)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is computed at each scrape."""
        Gauge(f"craftlite_{name}", text, registry=self.registry).set_function(value)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_picture(self, pixels: int, words: int) -> None:
        """Count an analysed picture."""
        self._pictures.inc()
        self._pixels.inc(pixels)
        self._words.inc(words)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
