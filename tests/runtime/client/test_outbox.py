import pytest

from speaker_tracker.client.outbox import MAX_KEPT_BYTES, Outbox

SECOND = 32_000


def seconds(*values):
    return b"".join(bytes([value]) * SECOND for value in values)


@pytest.fixture
def outbox():
    """Holds three seconds, of which the first two were sent."""
    box = Outbox()
    box.put(seconds(1, 2, 3))
    assert sends(box) == seconds(1)
    assert sends(box) == seconds(2)
    return box


def sends(box, length=SECOND):
    frame = box.next(length)
    box.mark_sent()
    return frame


def test_audio_goes_out_in_order_in_frames_of_the_length_that_is_asked_for(outbox):
    assert outbox.unsent == SECOND
    outbox.put(seconds(4))
    assert sends(outbox, SECOND // 2) == seconds(3)[SECOND // 2 :]
    assert sends(outbox, 2 * SECOND) == seconds(3)[SECOND // 2 :] + seconds(4)
    assert sends(outbox) == b""
    assert outbox.unsent == 0


def test_acknowledged_audio_is_dropped_and_the_next_session_begins_after_it(outbox):
    outbox.acknowledge(1500)
    assert len(outbox) == 1.5 * SECOND
    assert outbox.rewind() == 1.5 * SECOND
    assert sends(outbox, 5 * SECOND) == seconds(2)[SECOND // 2 :] + seconds(3)
    assert outbox.end == 3 * SECOND


def test_a_session_counts_from_its_own_beginning(outbox):
    outbox.acknowledge(1000)
    outbox.rewind()
    sends(outbox, 2 * SECOND)
    outbox.acknowledge(500)
    assert outbox.rewind() == 1.5 * SECOND


def test_what_was_acknowledged_before_does_not_come_back(outbox):
    outbox.acknowledge(1500)
    outbox.acknowledge(1000)
    assert outbox.rewind() == 1.5 * SECOND


def test_only_what_was_given_to_a_server_can_be_acknowledged(outbox):
    outbox.acknowledge(60_000)
    assert (len(outbox), outbox.unsent) == (SECOND, SECOND)
    assert sends(outbox) == seconds(3)


def test_a_frame_may_be_acknowledged_before_it_is_marked_as_sent(outbox):
    outbox.next(SECOND)
    outbox.acknowledge(3000)
    outbox.mark_sent()
    assert (len(outbox), outbox.unsent) == (0, 0)


def test_a_frame_that_did_not_go_out_is_sent_in_the_next_session(outbox):
    outbox.forget_sent()
    assert outbox.next(SECOND) == seconds(3)
    assert outbox.rewind() == 2 * SECOND
    assert sends(outbox) == seconds(3)


def test_a_new_session_is_catching_up_until_all_earlier_audio_is_sent(outbox):
    assert not outbox.is_catching_up
    outbox.rewind()
    outbox.put(seconds(4))
    for _ in range(3):
        assert outbox.is_catching_up
        sends(outbox)
    assert not outbox.is_catching_up
    assert outbox.unsent == SECOND


def test_nothing_is_kept_where_nothing_is_ever_sent_again():
    box = Outbox(keeps=False)
    box.put(seconds(1, 2))
    sends(box)
    assert len(box) == SECOND
    assert box.end == 2 * SECOND


def test_it_takes_two_minutes_and_more_only_as_that_is_acknowledged():
    box = Outbox()
    for _ in range(120):
        assert box.has_room_for(SECOND)
        box.put(seconds(0))
        sends(box)
    assert len(box) == MAX_KEPT_BYTES == 3_840_000
    assert not box.has_room_for(2)
    box.acknowledge(1)
    assert box.has_room_for(32)
    assert not box.has_room_for(34)


def test_an_hour_takes_no_more_memory_than_what_is_under_way():
    box = Outbox()
    most = 0
    for second in range(3600):
        box.put(bytes(SECOND))
        sends(box)
        box.acknowledge((second - 2) * 1000)
        most = max(most, box._audio.__alloc__())
    assert box.end == 3600 * SECOND
    assert len(box) == 3 * SECOND
    assert most <= 12 * SECOND
