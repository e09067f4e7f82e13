"""Text as outlines, the box of every character known: words, faces, lines, tables and pages."""
