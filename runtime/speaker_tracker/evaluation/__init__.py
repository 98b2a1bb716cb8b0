"""Evaluation of tracking: diarization error rate, latency and speed over a manifest of conversations."""
