import subprocess
import sys

import pytest

from speaker_tracker.server.healthcheck import complaint, health_url
from speaker_tracker.settings import load_settings

pytestmark = pytest.mark.usefixtures("scripted_chain")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"host": "0.0.0.0", "port": 8080}, "http://127.0.0.1:8080/health/ready"),
        ({"host": "::"}, "http://[::1]:8000/health/ready"),
        ({"host": "10.1.2.3", "tls_cert": "cert.pem", "tls_key": "key.pem"}, "https://10.1.2.3:8000/health/ready"),
    ],
)
def test_the_server_is_asked_where_it_listens(given, url):
    assert health_url(load_settings(**given)) == url


def test_a_server_that_takes_sessions_is_healthy_and_one_that_ended_is_not(start_server, monkeypatch):
    server = start_server()
    monkeypatch.setenv("PORT", server.url.removesuffix("/ws/session").rpartition(":")[2])
    command = [sys.executable, "-m", "speaker_tracker.server.healthcheck"]

    assert subprocess.run(command, check=False).returncode == 0
    server.end()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "/health/ready does not answer" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_with_tls_is_asked_too(start_server, tls_files):
    certificate, key, _ = tls_files
    server = start_server(tls_cert=certificate, tls_key=key)
    port = int(server.url.removesuffix("/ws/session").rpartition(":")[2])

    assert complaint(load_settings(port=port, tls_cert=certificate, tls_key=key)) is None


def test_wrong_settings_are_told_in_their_sentence(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_PORT", "many")
    done = subprocess.run([sys.executable, "-m", "speaker_tracker.server.healthcheck"], check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith("SPEAKER_TRACKER_PORT cannot be 'many'")
