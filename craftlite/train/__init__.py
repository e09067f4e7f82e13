"""Training a detector."""
