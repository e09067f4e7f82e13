"""Layouts of competitions and published datasets."""
