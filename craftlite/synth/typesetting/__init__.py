"""Text as outlines with a box for every character: words, faces, lines, tables and pages."""
