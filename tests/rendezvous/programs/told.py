"""How a program says that it is in a group."""

import json
import socket
import sys


def tell(rank: int, world: int, mine: int, total: int) -> None:
    """One line: who this is, the number that only this process knew, and the sum that it got back."""
    line = {"host": socket.gethostname(), "rank": rank, "world": world, "mine": mine, "total": total}
    sys.stdout.write(f"GROUP {json.dumps(line)}\n")
    sys.stdout.flush()
