import json

from speaker_tracker.engine.pipeline import OpenStage, Pipeline
from speaker_tracker.events import (
    AudioClock,
    ClientMessage,
    OtherVoices,
    SpeakerNow,
    SpeakersNamed,
    TimelineChanged,
    TimelineSegment,
    VoiceprintsMade,
)
from speaker_tracker.protocol import Voiceprint
from speaker_tracker.stage import SessionInfo
from support.stage_harness import load, of_type, open_stage, run

SECOND = 16_000


def clock(seconds: float) -> list[AudioClock]:
    return [AudioClock(position) for position in range(512, int(seconds * SECOND) + 1, 512)]


def messages(events, *, timeline=False, flush=False, **options):
    pipeline = open_stage(load("reporter", **options), timeline=timeline)
    return [json.loads(sent.message.model_dump_json()) for sent in of_type(ClientMessage, run(pipeline, events, flush=flush))]


def test_a_speaker_message_comes_once_a_period_of_audio():
    assert len(messages(clock(5))) == 9
    assert len(messages(clock(5), period_ms=1000)) == 4


def test_a_speaker_message_has_the_shape_of_the_protocol():
    events = [TimelineChanged((TimelineSegment(0, 400, 1),), {1: 400}), SpeakerNow(8000, (1,)), AudioClock(8192)]

    assert messages(events) == [{"event": "speaker", "currentSpeakerId": 1, "speakingTimeMs": {"1": 400}}]


def test_nobody_speaking_is_null():
    events = [SpeakerNow(8000, (1,)), SpeakerNow(8100, ()), AudioClock(8192)]

    assert messages(events) == [{"event": "speaker", "currentSpeakerId": None, "speakingTimeMs": {}}]


def test_a_client_that_did_not_ask_for_the_timeline_is_not_sent_it():
    events = [TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400}), *clock(1)]

    sent = messages(events, flush=True)
    assert {message["event"] for message in sent} == {"speaker", "report"}
    assert sent[-1] == {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 400}]}


def test_a_timeline_message_carries_what_is_new_or_changed_since_the_last():
    sent = messages(
        [
            TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400}),
            AudioClock(8192),
            TimelineChanged((TimelineSegment(400, 600, 0),), {0: 600}),
            TimelineChanged((TimelineSegment(100, 200, 1),), {0: 500, 1: 100}),
            AudioClock(16384),
            AudioClock(24576),
        ],
        timeline=True,
    )
    timelines = [message for message in sent if message["event"] == "timeline"]

    assert timelines == [
        {"event": "timeline", "audioMs": 512, "segments": [{"startMs": 0, "endMs": 400, "speakerId": 0}]},
        {
            "event": "timeline",
            "audioMs": 1024,
            "segments": [{"startMs": 100, "endMs": 200, "speakerId": 1}, {"startMs": 400, "endMs": 600, "speakerId": 0}],
        },
        {"event": "timeline", "audioMs": 1536, "segments": []},
    ]


def test_what_changes_is_sent_with_everybody_who_speaks_there():
    sent = messages(
        [
            TimelineChanged((TimelineSegment(0, 400, 0), TimelineSegment(300, 400, 1)), {0: 400, 1: 100}),
            AudioClock(8192),
            TimelineChanged((TimelineSegment(100, 300, 0), TimelineSegment(200, 300, 1)), {0: 400, 1: 200}),
            AudioClock(16384),
        ],
        timeline=True,
        flush=True,
    )
    first, second = (message["segments"] for message in sent if message["event"] == "timeline")

    def tuples(segments):
        return [(each["startMs"], each["endMs"], each["speakerId"]) for each in segments]

    assert tuples(first) == [(0, 400, 0), (300, 400, 1)]
    assert tuples(second) == [(200, 300, 0), (200, 300, 1)]
    assert tuples(sent[-1]["segments"]) == [(0, 400, 0), (200, 400, 1)]
    assert sent[-1]["speakers"] == [{"id": 0, "totalTimeMs": 400}, {"id": 1, "totalTimeMs": 200}]


