"""Training SSD-lite, which detects objects of several classes."""
