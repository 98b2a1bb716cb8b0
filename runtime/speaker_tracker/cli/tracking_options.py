"""Options shared by ``stream`` and ``diarize``, and the files they write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from speaker_tracker.cli.common import check_picture
from speaker_tracker.protocol import DEFAULT_SPEAKERS, MAX_SPEAKERS
from speaker_tracker.results.formats import TrackedFile, picture_of
from speaker_tracker.results.output_file import check_writable, write_atomically
from speaker_tracker.results.rttm import Turn, read_rttm, rttm_lines

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class TrackingOptions:
    """Values of the common options, to be checked by ``check`` before the work begins."""

    num_speakers: int
    as_document: bool
    rttm: Path | None
    plot: Path | None
    reference: Path | None
    confidence: bool = False

    @property
    def outputs(self) -> list[Path]:
        """The files that combine all results."""
        return [path for path in (self.rttm, self.plot) if path is not None]

    def check(self, audio: Sequence[Path], *, draws: bool = False) -> None:
        """Raises ``UserError`` if an output file could not be written, or would overwrite an input file.

        ``draws``: whether pictures are requested by other means than ``--plot``.
        """
        if self.reference is not None and self.plot is None and not draws:
            raise click.UsageError("--reference is drawn into the picture of --plot, which is not asked for")
        inputs = {path.resolve() for path in (*audio, self.reference) if path is not None}
        outputs = self.outputs
        for path in outputs:
            if path.resolve() in inputs:
                raise click.UsageError(f"{path} is read; name another file to write to")
            check_writable(path)
        if len(outputs) > 1 and outputs[0].resolve() == outputs[1].resolve():
            raise click.UsageError(f"--rttm and --plot both name {outputs[0]}; name two files")
        if self.plot is not None:
            check_picture(self.plot)
        self.reference_turns()

    def write_files(self, tracked: Sequence[TrackedFile]) -> None:
        """Writes the RTTM file and the picture, if requested and if there are results. Raises ``UserError``."""
        if not tracked:
            return
        if self.rttm is not None:
            write_atomically(
                self.rttm, "".join(rttm_lines(file.uri, file.segments, file.channel_of, file.names) for file in tracked)
            )
        if self.plot is not None:
            write_atomically(self.plot, picture_of(tracked))

    def reference_turns(self) -> list[Turn]:
        """The turns of the reference; none if no file was named. Raises ``RttmError``."""
        return [] if self.reference is None else read_rttm(self.reference)


def tracking_options(function: CommandFunction) -> CommandFunction:
    """Adds the common options to a command, which receives them as a ``TrackingOptions`` argument ``options``."""

    @wraps(function)
    def with_options(  # noqa: PLR0913 - one argument for each option
        *,
        num_speakers: int,
        as_document: bool,
        rttm: Path | None,
        plot: Path | None,
        reference: Path | None,
        confidence: bool,
        **others: Any,
    ) -> Any:
        return function(options=TrackingOptions(num_speakers, as_document, rttm, plot, reference, confidence), **others)

    file = click.Path(path_type=Path)
    decorated: Any = with_options
    for option in (
        click.option("--confidence", is_flag=True, help="Say how certain each segment's speaker is, in RTTM and JSON."),
        click.option("--reference", type=file, metavar="FILE", help="RTTM file with the true turns, drawn into the picture too."),
        click.option("--plot", type=file, metavar="FILE.png", help="Draw the timeline as a PNG picture."),
        click.option("--rttm", type=file, metavar="FILE", help="Write the timeline as RTTM."),
        click.option("--json", "as_document", is_flag=True, help="One JSON document, for machines."),
        click.option(
            "--num-speakers",
            type=click.IntRange(1, MAX_SPEAKERS),
            default=DEFAULT_SPEAKERS,
            show_default=True,
            help="Number of voices to track; further ones are ignored.",
        ),
    ):
        decorated = option(decorated)
    wrapped: CommandFunction = decorated
    return wrapped