def test_the_report_equals_the_timeline_to_the_millisecond():
    events = [
        TimelineChanged(
            (TimelineSegment(0, 1001, 0), TimelineSegment(1001, 1203, None), TimelineSegment(1203, 2010, 1)), {0: 1001}
        ),
        TimelineChanged((TimelineSegment(500, 700, 1),), {0: 801, 1: 1007}),
    ]
    *_, report = messages(events, timeline=True, flush=True)

    totals = {line["id"]: line["totalTimeMs"] for line in report["speakers"]}
    assert totals == {
        speaker: sum(part["endMs"] - part["startMs"] for part in report["segments"] if part["speakerId"] == speaker)
        for speaker in totals
    }
    assert totals == {0: 801, 1: 1007}


def test_a_speaker_left_without_time_is_not_in_the_report():
    events = [
        TimelineChanged((TimelineSegment(0, 500, 1),), {1: 500}),
        TimelineChanged((TimelineSegment(0, 500, 0),), {1: 0, 0: 500}),
    ]

    assert messages(events, flush=True) == [{"event": "report", "speakers": [{"id": 0, "totalTimeMs": 500}]}]


def test_no_audio_at_all_gives_a_report_without_speakers():
    assert messages([], timeline=True, flush=True) == [{"event": "report", "speakers": [], "segments": []}]


def test_a_restored_reporter_sends_what_the_first_had_not():
    loaded = load("reporter")
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, [TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400})], flush=False)
    second.restore(first.snapshot())

    (timeline, report) = [sent.message for sent in of_type(ClientMessage, run(second, []))]
    assert [(part.startMs, part.endMs, part.speakerId) for part in timeline.segments] == [(0, 400, 0)]
    assert report.speakers[0].totalTimeMs == 400


def test_a_second_flush_says_nothing():
    pipeline = open_stage(load("reporter"))

    assert len(of_type(ClientMessage, pipeline.flush())) == 1
    assert pipeline.flush() == []


def test_a_session_without_the_timeline_remembers_no_more_after_hours():
    pipeline = open_stage(load("reporter"), timeline=False)
    sizes = []
    for minute in range(300):
        start = 60_000 * minute
        run(pipeline, [TimelineChanged((TimelineSegment(start, start + 900, minute % 2),), {0: start, 1: start})], flush=False)
        sizes.append(len(repr(pipeline.snapshot())))

    assert sizes[-1] < sizes[0] + 20


def test_other_voices_are_in_the_timeline_and_the_report_where_they_were_asked_for_and_are_known():
    told = [AudioClock(8192), OtherVoices(32_000, 1), AudioClock(16_384)]
    silent = [AudioClock(8192)]

    def others(events, **asked):
        stage = load("reporter").open(SessionInfo("test", 2, **asked))
        sent = of_type(ClientMessage, run(Pipeline([OpenStage("reporter", stage, None)]), events))
        return [json.loads(each.message.model_dump_json()).get("others", "absent") for each in sent]

    known = {"totalTimeMs": 2000, "voices": 1}
    assert others(told, timeline=True, others=True) == ["absent", "absent", "absent", known, known]
    assert others(told, others=True) == ["absent", "absent", known]
    assert others(told, timeline=True) == ["absent"] * 5
    assert others(silent, timeline=True, others=True) == ["absent"] * 3


def test_segments_say_how_certain_they_are_to_those_who_asked():
    told = [
        TimelineChanged((TimelineSegment(0, 400, 0, 0.5), TimelineSegment(400, 500, None)), {0: 400}),
        TimelineChanged((TimelineSegment(400, 500, 0, 1.0),), {0: 500}),
        AudioClock(8192),
        TimelineChanged((TimelineSegment(0, 500, 0, 0.87654),), {0: 500}),
    ]

    def sent(**asked):
        stage = load("reporter").open(SessionInfo("test", 2, timeline=True, **asked))
        events = of_type(ClientMessage, run(Pipeline([OpenStage("reporter", stage, None)]), told))
        messages = [json.loads(event.message.model_dump_json()) for event in events]
        return [message["segments"] for message in messages if "segments" in message]

    segment = {"startMs": 0, "endMs": 500, "speakerId": 0}
    assert sent(confidence=True) == [
        [segment | {"confidence": 0.6}],
        [segment | {"confidence": 0.877}],
        [segment | {"confidence": 0.877}],
    ]
    assert sent() == [[segment], [segment]]


