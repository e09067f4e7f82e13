"""Files of results, scored instead of a model: a folder or a zip file, in any format."""
