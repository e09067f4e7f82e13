"""Random crops drawn on the training device: planned on the host in numbers, drawn as tensors."""
