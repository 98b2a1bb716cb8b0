"""How well speakers are tracked: diarization error rate, latency and speed over a manifest of conversations."""
