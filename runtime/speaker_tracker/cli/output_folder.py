"""Output folder of ``diarize --output-dir``, with the results of many files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from speaker_tracker.cli.audio_inputs import AudioInput
from speaker_tracker.results import plot
from speaker_tracker.results.formats import Format, TrackedFile
from speaker_tracker.results.output_file import check_writable, make_folder, write_atomically


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """Results are named like the audio file, with the ending of the format, in the same layout of folders below ``folder``."""

    folder: Path
    formats: Sequence[Format]

    def check(self, inputs: Iterable[AudioInput], read: Iterable[Path]) -> None:
        """Creates the folder and raises early for whatever could not be written in the end.

        ``read``: input files, which must not be overwritten. Raises ``click.UsageError``, ``OutputFileError`` and
        ``MissingExtraError``.
        """
        taken: dict[Path, Path] = {path.resolve(): path for path in read}
        for one in inputs:
            for output in self.files(one):
                other = taken.setdefault(output.resolve(), one.path)
                if other != one.path:
                    raise click.UsageError(f"{other} and {one.path} would both be {output}; take them one by one, into two folders")
        if any(form.name == "png" for form in self.formats):
            plot.check_installed()
        make_folder(self.folder)
        check_writable(self.folder / "x")

    def files(self, one: AudioInput) -> list[Path]:
        """Output files for one audio file, in the order of the formats."""
        return [self.folder / one.place.with_name(one.place.stem + form.suffix) for form in self.formats]

    def up_to_date(self, one: AudioInput) -> bool:
        """Whether all output files exist and are newer than the audio file."""
        try:
            changed = one.path.stat().st_mtime_ns
            return all(output.is_file() and output.stat().st_mtime_ns >= changed for output in self.files(one))
        except OSError:
            return False

    def write(self, one: AudioInput, tracked: TrackedFile) -> list[Path]:
        """Writes every format and returns the files. Raises ``OutputFileError``."""
        outputs = self.files(one)
        make_folder(outputs[0].parent)
        for output, form in zip(outputs, self.formats, strict=True):
            write_atomically(output, form.render(tracked))
        return outputs
