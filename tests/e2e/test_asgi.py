"""The default chain under other ASGI servers: real audio through their WebSockets, as ``serve`` answers it."""

import pytest

pytestmark = pytest.mark.e2e


def report_of(connect, url, pcm):
    with connect(url) as client:
        client.start(timeline=True)
        client.stream(pcm)
        return client.report()


@pytest.mark.parametrize(
    "command",
    [("hypercorn", ()), ("hypercorn", ("--workers", "2")), ("uvicorn", ()), ("uvicorn", ("--workers", "2"))],
    ids=["hypercorn", "hypercorn-of-2", "uvicorn", "uvicorn-of-2"],
)
def test_a_conversation_is_answered_as_by_serve(connect, server, start_asgi, pcm, command):
    process = start_asgi(*command)

    assert report_of(connect, process.url, pcm) == report_of(connect, server.url, pcm)
    assert process.health()[1]["models"] == server.health()[1]["models"]
    process.process.terminate()
    process.wait()
    assert not [line for line in process.log if "Traceback" in line], process.log
