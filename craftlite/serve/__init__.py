"""The detector as an HTTP service: `craftlite serve`."""
