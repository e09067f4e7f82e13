"""Characters of real words found by a network: pseudo-labels, and how they are made."""
