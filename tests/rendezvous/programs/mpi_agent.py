#!/usr/bin/python3
"""What mpirun calls instead of ssh: mpi_agent [OPTIONS] HOST COMMAND..."""

import socket
import sys
import time

from mpi_node import PORT


def connect(host: str) -> socket.socket:
    """The other node, which may start later than this one."""
    for _ in range(50):
        try:
            return socket.create_connection((host, PORT))
        except OSError as problem:
            last = problem
            time.sleep(0.2)
    raise SystemExit(f"mpi_agent: {host}: {last}")


def main() -> int:
    words = sys.argv[1:]
    while words[0].startswith("-"):
        words = words[1:]
    output = b""
    with connect(words[0]) as node:
        node.sendall((" ".join(words[1:]) + "\n").encode())
        while b"\0" not in output and (part := node.recv(65536)):
            output += part
            shown, end, code = output.partition(b"\0")
            sys.stdout.buffer.write(shown)
            sys.stdout.flush()
            output = end + code
        while part := node.recv(100):
            output += part
    return int(output[1:] or b"255")


if __name__ == "__main__":
    sys.exit(main())
