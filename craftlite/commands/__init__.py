"""The commands of the command line, one file each: `parser()` says what it takes, `run()` does it."""
