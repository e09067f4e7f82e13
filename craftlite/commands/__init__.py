"""The commands of the command line, one per file: `parser()` builds its parser, `run()` runs it."""
