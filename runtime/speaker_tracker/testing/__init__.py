"""Test tools for authors of stages: run a stage alone, feed it sample events, and check it against the contract.

Works without a server and without pytest; ``docs/stages.md`` has an example.
"""

from speaker_tracker.testing.conformance import StageViolation, check_stage
from speaker_tracker.testing.sample_events import sample_events, shifted
from speaker_tracker.testing.single_stage import audio_blocks, of_type, open_stage, pcm_frames, recut, run_stage

__all__ = [
    "StageViolation",
    "audio_blocks",
    "check_stage",
    "of_type",
    "open_stage",
    "pcm_frames",
    "recut",
    "run_stage",
    "sample_events",
    "shifted",
]