PRINT = Voiceprint.of("small", 1, [0.5, 0.25], 12.0)


def said_to(session, events):
    pipeline = open_stage(load("reporter"), session=session)
    return [json.loads(sent.message.model_dump_json()) for sent in of_type(ClientMessage, run(pipeline, events))]


def test_names_are_in_all_messages_from_then_on():
    said = messages(
        [
            TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400}),
            SpeakersNamed({0: "Anna"}),
            SpeakerNow(8000, (0,)),
            AudioClock(8192),
        ],
        timeline=True,
        flush=True,
    )

    segment = {"startMs": 0, "endMs": 400, "speakerId": 0, "name": "Anna"}
    assert said == [
        {"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 400}, "currentName": "Anna"},
        {"event": "timeline", "audioMs": 512, "segments": [segment]},
        {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 400, "name": "Anna"}], "segments": [segment]},
    ]


def test_a_name_that_comes_later_changes_or_goes_is_told_for_all_segments_at_once():
    heard = (TimelineSegment(0, 400, 0), TimelineSegment(400, 900, 1), TimelineSegment(900, 1000, 0))
    events = [TimelineChanged(heard, {0: 500, 1: 500}), AudioClock(8192)]
    for position, names in ((9000, {0: "Anna"}), (10_000, {0: "Ben"}), (11_000, {1: "Ben"}), (12_000, {1: "Ben"})):
        events += [SpeakersNamed(names), AudioClock(position)]
    timelines = [message for message in messages(events, timeline=True) if message["event"] == "timeline"]

    told = [[(part["startMs"], part["speakerId"], part.get("name")) for part in message["segments"]] for message in timelines[1:]]
    assert told == [
        [(0, 0, "Anna"), (900, 0, "Anna")],
        [(0, 0, "Ben"), (900, 0, "Ben")],
        [(0, 0, None), (400, 1, "Ben"), (900, 0, None)],
    ]
    assert [message["audioMs"] for message in timelines[1:]] == [9000 // 16, 10_000 // 16, 11_000 // 16]


def test_voiceprints_are_for_those_who_asked():
    events = [TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400}), VoiceprintsMade({0: PRINT}), AudioClock(8192)]
    asked, others = (said_to(SessionInfo("test", 2, voiceprints=asked), events) for asked in (True, False))

    assert asked[1:] == [
        {"event": "voiceprints", "speakers": [{"id": 0, "voiceprint": PRINT.model_dump()}]},
        {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 400, "voiceprint": PRINT.model_dump()}]},
    ]
    assert "voiceprint" not in json.dumps(others)


def test_each_voiceprint_is_told_once_and_the_last_one_is_in_the_report():
    later = Voiceprint.of("small", 1, [0.4, 0.3], 20.0)
    events = [TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400})]
    events += [VoiceprintsMade({0: PRINT}), AudioClock(8192), AudioClock(16_384), VoiceprintsMade({0: later})]
    said = said_to(SessionInfo("test", 2, voiceprints=True), events)

    assert len([message for message in said if message["event"] == "voiceprints"]) == 1
    assert said[-1]["speakers"][0]["voiceprint"] == later.model_dump()


def test_a_restored_reporter_still_has_names_and_voiceprints():
    session = SessionInfo("test", 2, timeline=True, voiceprints=True)
    loaded = load("reporter")
    before, after = loaded.open(session), loaded.open(session)
    for event in (
        TimelineChanged((TimelineSegment(0, 400, 0),), {0: 400}),
        SpeakersNamed({0: "Anna"}),
        VoiceprintsMade({0: PRINT}),
    ):
        list(before.feed(event))
    after.restore(before.snapshot())

    told = [event.message for event in [*after.feed(AudioClock(100)), *after.flush()] if isinstance(event, ClientMessage)]
    assert [message.event for message in told] == ["speaker", "timeline", "voiceprints", "report"]
    assert told[-1].speakers[0].name == "Anna"
    assert told[-1].speakers[0].voiceprint == PRINT
