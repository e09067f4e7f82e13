"""Fonts and photographs under free licences, for weights that may be used for anything."""
