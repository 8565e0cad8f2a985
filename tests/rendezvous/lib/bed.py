"""Pods as processes of this machine, joined by a network that nothing else can see.

Each pod has network, mount, host name, ipc and process namespaces of its own. A bridge in one more
network namespace joins them, and there a name server answers what the cluster's would. Everything
ends with the process that started it, also when that is killed.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LIB = Path(__file__).resolve().parent
# kwok gives pods addresses of 10.64.0.0/10; the last one is the name server's.
PREFIX, NAME_SERVER = 10, "10.127.255.254"
DOMAIN = "cluster.local"
# Ends with its parent; what it starts ends with it.
APART = ["setpriv", "--pdeathsig=KILL", "unshare"]
ISOLATED = ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]


@dataclass
class Pod:
    """What the cluster has said about one pod."""

    name: str
    namespace: str
    hostname: str
    subdomain: str
    address: str
    argv: list[str]
    env: dict[str, str]
    files: dict[str, str]  # path -> text, from mounted volumes

    @property
    def full_name(self) -> str:
        return f"{self.hostname}.{self.subdomain}.{self.namespace}.svc.{DOMAIN}"

    def system_files(self) -> dict[str, str]:
        """What the kubelet writes into every pod, and how the C library of an image looks names up."""
        search = f"{self.namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}"
        return {
            "/etc/hosts": f"127.0.0.1\tlocalhost\n{self.address}\t{self.full_name}\t{self.hostname}\n",
            "/etc/hostname": f"{self.hostname}\n",
            "/etc/resolv.conf": f"search {search}\nnameserver {NAME_SERVER}\noptions ndots:5\n",
            "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        }


@dataclass
class Ended:
    """How the pods of a job have ended."""

    output: str
    codes: list[int | None]  # None: it still ran and was killed.


def _in_new_network(process: subprocess.Popen) -> None:
    """Waits until a process has left the network namespace of this one."""
    mine = os.readlink("/proc/self/ns/net")
    for _ in range(2000):
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(process.args[:3])} ... ended with {process.returncode}")
        if os.readlink(f"/proc/{process.pid}/ns/net") != mine:
            return
        time.sleep(0.005)
    raise RuntimeError("unshare did not make a network namespace within 10 s")


class Bed:
    """The network and the pods of one job; ends all of it on leaving."""

    def __init__(self, pods: list[Pod], names: dict[str, str], names_late_s: float,
                 folders: dict[str, str], image_env: dict[str, str]):
        """`names`: full name -> address; `folders`: path in the pods -> path on this machine."""
        self._pods = pods
        self._names = [NAME_SERVER, str(names_late_s), json.dumps(names)]
        self._folders = folders
        self._image_env = image_env
        self._running: list[subprocess.Popen] = []
        self._logs: list = []

    def __enter__(self) -> "Bed":
        try:
            self._start_switch()
            waiting = [self._make(pod) for pod in self._pods]
            for number, process in enumerate(waiting):
                self._plug_in(number, process)
            self._processes = waiting
            self._begin(self._pods, waiting)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._end()
        for log in self._logs:
            log.close()

    def wait(self, seconds: float, first_only: bool = False) -> Ended:
        """Until the pods have ended, or only the first, or the time is over; then ends them all."""
        deadline = time.monotonic() + seconds
        awaited = self._running[1:2] if first_only else self._running[1:]
        while time.monotonic() < deadline and any(p.poll() is None for p in awaited):
            time.sleep(0.05)
        codes = [process.poll() for process in awaited]
        self._end()
        return Ended(self.output(), codes)

    def lose(self, number: int) -> None:
        """A pod ends from one moment to the next, as on a machine that fails."""
        process = self._processes[number]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def begin_again(self, number: int) -> None:
        """The next pod of the same name and address."""
        process = self._make(self._pods[number])
        self._plug_in(len(self._running), process)
        self._processes[number] = process
        self._begin([self._pods[number]], [process])

    def output(self) -> str:
        """What the pods have said so far."""
        return "".join(Path(log.name).read_text(errors="replace") for log in self._logs)

    def codes(self, seconds: float) -> list[int | None]:
        """How the pods have ended, those that were begun last; None for one that still runs by then."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(p.poll() is None for p in self._processes):
            time.sleep(0.05)
        return [process.poll() for process in self._processes]

    def _end(self) -> None:
        for process in reversed(self._running):
            process.send_signal(signal.SIGKILL)
        for process in self._running:
            process.wait()

    def _start_switch(self) -> None:
        self._switch = subprocess.Popen([*APART, "--net", sys.executable, LIB / "names.py", *self._names],
                                        stdin=subprocess.DEVNULL)
        self._running.append(self._switch)
        _in_new_network(self._switch)
        self._ip("link set lo up", "link add br0 type bridge", "link set br0 up",
                 f"addr add {NAME_SERVER}/{PREFIX} dev br0")

    def _make(self, pod: Pod) -> subprocess.Popen:
        """The namespaces of a pod, in which inside.py waits to be told the rest."""
        log = tempfile.NamedTemporaryFile(prefix=f"{pod.name}-")
        self._logs.append(log)
        process = subprocess.Popen([*APART, *ISOLATED, sys.executable, LIB / "inside.py"],
                                   stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)
        self._running.append(process)
        _in_new_network(process)
        return process

    def _plug_in(self, number: int, process: subprocess.Popen) -> None:
        # Both ends are made in their places, so that the machine's own network never sees them.
        self._ip(f"link add pod{number} type veth peer name eth0 netns {process.pid}",
                 f"link set pod{number} master br0 up")

    def _ip(self, *commands: str) -> None:
        subprocess.run(["nsenter", f"--net=/proc/{self._switch.pid}/ns/net", "ip", "-batch", "-"],
                       input="\n".join(commands), text=True, check=True)

    def _begin(self, pods: list[Pod], waiting: list[subprocess.Popen]) -> None:
        for pod, process in zip(pods, waiting, strict=True):
            json.dump({"hostname": pod.hostname, "address": f"{pod.address}/{PREFIX}",
                       "files": pod.system_files() | pod.files, "folders": self._folders,
                       "env": self._image_env | {"HOSTNAME": pod.hostname} | pod.env,
                       "argv": pod.argv}, process.stdin)
            process.stdin.close()
