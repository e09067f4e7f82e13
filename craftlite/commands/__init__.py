"""The commands of the command line, one a file: `parser()` gives its options, `run()` does it."""
