"""Training a detector: crops, characters, loss, validation."""
