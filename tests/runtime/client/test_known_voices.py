"""Names and voiceprints of the clients for programs, with servers that a test makes up."""

import json

import pytest

from speaker_tracker.client import (
    BadArgument,
    ConnectionLost,
    Disconnected,
    KnownVoicesRefused,
    PartSpeaker,
    Reconnected,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerClient,
    Voiceprints,
)
from support.client_harness import HASTY, PATIENT, REPORT, SECOND, STARTED, of, quick, read_all, until
from support.voices import known, voiceprint

ANNA = known("Anna")


def dump(event, **body):
    return json.dumps({"event": event, **body})


def spoke(who, ms, name=None):
    return dump("speaker", currentSpeakerId=who, speakingTimeMs={who: ms}, **({"currentName": name} if name else {}))


def labelled(audio_ms, *segments):
    keys = ("startMs", "endMs", "speakerId", "name")
    return dump("timeline", audioMs=audio_ms, segments=[dict(zip(keys, each, strict=False)) for each in segments])


def printed(**by_speaker):
    speakers = [{"id": int(who[1:]), "voiceprint": each.model_dump()} for who, each in by_speaker.items()]
    return dump("voiceprints", speakers=speakers)


def refused(code, message="no"):
    return dump("error", code=code, message=message)


class Server:
    """Answers each session with the next of ``answers``, messages or a function of its ``start`` that makes them.

    ``starts``: what it was asked.
    """

    def __init__(self, serve_with, *answers):
        self.answers = list(answers)
        self.starts = []
        self.url = serve_with(self.run)

    def run(self, websocket):
        self.starts.append(json.loads(websocket.recv()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer(self.starts[-1]) if callable(answer) else answer
        if '"error"' in answer[0]:
            websocket.send(answer[0])
            websocket.close(1008)
            return
        websocket.send(STARTED)
        websocket.recv()
        for message in answer:
            websocket.send(message)
        if not any('"report"' in message for message in answer):
            websocket.close_socket()


async def events_of(client):
    await client.send(SECOND)
    return await read_all(client)


FINAL = dump(
    "report",
    speakers=[
        {"id": 0, "totalTimeMs": 500, "voiceprint": voiceprint(3.0).model_dump()},
        {"id": 1, "totalTimeMs": 400, "name": "Anna"},
    ],
    segments=[{"startMs": 0, "endMs": 500, "speakerId": 0}, {"startMs": 500, "endMs": 900, "speakerId": 1, "name": "Anna"}],
)


async def test_names_and_voiceprints_are_events_and_in_the_report(serve_with):
    said = [spoke(1, 400, "Anna"), labelled(900, (0, 500, 0), (500, 900, 1, "Anna")), printed(_0=voiceprint(2.0)), FINAL]
    server = Server(serve_with, said)
    async with quick(server.url, known_voices=[ANNA], voiceprints=True) as client:
        speaker, timeline, prints, report = await events_of(client)
    assert server.starts[0]["known_voices"] == [ANNA.model_dump()]
    assert server.starts[0]["voiceprints"] is True
    assert speaker == SpeakerUpdate(0, 1, {1: 400}, "Anna")
    assert (type(timeline), timeline.names) == (TimelineUpdate, {1: "Anna"})
    assert prints == Voiceprints(0, {0: voiceprint(2.0)})
    (part,) = report.parts
    assert (part.names, part.voiceprints, part.same_as) == ({1: "Anna"}, {0: voiceprint(3.0)}, {})


@pytest.mark.parametrize("reconnect", [None, PATIENT])
async def test_voiceprints_are_shown_to_those_alone_who_asked(serve_with, reconnect):
    server = Server(serve_with, [printed(_0=voiceprint(2.0)), FINAL])
    async with TrackerClient(server.url, reconnect=reconnect) as client:
        await client.send(SECOND)
        report = await client.stop()
        assert await read_all(client) == [report]
    assert server.starts[0]["voiceprints"] is (reconnect is not None)
    assert "known_voices" not in server.starts[0]
    assert report.parts[0].voiceprints == {}


@pytest.mark.parametrize("code", ["invalid_known_voices", "voiceprint_model", "known_voices_off"])
async def test_what_a_server_has_against_the_users_voices_is_an_error(serve_with, code):
    server = Server(serve_with, [refused(code, "those are not for me")])
    with pytest.raises(KnownVoicesRefused, match="the server says: those are not for me") as raised:
        await TrackerClient(server.url, known_voices=[ANNA], reconnect=PATIENT).__aenter__()
    assert (raised.value.code, raised.value.temporary) == (code, False)
    assert len(server.starts) == 1


async def test_a_server_that_recognizes_nobody_serves_those_who_did_not_ask(serve_with):
    server = Server(serve_with, [refused("known_voices_off")], [FINAL])
    async with TrackerClient(server.url, reconnect=PATIENT) as client:
        await client.send(SECOND)
        assert (await client.stop()).complete
    assert [start["voiceprints"] for start in server.starts] == [True, False]


async def test_a_server_that_recognizes_nobody_is_an_error_for_those_who_asked_for_voiceprints(serve_with):
    server = Server(serve_with, [refused("known_voices_off")])
    with pytest.raises(KnownVoicesRefused):
        await TrackerClient(server.url, voiceprints=True, reconnect=PATIENT).__aenter__()


FIRST = [
    labelled(900, (0, 500, 0), (500, 900, 1, "Anna")),
    printed(_0=voiceprint(2.0), _1=voiceprint(3.0)),
]


async def test_who_spoke_before_a_connection_was_lost_is_known_again(serve_with):
    def second(start):
        stranger = start["known_voices"][0]["name"]
        again = labelled(900, (0, 400, 0, "Anna"), (400, 800, 1, stranger), (800, 900, 2))
        totals = [{"id": 0, "totalTimeMs": 400, "name": "Anna"}, {"id": 1, "totalTimeMs": 400, "name": stranger}]
        return [spoke(1, 400, stranger), again, dump("report", speakers=totals)]

    server = Server(serve_with, FIRST, second)
    async with TrackerClient(server.url, known_voices=[ANNA], reconnect=PATIENT) as client:
        await client.send(SECOND)
        await until(client, of(Reconnected))
        client.stream_in_background(SECOND)
        speaker, timeline, report = await read_all(client)
    carried = server.starts[1]["known_voices"]
    prints = [voiceprint(2.0), voiceprint(3.0), ANNA.voiceprint]
    assert [each["voiceprint"] for each in carried] == [each.model_dump() for each in prints]
    assert [each["name"] for each in carried[1:]] == ["Anna", "Anna"]
    same = {0: PartSpeaker(0, 1), 1: PartSpeaker(0, 0)}
    assert (speaker.name, speaker.same_as) == (None, {1: PartSpeaker(0, 0)})
    assert (timeline.names, timeline.same_as) == ({0: "Anna"}, same)
    first, later = report.parts
    assert (first.names, first.same_as) == ({1: "Anna"}, {})
    assert (later.names, later.same_as) == ({0: "Anna"}, same)
    assert carried[0]["name"] not in repr(report)


async def test_prints_of_another_voice_model_are_dropped_and_the_session_goes_on(serve_with):
    server = Server(serve_with, FIRST, [refused("voiceprint_model")], [REPORT])
    async with TrackerClient(server.url, reconnect=HASTY) as client:
        await client.send(SECOND)
        await until(client, of(Reconnected))
        await client.send(SECOND)
        report = await client.stop()
    assert ["known_voices" in start for start in server.starts] == [False, True, False]
    assert report.finished
    assert report.parts[1].same_as == {}


async def test_the_users_own_prints_of_another_voice_model_end_it(serve_with):
    server = Server(serve_with, FIRST, [refused("voiceprint_model", "another model")])
    async with TrackerClient(server.url, known_voices=[ANNA], reconnect=HASTY) as client:
        await client.send(SECOND)
        await until(client, of(Disconnected))
        with pytest.raises(ConnectionLost, match="no other session could be opened: the server says: another model"):
            await read_all(client)
    assert [len(start.get("known_voices", ())) for start in server.starts] == [1, 3, 1]


@pytest.mark.parametrize("wrong", [["Anna"], [{"name": "Anna"}], "Anna"])
def test_known_voices_are_known_voices(wrong):
    with pytest.raises(BadArgument, match=r"^known_voices must be a sequence of KnownVoice, each of a name and a Voiceprint$"):
        TrackerClient(known_voices=wrong)
