"""The chain of ``level_stage`` as a plugin that servers find, and audio whose speakers it knows."""

import json
import os
from itertools import groupby
from pathlib import Path

from speaker_tracker.engine.plugins import BUILTIN_PLUGINS

BLOCK_BYTES = 3200
"""Of the 100 ms in which one speaks."""


def level_chain(folder):
    """Installs the stage in ``folder``; returns the environment variables by which servers have it as their chain."""
    info = Path(folder) / "level_dist-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: level-dist\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[speaker_tracker.stages]\nlevel-plugin = level_stage\n")
    found = [str(folder), str(Path(__file__).parent), os.environ.get("PYTHONPATH")]
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
        "SPEAKER_TRACKER_STAGES": '["levels"]',
        "SPEAKER_TRACKER_BLOCKED_PLUGINS": json.dumps(list(BUILTIN_PLUGINS)),
    }


def speaker_of(block):
    """Who speaks in a block of the conversation: nobody, or one of three."""
    turn = block // 7 % 4
    return None if turn == 3 else turn


def conversation(begin, end):
    """The PCM of the blocks from ``begin`` up to ``end``."""
    levels = [0 if (who := speaker_of(block)) is None else 1000 * (who + 1) for block in range(begin, end)]
    return b"".join(level.to_bytes(2, "little") * (BLOCK_BYTES // 2) for level in levels)


def right_report(blocks):
    """The report of a session with timeline that has heard so many blocks, as a client gets it."""
    segments, begin = [], 0
    for who, group in groupby(map(speaker_of, range(blocks))):
        end = begin + 100 * len(list(group))
        if who is not None:
            segments.append({"startMs": begin, "endMs": end, "speakerId": who})
        begin = end
    totals = {}
    for segment in segments:
        totals[segment["speakerId"]] = totals.get(segment["speakerId"], 0) + segment["endMs"] - segment["startMs"]
    speakers = [{"id": who, "totalTimeMs": total} for who, total in sorted(totals.items())]
    return {"event": "report", "speakers": speakers, "segments": segments}
