"""`craftlite objects`: train, run and score detectors of objects of one's own classes."""
