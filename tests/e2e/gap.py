"""What is around a node behind an air gap: a registry, and a sinkhole where its default route leads.

Both are network namespaces of the node, joined to it by a veth pair each, and end with the cluster. The
sinkhole lets every connection be made, so that who dials out does not find that nobody is there. Two ledgers
in nftables note who sent what where: `came` what arrived in the sinkhole, `tried` what pods and the node wanted
to send beyond the cluster and the registry, before any policy could drop it. The kernel counts every packet
before it does anything else with it, so none is missed.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from realnode import CLUSTER, ROOT, run, wait_for

sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from lib import parts  # noqa: E402
from lib.pki import Pki  # noqa: E402

REGISTRY = "registry.corp:5000"  # As images are named; no DNS knows it.
MIRROR, NODE_TO_MIRROR = "10.251.0.2", "10.251.0.1"
SINK, NODE_TO_SINK = "192.0.2.2", "192.0.2.1"
SINK6, NODE_TO_SINK6 = "fd00:5::2", "fd00:5::1"
# The cluster's pods, Services and node, and the registry.
INSIDE = ["10.244.0.0/16", "10.96.0.0/16", "10.250.0.1", f"{NODE_TO_MIRROR}/30", "127.0.0.0/8"]

# Takes all connections and packets, whatever their port was: nftables leads all to this one.
TAKE = """
import select, socket
stream, datagrams = (socket.socket(socket.AF_INET6, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
for one in (stream, datagrams):
    one.bind(("::", 7))
stream.listen(128)
while True:
    for one in select.select([stream, datagrams], [], [])[0]:
        if one is stream:
            one.accept()[0].close()
        else:
            datagrams.sendto(*datagrams.recvfrom(65536))
"""

# Packets of the link itself, such as looks for neighbours, are routed nowhere.
LEDGER = """
table inet gap {
  set inside { type ipv4_addr; flags interval; elements = { %(inside)s } }
  set ports4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 65535; flags dynamic; }
  set ports6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; size 65535; flags dynamic; }
  set others4 { type ipv4_addr . ipv4_addr . inet_proto; size 65535; flags dynamic; }
  set others6 { type ipv6_addr . ipv6_addr . inet_proto; size 65535; flags dynamic; }
  set dials { type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 65535; flags dynamic; }
  counter total { }
  chain note {
    ip6 daddr { fe80::/10, ff02::/16, ::1 } return
    ip daddr 224.0.0.0/24 return
    ip daddr @inside return
    counter name total
    meta nfproto ipv4 meta l4proto { tcp, udp } add @ports4 { ip saddr . ip daddr . meta l4proto . th dport counter } return
    meta nfproto ipv6 meta l4proto { tcp, udp } add @ports6 { ip6 saddr . ip6 daddr . meta l4proto . th dport counter } return
    meta nfproto ipv4 add @others4 { ip saddr . ip daddr . meta l4proto counter }
    meta nfproto ipv6 add @others6 { ip6 saddr . ip6 daddr . meta l4proto counter }
  }
%(chains)s
}
"""
OF_NODE = """
  chain pods {
    type filter hook prerouting priority mangle;
    iifname { "lo", "sink0", "mirror0" } return
    meta l4proto { tcp, udp } ct state new add @dials { ip saddr . ip daddr . meta l4proto . th dport counter }
    jump note
  }
  chain node { type filter hook output priority mangle; jump note; }
"""
OF_SINK = """
  chain arrivals { type filter hook prerouting priority raw; iifname "lo" return; jump note; }
  chain lead { type nat hook prerouting priority dstnat; meta l4proto { tcp, udp } redirect to :7; }
