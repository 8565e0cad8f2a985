#!/usr/bin/env python3
"""The cluster's name server, as far as pods of a headless service need it: A records over UDP.

usage: names ADDRESS LATE_SECONDS '{"name": "address", ...}'

A name is unknown until that many seconds after it was first asked for, like one of a pod that has
no address yet.
"""

import json
import socket
import struct
import sys
import time

NAME_ERROR, A = 3, 1
FREEBIND = 15  # <netinet/in.h>


def question(packet: bytes) -> tuple[str, int, int]:
    """Name, type and end of the one question of a query (RFC 1035, 4.1.2)."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", packet, at + 1)[0], at + 5


def answer(packet: bytes, known: dict[str, str], late_s: float, asked: dict[str, float]) -> bytes:
    """The reply: the address, nothing for another type of record, or that there is no such name."""
    name, kind, end = question(packet)
    now = time.monotonic()
    there = name in known and now - asked.setdefault(name, now) >= late_s
    found = there and kind == A
    flags = 0x8580 | (0 if there else NAME_ERROR)  # A reply, authoritative, recursion.
    reply = packet[:2] + struct.pack("!HHHHH", flags, 1, found, 0, 0) + packet[12:end]
    if found:
        reply += struct.pack("!HHHIH", 0xC00C, A, 1, 1, 4) + socket.inet_aton(known[name])
    return reply


def main(address: str, late_s: str, records: str) -> None:
    known, asked = json.loads(records), {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        # The bridge gets the address a little later.
        server.setsockopt(socket.IPPROTO_IP, FREEBIND, 1)
        server.bind((address, 53))
        while True:
            packet, asker = server.recvfrom(4096)
            server.sendto(answer(packet, known, float(late_s), asked), asker)


if __name__ == "__main__":
    main(*sys.argv[1:])
