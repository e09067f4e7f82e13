"""The report of an evaluation, as an HTML page, as JSON and as Markdown."""
