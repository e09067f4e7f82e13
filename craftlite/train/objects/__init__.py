"""The training of SSD-lite, which finds objects of several classes."""
