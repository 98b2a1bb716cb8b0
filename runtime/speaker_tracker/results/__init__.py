"""Results of tracking: timelines, latency, and the formats they are written in."""
