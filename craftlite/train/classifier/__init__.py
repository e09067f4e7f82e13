"""Training a classifier, which becomes the backbone of a detector."""
