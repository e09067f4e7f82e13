"""Scenes with lettering, drawn rather than photographed, for the pictures in data/samples."""
