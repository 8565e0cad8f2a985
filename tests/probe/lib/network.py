"""A pod, an operator, and a node between them, as network namespaces of the one of this process."""

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SLIPWAY_BINARY", str(ROOT / "build/release/slipway"))
HAS_IPV6 = Path("/proc/sys/net/ipv6").exists()
REPORTS, CANARY = 8081, 8082
# Network of each namespace: the node has address 1 of it, the namespace 2.
SIDES = {"pod": ("10.77.0", "fd77:0:0:1"), "operator": ("10.77.1", "fd77:0:0:2")}
ADDRESSES = ["10.77.1.2", "fd77:0:0:2::2"][: 2 if HAS_IPV6 else 1]  # of the operator
PATIENCE_S = 10


@dataclass
class Ended:
    """How a program has ended, and when."""

    code: int
    stdout: str
    stderr: str
    report: dict | None
    at: float


class Program:
    """One that runs in the pod."""

    def __init__(self, argv: list[str], report: Path):
        self._report = report
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait(self) -> Ended:
        stdout, stderr = self._process.communicate(timeout=60)
        at = time.monotonic()
        text = self._report.read_text() if self._report.exists() else None
        self._report.unlink(missing_ok=True)
        assert text is None or len(text) <= 4096, text
        return Ended(self._process.returncode, stdout, stderr, text and json.loads(text), at)


def sh(*words: str, text: str = "") -> None:
    ran = subprocess.run(words, input=text, text=True, capture_output=True)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {ran.stderr.strip()}")


def within(side: str) -> list[str]:
    return ["nsenter", f"--net=/run/netns/{side}"]