"""


class Packet(NamedTuple):
    """Where packets came from and went; port 0 is of protocols that have none."""

    source: str
    destination: str
    protocol: str
    port: int


class Count(NamedTuple):
    """How many packets, and how long they were together."""

    packets: int
    bytes: int


class Gap:
    """Those surroundings, of the cluster of that name."""

    def __init__(self, name: str, folder: Path):
        self._name = name
        self._folder = folder
        self._children: list[subprocess.Popen] = []
        folder.mkdir()

    def inside(self, *argv, text: str | None = None) -> str:
        """Runs a command in the node's namespaces."""
        return run(CLUSTER, "exec", f"--name={self._name}", "--", *argv, text=text)

    def make(self) -> None:
        self._join("sink", NODE_TO_SINK, SINK)
        self._join("mirror", NODE_TO_MIRROR, MIRROR)
        self.inside("ip", "addr", "add", f"{NODE_TO_SINK6}/64", "dev", "sink0", "nodad")
        self.inside("ip", "-n", "sink", "addr", "add", f"{SINK6}/64", "dev", "in0", "nodad")
        ledgers = {"node": (INSIDE, OF_NODE), "sink": ([SINK], OF_SINK)}
        for name, (within, chains) in ledgers.items():
            script = LEDGER % {"inside": ", ".join(within), "chains": chains}
            self.inside(*self._at(name), "nft", "-f", "-", text=script)
        self._start("sink", "python3", "-c", TAKE)
        self._serve()
        self.inside("ip", "route", "add", "default", "via", SINK)
        self.inside("ip", "-6", "route", "add", "default", "via", SINK6)

    def _join(self, name: str, here: str, there: str) -> None:
        self.inside("ip", "netns", "add", name)
        self.inside("ip", "link", "add", f"{name}0", "type", "veth", "peer", "name", "in0", "netns", name)
        self.inside("ip", "addr", "add", f"{here}/30", "dev", f"{name}0")
        self.inside("ip", "link", "set", f"{name}0", "up")
        for command in (["link", "set", "lo", "up"], ["addr", "add", f"{there}/30", "dev", "in0"],
                        ["link", "set", "in0", "up"], ["route", "add", "default", "via", here]):
            self.inside("ip", "-n", name, *command)

    @staticmethod
    def _at(name: str) -> list[str]:
        return [] if name == "node" else ["ip", "netns", "exec", name]

    def _start(self, name: str, *argv) -> None:
        """Starts what ends with the node."""
        with open(self._folder / f"{name}.out", "w") as output:
            self._children.append(subprocess.Popen(
                [str(a) for a in (CLUSTER, "exec", f"--name={self._name}", "--", *self._at(name), *argv)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output))

    def _serve(self) -> None:
        """The registry, and how the node's container runtime gets there and whom it trusts."""
        pki = Pki(self._folder / "pki")
        pki.authority("ca")
        pki.sign("registry", "/CN=registry", f"subjectAltName=IP:{MIRROR}\nextendedKeyUsage=serverAuth")
        self._authority = pki.path("ca.crt")
        layers = self._folder / "layers"
        layers.mkdir()
        self._program = parts.PROGRAMS["mirror"].binary()
        self._start("mirror", self._program, "serve", f"{MIRROR}:5000", layers, pki.path("registry.crt"),
                    pki.path("registry.key"), self._folder / "asked.log")
        hosts = self._folder.parent / "registries" / REGISTRY
        hosts.mkdir(parents=True)
        (hosts / "hosts.toml").write_text(
            f'server = "https://{MIRROR}:5000"\n[host."https://{MIRROR}:5000"]\nca = "{self._authority}"\n')
        wait_for("the registry", 30, lambda: self.inside(
            "curl", "-sf", "--cacert", self._authority, f"https://{MIRROR}:5000/v2/") is not None)

    def push(self, archive: str, name: str) -> str:
        """Puts an image archive into the registry; gives its digest."""
        return self.inside("env", f"SSL_CERT_FILE={self._authority}", self._program, "push", archive,
                           f"{MIRROR}:5000/{name}").strip()

    def asked(self) -> list[dict]:
        """Every request that the registry has answered."""
        return [json.loads(line) for line in (self._folder / "asked.log").read_text().splitlines()]

    def came(self) -> dict[Packet, Count]:
        """What arrived in the sinkhole."""
        return self._read("sink", "ports4", "ports6", "others4", "others6")

    def tried(self) -> dict[Packet, Count]:
        """What pods and the node wanted to send there."""
        return self._read("node", "ports4", "ports6", "others4", "others6")

    def dials(self) -> dict[Packet, Count]:
        """The first packets of connections that pods began, to wherever."""
        return self._read("node", "dials")

    def _read(self, name: str, *sets: str) -> dict[Packet, Count]:
        said = json.loads(self.inside(*self._at(name), "nft", "-nj", "list", "table", "inet", "gap"))
        found: dict[Packet, Count] = {}
        total = 0
        for entry in said["nftables"]:
            total += entry.get("counter", {}).get("packets", 0)
            kept = entry.get("set", {})
            for one in kept.get("elem", []) if kept.get("name") in sets else []:
                source, destination, protocol, *port = one["elem"]["val"]["concat"]
                protocol = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}.get(protocol, str(protocol))
                counter = one["elem"]["counter"]
                found[Packet(source, destination, protocol, *(port or [0]))] = Count(counter["packets"], counter["bytes"])
        # A set that is full takes no more, and would say nothing.
        named = sum(count.packets for count in found.values())
        if len(sets) > 1 and named != total:
            raise RuntimeError(f"the ledger of {name} has {named} of {total} packets")
        return found
