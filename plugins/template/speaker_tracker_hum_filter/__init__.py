"""A stage for Speaker Tracker that takes low hum out of the audio; the stage itself is in ``stage``."""
