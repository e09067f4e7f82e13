"""The demo page: drop a picture, see its words, adjust the thresholds."""
