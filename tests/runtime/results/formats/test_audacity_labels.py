from speaker_tracker.results.formats import FORMATS


def test_labels_are_start_end_and_name_with_tabs_between(tracked):
    labels = [line.split("\t") for line in FORMATS["audacity"].render(tracked).splitlines()]
    assert [(float(start), float(end), name) for start, end, name in labels] == [
        (1.0, 2.0, "speaker 0"),
        (2.0, 4.05, "speaker 1"),
        (3723.4, 3725.001, "speaker 0"),
    ]


def test_silence_has_no_labels(silent):
    assert FORMATS["audacity"].render(silent) == ""


def test_channels_are_in_the_labels(call):
    assert FORMATS["audacity"].render(call).splitlines()[1].split("\t")[2] == "speaker 1 (channel 2)"


def test_names_are_labels(named):
    labels = [line.split("\t")[2] for line in FORMATS["audacity"].render(named).splitlines()]
    assert labels == ["speaker 0", "Anna <Maria> McBerg & Co", "speaker 0"]
