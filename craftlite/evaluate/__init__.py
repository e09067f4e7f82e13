"""How good detections are: the competitions' protocols, comparisons and reports."""
