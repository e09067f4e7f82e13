"""Evaluating detections: the competitions' protocols, comparisons and reports."""
