"""A server that is sent whatever clients could send: it answers by the protocol, logs no failure, and nobody else notices."""

import pytest

from support.fuzzer import SETTINGS, Fuzzer, Witness, complaints, open_sessions

pytestmark = pytest.mark.e2e

MESSAGES = 5000
"""In each of four turns."""
GROWTH_BYTES = 8 << 20
"""By how much memory may grow in the later three turns: a leak of 600 bytes a message would be more."""


@pytest.mark.parametrize("workers", [1, 2])
def test_whatever_is_sent_is_answered_by_the_protocol_and_harms_nobody(start_level_server, workers):
    server = start_level_server("--workers", str(workers), **SETTINGS)
    fuzzer = Fuzzer(server.url, seed=workers)
    witnesses = [Witness(server.url), Witness(server.url, resumes=True)]
    for witness in witnesses:
        witness.start()
    memory = []
    for _ in range(4):
        fuzzer.run(MESSAGES // workers)
        memory.append(server.memory())

    assert fuzzer.tally.findings == []
    assert [witness.end() for witness in witnesses] == ["", ""]
    assert witnesses[1].losses > 0
    assert fuzzer.tally.messages >= 4 * MESSAGES // workers
    assert {"started", "resumed", "speaker", "timeline", "report", "error"} <= set(fuzzer.tally.events)
    assert {"invalid_json", "invalid_message", "odd_length", "session_unknown", "already_started"} <= set(fuzzer.tally.errors)
    assert open_sessions(server) == 0
    assert memory[-1] - memory[0] < GROWTH_BYTES
    assert complaints(server.log) == []
