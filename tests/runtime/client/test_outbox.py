import pytest

from speaker_tracker.client.outbox import MAX_KEPT_BYTES, Gap, Outbox
from speaker_tracker.protocol import MAX_GAP_MS

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
        most = max(most, sum(piece.__alloc__() for piece in box._pieces))
    assert box.end == 3600 * SECOND
    assert len(box) == 3 * SECOND
    assert most <= 12 * SECOND


def test_a_gap_goes_out_in_its_place_and_takes_no_room(outbox):
    outbox.put_gap(500_000)
    outbox.put(seconds(4))
    assert len(outbox) == 4 * SECOND
    assert outbox.end == 504 * SECOND
    assert [sends(outbox), sends(outbox), sends(outbox, 9 * SECOND)] == [seconds(3), Gap(500_000), seconds(4)]
    assert outbox.unsent == 0


def test_a_gap_is_sent_again_whole_unless_all_of_it_was_acknowledged(outbox):
    sends(outbox)
    outbox.put_gap(10_000)
    outbox.put(seconds(4))
    sends(outbox)
    sends(outbox)
    outbox.acknowledge(8000)
    assert outbox.rewind() == 3 * SECOND
    assert [sends(outbox), sends(outbox)] == [Gap(10_000), seconds(4)]
    outbox.acknowledge(10_500)
    assert outbox.rewind() == 13.5 * SECOND
    assert sends(outbox) == seconds(4)[SECOND // 2 :]


def test_gaps_that_were_not_sent_are_joined_up_to_the_longest_that_a_message_can_tell(outbox):
    sends(outbox)
    for ms in (1000, 2000, MAX_GAP_MS, 5):
        outbox.put_gap(ms)
    assert [sends(outbox), sends(outbox), sends(outbox)] == [Gap(3000), Gap(MAX_GAP_MS), Gap(5)]
    outbox.put_gap(7)
    assert sends(outbox) == Gap(7)


# -- the same session again --------------------------------------------------------------------------------------------------------


def test_a_resumed_session_is_sent_from_where_its_server_has_it(outbox):
    sends(outbox)
    outbox.put(seconds(4))
    outbox.acknowledge(1000)
    outbox.resume(2000)

    assert outbox.unsent == 2 * SECOND
    assert outbox.is_catching_up
    assert sends(outbox, 5 * SECOND) == seconds(3, 4)
    outbox.acknowledge(4000)
    assert len(outbox) == 0


def test_what_a_server_wants_again_and_nobody_has_is_a_gap(outbox):
    outbox.acknowledge(2000)
    outbox.resume(500)

    assert sends(outbox) == Gap(1500)
    assert sends(outbox) == seconds(3)
    assert outbox.end == 3 * SECOND


def test_a_server_may_have_kept_more_than_this_side_knows_to_be_sent(outbox):
    outbox.next(SECOND)  # given to the connection that broke, and received
    outbox.resume(3000)
    assert outbox.unsent == 0


def test_a_session_that_is_not_the_first_is_resumed_by_its_own_time(outbox):
    outbox.acknowledge(1000)
    assert outbox.rewind() == SECOND
    sends(outbox, 2 * SECOND)
    outbox.resume(1000)
    assert sends(outbox) == seconds(3)
