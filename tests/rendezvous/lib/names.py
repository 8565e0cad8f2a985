#!/usr/bin/env python3
"""The cluster's name server, as far as pods of a headless service need it: A records over UDP.

usage: names ADDRESS '{"name": ["address", AFTER_SECONDS], ...}'

A name is unknown until that many seconds have passed, like one of a pod that has no address yet.
"""

import json
import socket
import struct
import sys
import time

NAME_ERROR, A = 3, 1


def question(packet: bytes) -> tuple[str, int, int]:
    """Name, type and end of the one question of a query (RFC 1035, 4.1.2)."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", packet, at + 1)[0], at + 5


def answer(packet: bytes, known: dict[str, str]) -> bytes:
    """The reply: the address, nothing for another type of record, or that there is no such name."""
    name, kind, end = question(packet)
    found = name in known and kind == A
    flags = 0x8580 | (0 if name in known else NAME_ERROR)  # A reply, authoritative, recursion.
    reply = packet[:2] + struct.pack("!HHHHH", flags, 1, found, 0, 0) + packet[12:end]
    if found:
        reply += struct.pack("!HHHIH", 0xC00C, A, 1, 1, 4) + socket.inet_aton(known[name])
    return reply


def main(address: str, records: str) -> None:
    began = time.monotonic()
    everything = json.loads(records)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        # The address is given to the bridge by and by.
        server.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
        server.bind((address, 53))
        while True:
            packet, asker = server.recvfrom(4096)
            passed = time.monotonic() - began
            server.sendto(answer(packet, {n: a for n, (a, t) in everything.items() if passed >= t}), asker)


if __name__ == "__main__":
    main(*sys.argv[1:])
