"""A program that knows nothing but the SLIPWAY_ variables and uses each of them.

Every process binds to its own node's address before it calls the first one, so each address of the
list must be the node's own; and the first one looks whether the caller has the address of the node
that it says it is.
"""

import json
import os
import random
import socket
import time

from told import tell

NODE, NODES, PROCESSES, PORT = (int(os.environ[f"SLIPWAY_{name}"]) for name in (
    "NODE_RANK", "NUM_NODES", "NUM_PROC_PER_NODE", "PORT"))
ADDRESSES = os.environ["SLIPWAY_NODE_ADDRESSES"].split(",")
FIRST = os.environ["SLIPWAY_RANK0_ADDRESS"]
WORLD = NODES * PROCESSES


def address_of(node: int) -> str:
    """The address of a node by its name, which DNS may not know yet."""
    while True:
        try:
            return socket.gethostbyname(ADDRESSES[node])
        except OSError:
            time.sleep(0.1)


def first_process(mine: int) -> int:
    """Collects everybody's number and tells everybody the sum."""
    members = []
    with socket.create_server((address_of(NODE), PORT)) as server:
        while len(members) < WORLD - 1:
            connection, (caller, _) = server.accept()
            said = json.loads(connection.makefile("r").readline())
            assert address_of(said["node"]) == caller, (said, caller)
            members.append((connection, said["mine"]))
    total = mine + sum(number for _, number in members)
    for connection, _ in members:
        connection.sendall(f"{total}\n".encode())
    return total


def other_process(mine: int) -> int:
    while True:
        try:
            with socket.create_connection((FIRST, PORT), source_address=(address_of(NODE), 0)) as first:
                first.sendall((json.dumps({"node": NODE, "mine": mine}) + "\n").encode())
                return int(first.makefile("r").readline())
        except OSError:
            time.sleep(0.1)


def process(local: int) -> None:
    mine = random.randrange(10**9)
    rank = NODE * PROCESSES + local
    tell(rank, WORLD, mine, first_process(mine) if rank == 0 else other_process(mine))


def main() -> None:
    assert len(ADDRESSES) == NODES, ADDRESSES
    children = []
    for local in range(PROCESSES):
        child = os.fork()
        if child == 0:
            process(local)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
