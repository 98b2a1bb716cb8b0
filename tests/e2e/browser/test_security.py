"""What the page may do is little, and it does no more."""

import pytest

from speaker_tracker.server.web import CONTENT_SECURITY_POLICY
from support.known_conversation import DATA
from support.tracker_page import BEEPING_MICROPHONE, page_address

pytestmark = pytest.mark.e2e


def test_the_policy_is_in_force(page):
    assert page.page.goto(page.page.url).headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    blocked = page.page.evaluate(
        """async () => {
          const told = new Promise((resolve) => document.addEventListener("securitypolicyviolation", resolve));
          fetch("https://elsewhere.example/").catch(() => {});
          return (await told).blockedURI;
        }"""
    )
    assert blocked.startswith("https://elsewhere.example")
    page.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.intruder = true";
          document.head.append(script);
        }"""
    )
    assert page.page.evaluate("window.intruder") is None


def test_the_page_works_over_tls_with_a_secure_socket(open_page, start_server, tls_files):
    cert, key, _ = tls_files
    server = start_server("--tls-cert", cert, "--tls-key", key)
    page = open_page(page_address(server.url), BEEPING_MICROPHONE, ignore_https_errors=True)
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()

    assert any(url.startswith("wss://") for url in page.requests)
    assert page.origins_asked == {page_address(server.url).split("/")[2]}
    assert page.complaints == []


def test_nobody_can_write_into_the_page_by_a_name(page):
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()
    page.rename(1, "<img src=x onerror=alert(1)>")

    assert page.page.locator("main img").count() == 0
    assert "<img" in page.page.locator("#segments").text_content()
    assert page.complaints == []
