"""What generated text stands on: photographs, drawn backgrounds, and things that are no text."""
