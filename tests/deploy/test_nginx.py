"""nginx.conf, by nginx itself: before real servers, found by a name server as Docker's."""

import re
import signal
import socket
import struct
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

from speaker_tracker.settings import Settings
from support.deploy_files import DEPLOY, required, seconds
from support.known_conversation import DATA, read_conversation
from support.protocol_client import ProtocolClient
from support.server_process import ServerProcess

TEXT = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
SERVERS = ("127.0.0.2", "127.0.0.3")
TOKEN = "known-to-few"


def free_port(*hosts):
    """One that is free on all of them."""
    while True:
        with socket.socket() as first:
            first.bind((hosts[0], 0))
            port = first.getsockname()[1]
            try:
                for host in hosts[1:]:
                    with socket.socket() as other:
                        other.bind((host, port))
            except OSError:
                continue
            return port


class NameServer:
    """Gives ``addresses`` for whatever it is asked; RFC 1035, as far as nginx needs it."""

    def __init__(self, addresses):
        self.addresses = addresses
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.names = set()
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        with suppress(OSError):
            while True:
                query, client = self.socket.recvfrom(512)
                question = query[12 : query.index(b"\0", 12) + 5]
                self.names.add(question[1 : 1 + question[0]].decode())
                records = b"".join(
                    struct.pack(">HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address) for address in self.addresses
                )
                header = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(self.addresses), 0, 0)
                self.socket.sendto(header + question + records, client)

    def close(self):
        self.socket.close()


