"""Files of ground truth: what several layouts have in common."""
