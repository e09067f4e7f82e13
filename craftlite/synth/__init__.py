"""Pictures with text whose characters are known."""
