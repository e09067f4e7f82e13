"""A classifier's training, which gives a detector its backbone."""
