from speaker_tracker.client import EventsMissed, SpeakerUpdate
from speaker_tracker.client.event_buffer import EventBuffer


def said(number):
    return SpeakerUpdate(0, number, {})


def drain(buffer):
    events = []
    while (event := buffer.take()) is not None:
        events.append(event)
    return events


def test_events_come_out_in_order():
    buffer = EventBuffer(3)
    for number in range(3):
        buffer.put(said(number))
    assert drain(buffer) == [said(0), said(1), said(2)]
    assert drain(buffer) == []


def test_the_oldest_are_dropped_and_counted():
    buffer = EventBuffer(2)
    for number in range(7):
        buffer.put(said(number))
        assert len(buffer) <= 2
    assert drain(buffer) == [EventsMissed(5), said(5), said(6)]
    buffer.put(said(7))
    assert drain(buffer) == [said(7)]
