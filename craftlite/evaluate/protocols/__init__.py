"""The competitions' protocols: how the detections of one picture are matched with its words."""
