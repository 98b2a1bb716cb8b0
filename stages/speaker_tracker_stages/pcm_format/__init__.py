"""Recognizes audio that is not the PCM of the protocol by what its bytes give away."""
