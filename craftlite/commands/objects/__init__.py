"""`craftlite objects`: train, run and score object detectors for your own classes."""
