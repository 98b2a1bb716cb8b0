"""Measures of known voices: whether people are called by their names, and strangers by none."""
