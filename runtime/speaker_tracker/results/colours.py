"""Colours of speakers in pictures."""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
"""One for each speaker, distinguishable with colour blindness too (Okabe and Ito, "Color Universal Design", 2008)."""
