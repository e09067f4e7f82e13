"""The web page: drop a picture, see its words, move the thresholds."""
