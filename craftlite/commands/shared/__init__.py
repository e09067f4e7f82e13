"""Code that several commands share: options, recipe settings, pages and writers."""
