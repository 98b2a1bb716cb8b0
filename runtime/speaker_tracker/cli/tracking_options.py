"""The options that ``stream`` and ``diarize`` have in common, and what they lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from speaker_tracker import plot
from speaker_tracker.cli.common import check_picture
from speaker_tracker.output_file import check_writable, write_atomically
from speaker_tracker.protocol import DEFAULT_SPEAKERS, MAX_SPEAKERS, ReportMessage
from speaker_tracker.rttm import Turn, read_rttm, rttm_lines
from speaker_tracker.timeline_recorder import TimelineRecorder

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """What came of one audio file. ``seconds``: its duration."""

    path: Path
    seconds: float
    report: ReportMessage
    recorder: TimelineRecorder

    @property
    def uri(self) -> str:
        """How RTTM calls it: its name without the ending."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class TrackingOptions:
    """What the user asked for. Made before anything long begins: see ``check``."""

    num_speakers: int
    as_document: bool
    rttm: Path | None
    plot: Path | None
    reference: Path | None

    def check(self, audio: Sequence[Path]) -> None:
        """Raises ``UserError`` where what is to be written at the end could not be, or would overwrite what is read."""
        outputs = [path for path in (self.rttm, self.plot) if path is not None]
        inputs = {path.resolve() for path in (*audio, self.reference) if path is not None}
        for path in outputs:
            if path.resolve() in inputs:
                raise click.UsageError(f"{path} is read; name another file to write to")
            check_writable(path)
        if len(outputs) > 1 and outputs[0].resolve() == outputs[1].resolve():
            raise click.UsageError(f"--rttm and --plot both name {outputs[0]}; name two files")
        if self.plot is not None:
            check_picture(self.plot)
        self._reference_turns()

    def write_files(self, tracked: Sequence[TrackedFile]) -> None:
        """Writes the RTTM file and the picture, where asked for. Raises ``UserError``."""
        if self.rttm is not None:
            write_atomically(self.rttm, "".join(rttm_lines(file.uri, file.recorder.final) for file in tracked))
        if self.plot is not None:
            turns = self._reference_turns()
            write_atomically(self.plot, plot.draw([_panel(file, turns) for file in tracked]))

    def _reference_turns(self) -> list[Turn]:
        return [] if self.reference is None else read_rttm(self.reference)


def _panel(file: TrackedFile, reference: Sequence[Turn]) -> plot.Panel:
    own = [turn for turn in reference if turn.uri == file.uri]
    return plot.Panel(file.path.name, file.seconds, file.recorder.online, file.recorder.final, own)


def tracking_options(function: CommandFunction) -> CommandFunction:
    """Adds the common options to a command, which is given them as one ``TrackingOptions`` named ``options``."""

    @wraps(function)
    def with_options(
        *, num_speakers: int, as_document: bool, rttm: Path | None, plot: Path | None, reference: Path | None, **others: Any
    ) -> Any:
        if reference is not None and plot is None:
            raise click.UsageError("--reference is drawn into the picture of --plot, which is not asked for")
        return function(options=TrackingOptions(num_speakers, as_document, rttm, plot, reference), **others)

    file = click.Path(path_type=Path)
    decorated: Any = with_options
    for option in (
        click.option("--reference", type=file, metavar="FILE", help="RTTM file with the truth, drawn into the picture too."),
        click.option("--plot", type=file, metavar="FILE.png", help="Draw who speaks when into a picture."),
        click.option("--rttm", type=file, metavar="FILE", help="Write who speaks when as RTTM."),
        click.option("--json", "as_document", is_flag=True, help="One JSON document, for machines."),
        click.option(
            "--num-speakers",
            type=click.IntRange(1, MAX_SPEAKERS),
            default=DEFAULT_SPEAKERS,
            show_default=True,
            help="How many voices to track; further ones are ignored.",
        ),
    ):
        decorated = option(decorated)
    wrapped: CommandFunction = decorated
    return wrapped
