"""Pretraining a backbone as a classifier of whole pictures."""
