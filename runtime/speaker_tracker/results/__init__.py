"""What comes of tracking: timelines, latency, and the formats that they are written in."""
