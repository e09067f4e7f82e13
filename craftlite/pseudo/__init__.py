"""Characters of real words, found by a network: pseudo-labels, and what they are found with."""
