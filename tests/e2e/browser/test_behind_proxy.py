"""The page under a path of another server's, which takes the path away before it hands a request on."""

import socket
import socketserver
import threading
from contextlib import suppress

import pytest

from support.known_conversation import DATA
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e

PREFIX = b"/tools/speakers"


def pump(source, target):
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class StrippingProxy(socketserver.ThreadingTCPServer):
    """Serves ``PREFIX`` from ``port`` of the loopback, one request a connection; all else is not found."""

    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), self.handle)
        self.port = port

    def handle(self, client, _address, _server):
        head = b""
        while b"\r\n\r\n" not in head and (data := client.recv(65_536)):
            head += data
        method, path, rest = head.split(b" ", 2)
        if not path.startswith(PREFIX + b"/"):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if b"upgrade: websocket" not in rest.lower():
            rest = rest.replace(b"\r\n", b"\r\nConnection: close\r\n", 1).replace(b"Connection: keep-alive\r\n", b"")
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            server.sendall(b" ".join((method, path.removeprefix(PREFIX), rest)))
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()


@pytest.fixture
def proxied(server):
    """The page's address behind the proxy."""
    proxy = StrippingProxy(int(page_address(server.url).split(":")[2].strip("/")))
    serving = threading.Thread(target=proxy.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{proxy.server_address[1]}{PREFIX.decode()}/"
    proxy.shutdown()
    serving.join()
    proxy.server_close()


def test_the_page_works_under_any_path(proxied, open_page):
    page = open_page(proxied)
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()
    page.expect_labelled(2)

    assert all(PREFIX.decode() in url for url in page.requests if not url.startswith("blob:"))
    assert page.complaints == []
