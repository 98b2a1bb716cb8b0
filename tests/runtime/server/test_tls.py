"""Certificates that are renewed while a server runs; with the scripted chain."""

import socket
import ssl
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.protocol_client import ProtocolClient

pytestmark = pytest.mark.usefixtures("scripted_chain")

PATIENCE = 30


def make_pair(folder, name):
    """A self-signed certificate for localhost, and its key; the certificate says ``name``."""
    cert, key = folder / f"{name}.cert", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


class Renewed:
    """Files of a server's certificate and key that a test renews."""

    def __init__(self, folder: Path) -> None:
        self.pairs = {name: make_pair(folder, name) for name in ("first", "second")}
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        self.write("first", "first")

    def write(self, cert: str, key: str) -> None:
        """As tools for certificates do it: beside the old files, and then in their place, one after the other."""
        for file, source in ((self.cert, self.pairs[cert][0]), (self.key, self.pairs[key][1])):
            new = file.with_suffix(".new")
            new.write_bytes(source.read_bytes())
            new.replace(file)


@pytest.fixture
def files(tmp_path):
    return Renewed(tmp_path)


def served(url, *, server_name="localhost"):
    """The name that the certificate of a new connection says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    address = urlsplit(url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as connection,
    ):
        told = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))
        assert connection.selected_alpn_protocol() == "http/1.1"
    subject = ["openssl", "x509", "-noout", "-subject"]
    return subprocess.run(subject, input=told, check=True, capture_output=True, text=True).stdout.split("=")[-1].strip()


def served_by_all(url):
    """Of twelve connections at once, which the workers share."""
    return {served(url) for _ in range(12)}


def trusting(files, *names):
    context = ssl.create_default_context()
    for name in names:
        context.load_verify_locations(files.pairs[name][0])
    return context


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_renewed_pair_is_used_for_new_connections_by_all_workers_and_open_ones_go_on(start_server, files, workers):
    server = start_server("--workers", workers, "--tls-cert", str(files.cert), "--tls-key", str(files.key))
    url = server.url
    assert served_by_all(url) == {"first"}
    with ProtocolClient(url, ssl=trusting(files, "first")) as client:
        client.start()
        files.write("second", "second")
        server.logged("cert.pem and .*key.pem were renewed, and are used for new connections", times=int(workers))
        assert served_by_all(url) == {"second"}
        assert served(url, server_name=None) == "second"
        client.report()
    with ProtocolClient(url, ssl=trusting(files, "second")) as client:
        client.start()
        client.report()
    assert not [line for line in server.log if "ERROR" in line]


def test_a_pair_that_does_not_fit_leaves_the_one_before_and_is_complained_of_once(start_server, files):
    server = start_server("--tls-cert", str(files.cert), "--tls-key", str(files.key))
    url = server.url
    files.write("second", "first")
    server.logged("are no certificate and its key .*; those read before stay in use")
    assert served_by_all(url) == {"first"}
    time.sleep(2.5)  # two more looks
    assert len([line for line in server.log if "stay in use" in line]) == 1

    files.key.unlink()
    server.logged("stay in use", times=2)
    assert served_by_all(url) == {"first"}

    files.write("second", "second")
    server.logged("were renewed")
    assert served_by_all(url) == {"second"}


def test_a_key_with_a_password_is_not_asked_for_on_the_terminal(start_server, files):
    server = start_server("--tls-cert", str(files.cert), "--tls-key", str(files.key))
    assert served(server.url) == "first"
    locked = files.key.with_suffix(".locked")
    command = ["openssl", "ec", "-in", files.key, "-aes256", "-passout", "pass:sesame", "-out", locked]
    subprocess.run(command, check=True, capture_output=True)
    locked.replace(files.key)
    server.logged("stay in use")
    assert served(server.url) == "first"
