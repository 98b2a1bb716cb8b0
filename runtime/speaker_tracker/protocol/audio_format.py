"""Format of the audio on the wire: sample rate, sample size and full scale."""

SAMPLE_RATE = 16_000
"""Samples per second, on the wire and in every array of samples in the pipeline."""

BYTES_PER_SAMPLE = 2
BYTES_PER_SECOND = SAMPLE_RATE * BYTES_PER_SAMPLE
BYTES_PER_MS = BYTES_PER_SECOND // 1000

FULL_SCALE = 32_768
"""Magnitude of the 16-bit sample for -1.0; +1.0 is clipped to one less."""

PCM_FORMAT = "raw PCM: 16 kHz, signed 16-bit little-endian, mono, without a header"
"""Name of this format in every error message."""