def wait_until(what: str, is_so, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {PATIENCE_S} s: {what}: {log.read_text()}")
        time.sleep(0.02)


class Bed:
    """Everything of one case. The namespaces end with this process, which is their only user."""

    def __init__(self, serve: bool = True):
        self._place = Path(tempfile.mkdtemp(prefix="slipway-probe-"))
        self._processes: list[subprocess.Popen] = []
        self._log = self._place / "canary.log"
        self._log.touch()
        self._serve = serve

    def __enter__(self):
        try:
            sh("mount", "-t", "tmpfs", "none", "/run")
            Path("/run/netns").mkdir()
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            if HAS_IPV6:
                Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
            for side in SIDES:
                self._join(side)
            self._write_names()
            if self._serve:
                self._start_server()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.wait()
        for path in ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"):
            subprocess.run(["umount", path], capture_output=True)
        sh("rm", "-rf", str(self._place))

    def _join(self, side: str) -> None:
        four, six = SIDES[side]
        sh("ip", "netns", "add", side)
        sh("ip", "link", "add", side, "type", "veth", "peer", "name", "eth0", "netns", side)
        inside = ["ip", "-n", side]
        for ip, device, number in ((["ip"], side, 1), (inside, "eth0", 2)):
            sh(*ip, "addr", "add", f"{four}.{number}/24", "dev", device)
            if HAS_IPV6:
                sh(*ip, "addr", "add", f"{six}::{number}/64", "dev", device, "nodad")
            sh(*ip, "link", "set", device, "up")
        sh(*inside, "link", "set", "lo", "up")
        sh(*inside, "route", "add", "default", "via", f"{four}.1")
        if HAS_IPV6:
            sh(*inside, "route", "add", "default", "via", f"{six}::1")

    def _write_names(self) -> None:
        hosts = "127.0.0.1 localhost\n"
        for address, family in zip(ADDRESSES, "46"):
            hosts += f"{address} operator operator{family}\n"
        texts = {"/etc/hosts": hosts, "/etc/resolv.conf": "nameserver 10.77.0.1\n",
                 "/etc/nsswitch.conf": "hosts: files dns\n"}
        for path, text in texts.items():
            ours = self._place / Path(path).name
            ours.write_text(text)
            sh("mount", "--bind", str(ours), path)

    def _start_server(self) -> None:
        self._spawn([*within("operator"), sys.executable, __file__, "serve", str(self._log)])
        # With IPv6 that is not as soon as there are addresses.
        wait_until("the operator is reached at all addresses",
                   lambda: self._reached(REPORTS) == len(ADDRESSES), self._log)

    def start_operator(self) -> None:
        """The real one. Its API server is nowhere, which keeps it from nothing that matters here."""
        kubeconfig, authority = self._place / "kubeconfig", self._place / "ca.crt"
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
           "-subj", "/CN=ca", "-keyout", "/dev/null", "-out", str(authority))
        cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:1",
                                            "certificate-authority": str(authority)}}
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "clusters": [cluster],
            "users": [{"name": "u", "user": {"token": "t"}}], "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}]}))
        log = self._place / "operator.log"
        with log.open("w") as output:
            self._spawn([*within("operator"), BINARY, "run", f"--kubeconfig={kubeconfig}",
                         "--admin-address=127.0.0.1:8080", f"--report-address=0.0.0.0:{REPORTS}",
                         f"--report-url=http://operator4:{REPORTS}",
                         f"--canary-address=0.0.0.0:{CANARY}"], stderr=output)
        wait_until("the operator listens", lambda: self._reached(CANARY), log)

    def _spawn(self, argv: list[str], **options) -> None:
        self._processes.append(subprocess.Popen(argv, **options))

    def start(self, command: str, *options: str) -> Program:
        report = self._place / "report"
        return Program([*within("pod"), BINARY, command, *options, f"--report={report}"], report)

    def start_probe(self, reports: str, canary: str, *options: str) -> Program:
        return self.start("probe", "--reachable", f"{reports}:{REPORTS}", "--refused",
                          f"{canary}:{CANARY}", *options)

    def probe(self, reports: str, canary: str, *options: str) -> Ended:
        return self.start_probe(reports, canary, *options).wait()

    def close(self, verb: str, match: str = "", reports: str = "") -> None:
        """What a policy of the pod does: only the reports, of those that match, and for the rest the verb."""
        reports_rule = reports if "dport" in reports else f"{reports} tcp dport {REPORTS}"
        rules = f"""
table inet closed
delete table inet closed
table inet closed {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    iif "pod" {reports_rule} accept
    iif "pod" meta l4proto tcp {match} {verb}
  }}
}}
"""
        sh("nft", "-f", "-", text=rules)

    def open(self) -> None:
        sh("nft", "delete", "table", "inet", "closed")

    def drop_questions(self) -> None:
        """What is asked of the name server gets no answer, where otherwise nobody listens."""
        rules = "table inet names { chain input { type filter hook input priority 0; udp dport 53 drop; }; }"
        sh("nft", "-f", "-", text=rules)

    def without_ipv6(self) -> None:
        if HAS_IPV6:
            sh(*within("pod"), "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")

    def reaches_canary(self) -> bool:
        """Whether anything but the probe gets through from the pod, at any address."""
        return self._reached(CANARY) > 0

    def _reached(self, port: int) -> int:
        """At how many of its addresses the pod can connect to the operator."""
        argv = [*within("pod"), sys.executable, __file__, "reached", str(port)]
        return int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)

    def wait_for_canary(self) -> None:
        wait_until("the canary is met", self.canary_met, self._log)

    def canary_met(self) -> list[float]:
        """When the canary was connected to."""
        return [float(line) for line in self._log.read_text().splitlines() if line != "ready"]


def serve(log: Path) -> None:
    """Both ports, until it is killed; writes down when the canary is met."""
    family = socket.AF_INET6 if HAS_IPV6 else socket.AF_INET
    listeners = [socket.create_server(("", port), family=family, dualstack_ipv6=HAS_IPV6, backlog=100)
                 for port in (REPORTS, CANARY)]
    with log.open("a", buffering=1) as out, contextlib.closing(selectors.DefaultSelector()) as selector:
        for listener in listeners:
            selector.register(listener, selectors.EVENT_READ)
        out.write("ready\n")
        while True:
            for key, _ in selector.select():
                connection, _ = key.fileobj.accept()
                connection.close()
                if key.fileobj is listeners[1]:
                    out.write(f"{time.monotonic()}\n")


def reached(port: int) -> int:
    count = 0
    for address in ADDRESSES:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 0.4):
            count += 1
    return count


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]))
    else:
        print(reached(int(sys.argv[2])))
