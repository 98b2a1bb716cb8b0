"""Which address a client counts under."""

import pytest

from speaker_tracker.server.client_address import client_address


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_the_other_end_of_the_connection_counts_without_proxies(peer, counted):
    assert client_address(peer, ["203.0.113.7"], 0) == counted


@pytest.mark.parametrize(
    ("hops", "headers", "counted"),
    [
        (1, ["203.0.113.7, 192.0.2.1"], "192.0.2.1"),
        (2, ["203.0.113.7, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        (2, ["203.0.113.7", "192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        (3, ["192.0.2.1"], "192.0.2.1"),
        (1, [], "10.0.0.1"),
        (1, ["192.0.2.1:5040"], "192.0.2.1"),
        (1, ["[2001:db8:1:2::9]:443"], "2001:db8:1:2::/64"),
        (1, ["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
        (1, ["192.0.2.1, unknown"], "10.0.0.1"),
        (1, ["192.0.2.1, "], "10.0.0.1"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_counts(hops, headers, counted):
    assert client_address("10.0.0.1", headers, hops) == counted
