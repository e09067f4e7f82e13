"""Training detectors, backbones and object detectors."""
