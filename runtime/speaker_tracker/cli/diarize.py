"""``speaker-tracker diarize``: who speaks when in audio files, in process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import click

from speaker_tracker.audio.file import AudioFile, AudioFileError
from speaker_tracker.cli.audio_inputs import AudioInput, find_inputs
from speaker_tracker.cli.common import NamedPath, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.output_folder import OutputFolder
from speaker_tracker.cli.progress import FilesProgress
from speaker_tracker.cli.tracking_options import TrackingOptions, tracking_options
from speaker_tracker.cli.tracking_output import TurnPrinter, clock, print_speakers
from speaker_tracker.cli.voices.learning import VoiceOptions, voice_options
from speaker_tracker.cli.voices.options import check_model
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.chain import Chain
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.results import plot
from speaker_tracker.results.channels import join_channels
from speaker_tracker.results.formats import FORMATS, Format, TrackedFile, as_document
from speaker_tracker.results.tracking import TrackingError, VoiceRequest, track, track_channels


def _parse_formats(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> list[Format]:
    """Formats named in comma-separated or repeated options."""
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"{name!r} is no format; there are {', '.join(FORMATS)}")
    return [FORMATS[name] for name in dict.fromkeys(names)]


def _complete_formats(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in FORMATS if name.startswith(begun)]


@click.command(
    short_help="Tell who speaks when in audio files, without a server.",
    epilog=examples(
        "speaker-tracker diarize talk.flac --num-speakers 3 --voices --plot talk.png",
        "speaker-tracker diarize talk.mp3 --format vtt > talk.vtt",
        "speaker-tracker diarize call.wav --channels separate --num-speakers 1 --rttm call.rttm",
        "speaker-tracker diarize recordings/ --output-dir results --format rttm,csv --skip-existing",
    ),
)
@click.argument("audio", type=NamedPath(path_type=Path), nargs=-1, required=True)
@tracking_options
@voice_options
@click.option(
    "--channels",
    type=click.Choice(["mix", "separate"]),
    default="mix",
    show_default=True,
    help="separate: track each channel by itself, as of a call with a person or a room on each. --num-speakers is then of each "
    "channel; ids go on from one to the next, and what comes over from another channel is not counted again.",
)
@click.option("--output-dir", type=NamedPath(path_type=Path), metavar="DIR", help="Write files for each audio file into DIR.")
@click.option(
    "--format",
    "formats",
    callback=_parse_formats,
    shell_complete=_complete_formats,
    multiple=True,
    metavar="NAME,...",
    help=f"Formats to write into DIR: {', '.join(FORMATS)}.  [default: rttm]  Without DIR: a single one, to standard output.",
)
@click.option(
    "--skip-existing",
    is_flag=True,
    help="Skip audio files whose results in DIR all exist and are newer, whatever options and settings they were made with.",
)
@config_option
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    audio: Sequence[Path],
    options: TrackingOptions,
    voices: VoiceOptions,
    channels: str,
    output_dir: Path | None,
    formats: Sequence[Format],
    skip_existing: bool,
) -> None:
    """Tell who speaks when in AUDIO: any files that libsndfile reads (WAV, FLAC, Ogg, MP3 ...), and folders of them.

    The files are processed in this process by the same session as on the server. A file that cannot be read is reported, and the
    others are processed. With several files, --rttm writes one file, in which each is named without its ending, and --json prints a
    list.

    With --voices, people are named whose voices `enroll` or --learn has kept; --learn and --learn-as take one file.
    """
    inputs = find_inputs(audio)
    if voices.learns and len(inputs) > 1:
        raise click.UsageError(f"--learn and --learn-as are for one audio file, whose speakers they name, not for {len(inputs)}")
    voices.check()
    _check_usage(inputs, options, output_dir, formats, skip_existing=skip_existing)
    options.check([one.path for one in inputs], draws=any(form.name == "png" for form in formats))
    folder = None if output_dir is None else OutputFolder(output_dir, formats or [FORMATS["rttm"]])
    todo = inputs
    if folder is not None:
        folder.check(inputs, [*options.outputs, *([] if options.reference is None else [options.reference])])
        todo = [one for one in inputs if not (skip_existing and folder.up_to_date(one))]
    printed = None if output_dir is not None or not formats else formats[0]
    run = _Run(options, voices, folder, printed, separate=channels == "separate")
    run.all(todo)
    run.finish(skipped=len(inputs) - len(todo))


def _check_usage(
    inputs: Sequence[AudioInput],
    options: TrackingOptions,
    output_dir: Path | None,
    formats: Sequence[Format],
    *,
    skip_existing: bool,
) -> None:
    name, count = Counter(one.path.stem for one in inputs).most_common(1)[0]
    if options.rttm is not None and count > 1:
        raise click.UsageError(f"{count} files are called {name!r}; RTTM tells files apart by this name, so write them one by one")
    if options.plot is not None and len(inputs) > plot.MAX_PANELS:
        raise click.UsageError(f"--plot draws {plot.MAX_PANELS} files at most, not {len(inputs)}; draw each with --format png")
    if output_dir is not None:
        if skip_existing and (options.outputs or options.as_document):
            raise click.UsageError("--rttm, --plot and --json have all files in one, so none can be passed over by --skip-existing")
    elif skip_existing:
        raise click.UsageError("--skip-existing looks into the folder of --output-dir, which is not named")
    elif formats and (len(formats) > 1 or len(inputs) > 1 or options.as_document or formats[0].name == "png"):
        raise click.UsageError("standard output takes one file in one format of text; name a folder with --output-dir for more")


class _Run:
    """One call of the command.

    ``printed``: the format that goes to standard output, None for tables or ``--json``. ``separate``: a session for each channel.
    """

    def __init__(
        self,
        options: TrackingOptions,
        voices: VoiceOptions,
        folder: OutputFolder | None,
        printed: Format | None,
        *,
        separate: bool,
    ) -> None:
        self._options = options
        self._voices = voices
        self._known = tuple(voices.known())
        self._asked: VoiceRequest | None = None
        self._separate = separate
        self._folder = folder
        self._printed = printed
        self._reference = options.reference_turns()
        self._kept: list[TrackedFile] = []
        self._given = self._done = self._failed = 0
        self._report: ReportMessage | None = None
        self._unread: list[AudioFileError] = []

    def all(self, inputs: Sequence[AudioInput]) -> None:
        """Tracks the files one after the other. Errors are printed and counted, or raised if there is one file only."""
        self._given = len(inputs)
        files = [(one, file) for one in inputs if (file := self._opened(one)) is not None]
        if not files:
            return
        with FilesProgress(len(files), sum(file.seconds for _, file in files)) as progress:
            with progress.waiting("loading models"):
                chain = build_chain(settings_from())
            with closing(chain):
                if self._voices.learns or self._voices.recognizes:
                    model = check_model(self._voices.read(), chain.voice_model, self._voices.target)
                    self._asked = VoiceRequest(model, self._known, voiceprints=self._voices.learns)
                for one, file in files:
                    self._track(chain, one, file, progress)

    def finish(self, skipped: int) -> None:
        """Prints and writes the combined results. Raises ``UserError`` if one of several files could not be used."""
        if self._options.as_document:
            documents = [as_document(file) for file in self._kept]
            click.echo(json.dumps(documents if self._given > 1 else documents[0], indent=2))
        self._options.write_files(self._kept)
        if self._report is not None:
            voiceprints = {each.id: each.voiceprint for each in self._report.speakers if each.voiceprint is not None}
            self._voices.add(self._report, voiceprints)
        if self._folder is not None and not self._options.as_document:
            click.echo(
                f"{self._done} of {self._given + skipped} files done" + (f", {skipped} were there already" if skipped else "")
            )
        if self._failed:
            raise UserError(f"{self._failed} of {self._given + skipped} files could not be used")
        if self._unread:
            raise (
                self._unread[0]
                if self._given == 1
                else UserError(f"{len(self._unread)} of {self._given + skipped} files could only be read in part")
            )

    def _opened(self, one: AudioInput) -> AudioFile | None:
        try:
            return AudioFile(one.path)
        except AudioFileError as error:
            self._tell(error)
            return None

    def _track(self, chain: Chain, one: AudioInput, file: AudioFile, progress: FilesProgress) -> None:
        try:
            with progress.file(str(file.path), file.seconds) as advance:
                tracked, processing_seconds = self._tracked(chain, file, advance)
        except (AudioFileError, TrackingError) as error:
            with progress.hidden():
                self._tell(error)
            return
        self._done += 1
        self._report = tracked.report
        if self._options.as_document or self._options.outputs:
            self._kept.append(tracked)
        outputs = [] if self._folder is None else self._folder.write(one, tracked)
        with progress.hidden():
            self._print(tracked, processing_seconds, outputs)
            self._tell_of_damage(file)

    def _tracked(self, chain: Chain, file: AudioFile, advance: Callable[[float], object]) -> tuple[TrackedFile, float]:
        """What came of it, and how long that took. Raises ``AudioFileError`` and ``TrackingError``."""
        options = self._options
        if not self._separate:
            tracking = track(
                chain.open,
                file,
                options.num_speakers,
                on_progress=advance,
                confidence=options.confidence,
                voices=self._asked,
            )
            tracked = TrackedFile(
                file.path,
                file.seconds,
                tracking.report,
                tracking.recorder,
                self._reference,
                knows_voices=self._voices.recognizes,
            )
            return tracked, tracking.processing_seconds
        trackings = track_channels(
            chain.open, file, options.num_speakers, on_progress=advance, confidence=options.confidence, voices=self._asked
        )
        joined = join_channels(trackings)
        tracked = TrackedFile(
            file.path,
            file.seconds,
            joined.report,
            joined,
            self._reference,
            joined.channel_of,
            knows_voices=self._voices.recognizes,
        )
        return tracked, sum(tracking.processing_seconds for tracking in trackings)

    def _tell_of_damage(self, file: AudioFile) -> None:
        """Tells what is wrong with a file of which something was tracked; where a part could not be read, the command will fail."""
        for note in file.notes:
            click.echo(f"Note: {note}", err=True)
        try:
            file.check_whole()
        except AudioFileError as error:
            self._unread.append(error)
            if self._given > 1:
                _print_error(error)

    def _tell(self, error: UserError) -> None:
        if self._given == 1:
            raise error
        self._failed += 1
        _print_error(error)

    def _print(self, tracked: TrackedFile, processing_seconds: float, outputs: Sequence[Path]) -> None:
        if self._options.as_document:
            return
        if self._printed is not None:
            click.echo(self._printed.render(tracked), nl=False)
        elif outputs:
            speakers = len(tracked.report.speakers)
            told = f"{clock(round(1000 * tracked.seconds))}, {speakers} speaker{'' if speakers == 1 else 's'}"
            click.echo(f"{tracked.path} ({told}): {', '.join(map(str, outputs))}")
        else:
            _print_timeline(tracked, processing_seconds)


def _print_error(error: UserError) -> None:
    click.echo(f"Error: {' '.join(str(error).split())}", err=True)


def _print_timeline(file: TrackedFile, processing_seconds: float) -> None:
    click.echo(f"{file.path} ({file.seconds:.1f} s, processed in {processing_seconds:.1f} s)")
    channels: list[int | None] = [*sorted(set(file.channel_of.values()))]
    for channel in channels or [None]:
        if channel is not None:
            click.echo(f"channel {channel}")
        printer = TurnPrinter()
        printer.names = file.names
        printer.feed(segment for segment in file.segments if file.channel(segment.speaker) == channel)
        printer.finish()
    print_speakers(file.report, file.channel_of)
