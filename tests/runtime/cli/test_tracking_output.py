import pytest

from speaker_tracker.cli.tracking_output import TurnPrinter, clock, print_speakers
from speaker_tracker.events import TimelineSegment
from speaker_tracker.protocol import OtherVoicesTotal, ReportMessage, SpeakerTotal


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0:00.0"), (1_949, "0:01.9"), (1_950, "0:02.0"), (59_960, "1:00.0"), (600_000, "10:00.0"), (3_723_400, "1:02:03.4")],
)
def test_times_are_printed_in_tenths_of_a_second(ms, text):
    assert clock(ms) == text


def turns(capsys, *stretches):
    printer = TurnPrinter()
    for stretch in stretches:
        printer.feed([TimelineSegment(*stretch)])
    printer.finish()
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_stretches_of_one_speaker_with_short_pauses_are_one_turn(capsys):
    assert turns(capsys, (0, 500, 0), (500, 900, None), (900, 1500, 0)) == ["0:00.0 - 0:01.5 speaker 0"]


def test_a_long_pause_ends_a_turn(capsys):
    assert turns(capsys, (0, 500, 0), (500, 800, None), (800, 1100, None), (1100, 1500, 0)) == [
        "0:00.0 - 0:00.5 speaker 0",
        "0:01.1 - 0:01.5 speaker 0",
    ]


def test_another_speaker_ends_a_turn(capsys):
    assert turns(capsys, (0, 500, 0), (500, 900, 1), (1000, 2000, 0)) == [
        "0:00.0 - 0:00.5 speaker 0",
        "0:00.5 - 0:00.9 speaker 1",
        "0:01.0 - 0:02.0 speaker 0",
    ]


def test_turns_at_the_same_time_are_a_line_each(capsys):
    assert turns(capsys, (0, 3000, 0), (1000, 2000, 1), (3200, 4000, 0)) == [
        "0:00.0 - 0:04.0 speaker 0",
        "0:01.0 - 0:02.0 speaker 1",
    ]


def test_turns_that_arrive_piece_by_piece_stay_whole_while_others_speak_too(capsys):
    pieces = [(0, 1000, 0), (500, 1000, 1), (1000, 1500, 0), (1000, 1500, 1), (1500, 2000, 0)]
    assert turns(capsys, *pieces) == ["0:00.0 - 0:02.0 speaker 0", "0:00.5 - 0:01.5 speaker 1"]


def test_who_interjects_into_a_short_pause_parts_two_turns(capsys):
    assert turns(capsys, (0, 1000, 0), (1000, 1200, 1), (1200, 3000, 0), (3100, 3300, 1), (3300, 3400, 1)) == [
        "0:00.0 - 0:01.0 speaker 0",
        "0:01.0 - 0:01.2 speaker 1",
        "0:01.2 - 0:03.0 speaker 0",
        "0:03.1 - 0:03.4 speaker 1",
    ]


def test_lines_are_in_order_of_start(capsys):
    printer = TurnPrinter()
    printer.feed([TimelineSegment(0, 1500, 0), TimelineSegment(500, 900, 1), TimelineSegment(1500, 3000, 0)])
    assert capsys.readouterr().out == ""
    printer.feed([TimelineSegment(3000, 3600, None)])
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["0", "1"]


def test_a_turn_is_printed_once_it_is_over(capsys):
    printer = TurnPrinter()
    printer.feed([TimelineSegment(0, 500, 0)])
    assert capsys.readouterr().out == ""
    printer.feed([TimelineSegment(500, 1100, None)])
    assert "speaker 0" in capsys.readouterr().out


def test_silence_tells_nothing(capsys):
    assert turns(capsys, (0, 5000, None)) == []


@pytest.mark.parametrize(
    ("others", "line"),
    [
        (None, ""),
        (OtherVoicesTotal(totalTimeMs=0, voices=0), ""),
        (OtherVoicesTotal(totalTimeMs=2100, voices=1), "1 more voice was heard, for 0:02.1 in all.\n"),
        (OtherVoicesTotal(totalTimeMs=83_000, voices=3), "3 more voices were heard, for 1:23.0 in all.\n"),
    ],
)
def test_voices_beyond_those_tracked_are_a_line_below_the_speakers(capsys, others, line):
    print_speakers(ReportMessage(speakers=[], others=others))
    assert capsys.readouterr().out == "Nobody speaks.\n" + line


def test_people_who_are_recognized_have_their_names(capsys):
    printer = TurnPrinter()
    printer.feed([TimelineSegment(0, 1000, 0)])
    printer.names = {0: "Anna [bold]"}
    printer.feed([TimelineSegment(1000, 2000, 1)])
    printer.finish()
    print_speakers(ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=1000, name="Anna [bold]")]))
    first, second, table = capsys.readouterr().out.split("\n", 2)
    assert first == "   0:00.0 -    0:01.0   Anna [bold]"
    assert second == "   0:01.0 -    0:02.0   speaker 1"
    assert "  Anna [bold]   0:01.0   100 %" in table
