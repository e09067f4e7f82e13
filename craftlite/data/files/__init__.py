"""Files of ground truth: the parts that several layouts share."""
