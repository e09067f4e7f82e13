"""What a training leaves to be read: its log, curves, settings, machine and card."""
