"""A replica of the voice model and a whole node killed in mid-session: sessions go on, and say the same."""

from contextlib import ExitStack

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SESSIONS = 3


@pytest.fixture
def reports_around(connect, ray_cluster, pcm):
    """Reports of sessions in whose middle ``happens`` is called."""

    def run(happens):
        middle = len(pcm) // 4 * 2
        with ExitStack() as stack:
            clients = [stack.enter_context(connect(ray_cluster.url)) for _ in range(SESSIONS)]
            for client in clients:
                client.start(timeline=True)
                client.stream(pcm[:middle])
            happens()
            for client in clients:
                client.stream(pcm[middle:])
            return [client.report() for client in clients]

    return run


def test_a_killed_replica_loses_no_session(reports_around, ray_cluster, undisturbed):
    killed = ray_cluster.processes("VoiceModel")[0]
    assert reports_around(killed.kill) == [undisturbed] * SESSIONS
    ray_cluster.until(lambda: ray_cluster.running("VoiceModel") == 2)
    assert killed.pid not in {process.pid for process in ray_cluster.processes("VoiceModel")}


def test_all_replicas_killed_at_once_lose_no_session(reports_around, ray_cluster, undisturbed):
    def kill_all():
        for process in ray_cluster.processes("VoiceModel"):
            process.kill()

    assert reports_around(kill_all) == [undisturbed] * SESSIONS
    ray_cluster.until(lambda: ray_cluster.running("VoiceModel") == 2)


def test_a_killed_node_loses_no_session(reports_around, ray_cluster, undisturbed):
    nodes = len(ray_cluster.alive())
    assert reports_around(lambda: ray_cluster.kill_node(ray_cluster.voice_nodes.pop())) == [undisturbed] * SESSIONS
    ray_cluster.until(lambda: len(ray_cluster.alive()) == nodes - 1)
    ray_cluster.until(lambda: ray_cluster.running("VoiceModel") == 2)  # both on the node that is left
    ray_cluster.voice_nodes.append(ray_cluster.add_voice_node())
