"""The report of an evaluation: one page to look at, the same as JSON, and as markdown."""
