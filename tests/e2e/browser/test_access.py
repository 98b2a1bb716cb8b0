"""The page of a server with tokens: what it asks for, and that a token gets into no address."""

import time

import pytest
from playwright.sync_api import expect

from speaker_tracker.server.signed_tokens import TokenSigner
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e

SECRET = "s" * 32


def enter(page, token):
    field = page.page.get_by_label("Token of this server")
    expect(field).to_be_visible()
    field.fill(token)


def test_a_protected_page_opens_with_the_token_as_password_and_its_sessions_with_the_token(open_page, start_server):
    server = start_server(tokens=["öffne dich, Sesam"], protected_paths="page", log_level="debug")
    credentials = {"username": "anybody", "password": "öffne dich, Sesam"}
    page = open_page(page_address(server.url), http_credentials=credentials)
    enter(page, "öffne dich, Sesam")
    page.start()
    page.press("Stop")
    page.expect_report()

    assert not [address for address in page.requests if "token" in address.partition("?")[2] or "Sesam" in address]
    assert not [line for line in server.log if "Sesam" in line or "base64url" in line]
    server.logged("GET /ws/session.* 101")
    server.logged(r"let in by the token 'TOKENS 1'")


def test_a_protected_page_asks_browsers_for_a_password(playwright, start_server):
    server = start_server(tokens=["sesame"], protected_paths="page")
    context = playwright.request.new_context()
    answer = context.get(page_address(server.url))
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    context.dispose()


def test_the_page_says_what_is_wrong_with_a_signed_token(open_page, start_server):
    server = start_server(token_secret=SECRET)
    signer = TokenSigner([SECRET])
    page = open_page(page_address(server.url))
    enter(page, signer.make(60, now=time.time() - 120))
    page.press("Start")
    page.expect_notice("token_wrong", "does not take this token", "the token has expired")

    once = signer.make(60, once=True)
    enter(page, once)
    page.start()
    page.press("Stop")
    page.expect_report()
    page.page.reload()
    expect(page.page.locator("#setup")).to_be_visible()
    page.expect_notice("token_wrong", "does not take this token", "the token has been used")
