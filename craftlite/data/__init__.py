"""From annotated pictures to training samples: readers, augmentation, targets and loading."""
