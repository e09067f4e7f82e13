"""A detector's training: crops, characters, loss, validation."""