class Nginx:
    """nginx with the configuration of deploy/, but for its port, its folder, the name server's address and the servers' port."""

    def __init__(self, folder, name_server_port=53, server_port=8000, more=""):
        self.port = free_port("127.0.0.1")
        text = TEXT.replace("/tmp/", f"{folder}/").replace("listen 8080;", f"listen 127.0.0.1:{self.port};{more}")
        text = text.replace("resolver 127.0.0.11", f"resolver 127.0.0.1:{name_server_port}").replace(":8000;", f":{server_port};")
        self.file = folder / "nginx.conf"
        self.file.write_text(text, encoding="utf-8")
        self.command = [required("nginx"), "-c", self.file, "-e", "stderr"]
        self.log = folder / "log"
        self.process = None

    def check(self):
        """What ``nginx -t`` says, with nothing to say against it."""
        done = subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "[warn]" not in done.stderr.replace('the "user" directive', "")
        return done.stderr

    def start(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen([*self.command, "-g", "daemon off;"], stdout=log, stderr=log)
        threading.Event().wait(0.1)
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=10):
                return
            assert self.process.poll() is None, self.log.read_text()
            threading.Event().wait(0.1)
        pytest.fail("nginx does not listen")

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def connect(self, query="", **options):
        return ProtocolClient(f"ws://127.0.0.1:{self.port}/ws/session{query}", **options)

    def logged(self, line):
        """The log with ``line`` in it; nginx answers first and writes its log then."""
        for _ in range(600):
            if line in (log := self.log.read_text()):
                return log
            threading.Event().wait(0.1)
        pytest.fail(f"nginx did not log {line} but: {log}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@pytest.fixture
def folder(tmp_path):
    """For nginx and its workers, which are another user where root starts it."""
    for path in [tmp_path, *tmp_path.parents[:2]]:
        path.chmod(0o755)
    return tmp_path


def test_the_configuration_is_valid(folder):
    assert "test is successful" in Nginx(folder).check()


def test_with_tls_as_in_the_readme_it_is_valid(folder, tls_files):
    cert, key, _context = tls_files
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```nginx\n(.*?)```", readme, re.DOTALL)
    snippet = snippet.replace("/etc/nginx/tls/cert.pem", cert).replace("/etc/nginx/tls/key.pem", key)
    snippet = snippet.replace("listen 8443", f"listen 127.0.0.1:{free_port('127.0.0.1')}")
    assert "test is successful" in Nginx(folder, more=snippet).check()


@pytest.mark.parametrize("directive", ["proxy_read_timeout", "proxy_send_timeout"])
def test_silent_sessions_are_the_servers_to_end(directive):
    (duration,) = re.findall(rf"{directive} (\w+);", TEXT)
    assert seconds(duration) > Settings.model_fields["idle_timeout_seconds"].default


@pytest.fixture(scope="module")
def pcm():
    """Ten seconds of the dialogue."""
    samples = read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm").samples[:160_000]
    return (samples * 32767).astype("<i2").tobytes()


class Setup:
    """Two servers with a token, a name server that knows both, and nginx."""

    def __init__(self, folder):
        self.port = free_port(*SERVERS)
        settings = {"tokens": [TOKEN], "observers": ["prometheus"], "trusted_hops": "2", "log_addresses": "true"}
        self.servers = [ServerProcess("--host", host, "--port", str(self.port), **settings) for host in SERVERS]
        self.names = NameServer(SERVERS)
        self.nginx = Nginx(folder, self.names.port, self.port)
        self.nginx.start()
        assert all(server.url for server in self.servers)

    def sessions(self):
        return [server.health()[1]["sessions"] for server in self.servers]

    def connect(self):
        return self.nginx.connect(additional_headers={"Authorization": f"Bearer {TOKEN}"})

    def close(self):
        self.nginx.close()
        self.names.close()
        for server in self.servers:
            server.end()


@pytest.fixture
def setup(folder):
    required("nginx")
    parts = Setup(folder)
    yield parts
    parts.close()


@pytest.mark.e2e
def test_sessions_go_through_to_all_servers(setup, pcm):
    assert setup.nginx.get("/health")[0] == 200
    clients = []
    while 0 in setup.sessions():
        assert len(clients) < 60, "one server gets no sessions"
        clients.append(setup.connect())
        clients[-1].start()
    for client in (clients[0], clients[-1]):
        client.stream(pcm)
        assert client.report()["speakers"]
    for client in clients[1:-1]:
        client.__exit__()
    assert setup.names.names == {"speaker-trackers"}


@pytest.mark.e2e
def test_what_is_for_operators_does_not_go_through(setup):
    assert setup.nginx.get("/metrics")[0] == 404
    assert setup.nginx.get("/unknown")[0] == 404
    for path in ("/", "/web/main.js", "/asyncapi.yaml"):
        assert setup.nginx.get(path)[0] == 200, path
    assert setup.nginx.get("/ws/session")[0] == 426


@pytest.mark.e2e
def test_what_a_server_says_at_its_end_arrives_and_the_others_go_on(setup, pcm):
    with setup.connect() as client:
        client.start()
        client.stream(pcm)
        client.heard("speaker", more_than=15)
        (at,) = [number for number, sessions in enumerate(setup.sessions()) if sessions]
        setup.servers[at].process.send_signal(signal.SIGTERM)
        assert client.heard("report")["speakers"]
        assert client.close_code() == 1001
    assert setup.servers[at].wait() == 0

    for _ in range(6):  # its address is still known
        with setup.connect() as client:
            client.start()
            client.stream(pcm[:64_000])
            client.report()


@pytest.mark.e2e
def test_tokens_in_the_query_are_not_logged(setup):
    with setup.nginx.connect(f"?token={TOKEN}") as client:
        client.start()
        client.report()
    for server in setup.servers:
        server.end()
    assert setup.nginx.get(f"/ws/session?token={TOKEN}")[0] == 502
    setup.nginx.logged('"GET /ws/session" 101')  # perhaps by another worker than the other
    assert TOKEN not in setup.nginx.logged('"GET /ws/session" 502')
    assert not any(TOKEN in line for server in setup.servers for line in server.log)


@pytest.mark.e2e
def test_addresses_of_clients_are_told_to_the_server_behind_those_that_came_with_them(setup):
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "203.0.113.9, 192.0.2.4"}
    with setup.nginx.connect(additional_headers=headers) as client:
        client.start()
        client.report()
    server = max(setup.servers, key=lambda server: sum("opened" in line for line in server.log))
    assert server.logged(r"opened, .* address=(\S+)")[1] == "192.0.2.4"


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGHUP], ids=["stop", "reload"])
def test_nginx_ends_no_session_when_it_is_stopped_or_reloaded(setup, pcm, number):
    with setup.connect() as client:
        client.start()
        client.stream(pcm[: len(pcm) // 2])
        client.heard("speaker", more_than=5)
        setup.nginx.process.send_signal(number)
        threading.Event().wait(1)
        client.stream(pcm[len(pcm) // 2 :])
        assert client.report()["speakers"]
    if number is signal.SIGQUIT:
        assert setup.nginx.process.wait(60) == 0
    else:
        assert setup.nginx.get("/health")[0] == 200
