"""Inspection of a dataset: counts, panels and the report."""
