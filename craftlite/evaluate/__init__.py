"""How good detections are: the competitions' protocols, and result files written by others."""
