"""How good detections are: the competitions' protocols, comparisons and reports."""

# Constants that the command line needs before anything that takes long is imported.
PROTOCOLS = {
    "iou": "IoU above 0.5, one to one, as ICDAR 2015 and MLT count",
    "deteval": "DetEval on upright boxes, as ICDAR 2013 counts",
    "iou-polygon": "IoU above 0.5 of outlines, one to one, as for Total-Text and CTW1500",
    "deteval-polygon": "DetEval on outlines, recall 0.7 and precision 0.6, as Total-Text counts",
    "td500": "IoU above 0.5 of turned boxes whose angles differ by less than 22.5 degrees",
    "cleval": "characters, whatever words or lines they are found in (package cleval)",
}
