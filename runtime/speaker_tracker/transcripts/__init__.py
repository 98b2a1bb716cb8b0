"""Transcripts of other programs: reading them, giving each word its speaker, and writing them again."""
