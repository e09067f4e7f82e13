"""Layouts for data of one's own: ours, and those of labelling tools."""
