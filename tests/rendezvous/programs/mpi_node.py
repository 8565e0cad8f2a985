#!/usr/bin/python3
"""The entry point of an MPI image: node 0 becomes mpirun, the others serve its agent.

usage: mpi_node MPIRUN ARGS...

It stands for sshd: an image may reach its nodes as it likes, so this suite brings something small.
A command comes with nothing of the pod's environment, as by ssh.
"""

import os
import socket
import subprocess
import sys

PORT = 2222


def serve(connection: socket.socket) -> None:
    command = connection.makefile("r").readline()
    env = {"PATH": os.environ["PATH"], "HOME": "/tmp"}
    done = subprocess.run(["sh", "-c", command], env=env, stdin=subprocess.DEVNULL,
                          stdout=connection, stderr=connection)
    connection.sendall(f"\0{done.returncode}".encode())


def main() -> None:
    if os.environ["SLIPWAY_NODE_RANK"] == "0":
        os.execvp(sys.argv[1], sys.argv[1:])
    with socket.create_server(("", PORT)) as server:
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                serve(connection)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main()
