"""The records of a training: its log, curves, settings, machine and card."""
