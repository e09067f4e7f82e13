"""Backgrounds for generated text: photographs, drawn patterns and objects that resemble text."""
