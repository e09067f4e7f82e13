"""From annotated pictures to training samples: readers, augmentation, targets and loading."""

# What `--dataset` takes, told without importing the readers; READERS holds the same names.
DATASETS = (
    *("icdar13", "icdar15", "icdar2003", "mlt17", "mlt19", "totaltext", "ctw1500", "td500"),
    *("art", "lsvt", "textocr", "cocotext", "synthtext", "words", "quads"),
)
SPLITS = ("train", "val", "test")
SYNTH = "synth"  # the dataset without end, which no reader reads
