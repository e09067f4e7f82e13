"""Random crops drawn on the training device: planned on the host, drawn as tensors."""
