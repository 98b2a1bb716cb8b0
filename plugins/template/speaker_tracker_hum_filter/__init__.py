"""A stage for Speaker Tracker that removes low hum from the audio; the stage itself is in ``stage``."""
