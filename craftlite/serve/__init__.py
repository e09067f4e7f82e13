"""The HTTP service of `craftlite serve`."""
