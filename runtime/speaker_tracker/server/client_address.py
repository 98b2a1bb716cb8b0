"""Address that a client counts under: that of its connection, or the one that trusted proxies tell."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

IPV6_PREFIX = 64
"""Bits of an IPv6 address that name a network: within it, a client takes any address it likes (RFC 4291, section 2.5.1)."""


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted_hops: int) -> str:
    """Address under which the sessions of a client are counted; of IPv6 the network of 64 bits; empty where nobody tells any.

    ``peer``: the other end of the connection, None for a Unix socket. ``forwarded_for``: values of the headers ``X-Forwarded-For``
    in their order. ``trusted_hops``: number of proxies between client and server. Each appends the address that it was called from,
    so the entry of the outermost is that many places from the right, and what stands left of it anybody could have written. Where
    there are fewer entries, the leftmost counts, and where that is no address, the peer.
    """
    entries = [entry.strip() for value in forwarded_for for entry in value.split(",")]
    if trusted_hops and entries:
        told = _normal(entries[-min(trusted_hops, len(entries))])
        if told:
            return told
    return _normal(peer or "") or (peer or "")


def _normal(text: str) -> str:
    """The address in ``text`` in the form that it is counted under; empty where it is none."""
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return "" if address is None else str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Address in ``text``, which may have brackets, a zone and a port, as some proxies write them."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
