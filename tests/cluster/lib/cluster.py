"""One cluster: bringing it up, looking at it, taking it down."""

import os
import signal
from pathlib import Path

from . import cgroups, control_plane, kwok, node, parts, paths, preflight, process
from .control_plane import ControlPlane, Place
from .report import Failure, say, step, wait_until
from .state import State, take_ports

# A real node's cluster has a network of its own, so that its ports never clash.
NODE_PORTS = {"apiserver": 6443, "etcd": 2379, "etcd-peer": 2380}


class Cluster:
    """The cluster called `name`, whether it is up or not."""

    def __init__(self, name: str):
        self.state = State(name)

    def up(self, nodes: str, audit: bool, netpol: bool, apiserver_args: list[str]) -> None:
        """Brings the cluster up, or finds it up as wanted. `nodes` is 'kwok:N' or 'real'."""
        mode, count = _parse_nodes(nodes)
        wanted = {
            "nodes": nodes,
            "audit": audit,
            "netpol": netpol,
            "apiserver_args": apiserver_args,
        }
        with self.state.lock():
            if self.state.exists():
                if self._healthy():
                    self._same_or_refuse(wanted)
                    say(f"cluster {self.state.name} is up already ({nodes})")
                    return
                self._remove("leftovers of an earlier run removed")
            preflight.check_up(mode, self.state.dir)
            _need(mode)
            self.state.create()
            self.state.save(wanted)
            try:
                self._start(mode, count)
            except Failure as failure:
                raise Failure(
                    f"{failure}\nlogs: {self.state.logs}; `cluster down --name="
                    f"{self.state.name}` removes what was started"
                ) from None
        say(f"cluster {self.state.name} is up: export KUBECONFIG={self.state.kubeconfig}")

    def _same_or_refuse(self, wanted: dict) -> None:
        settings = self.state.settings()
        differing = [
            f"{key} is {settings.get(key)!r}, wanted {value!r}"
            for key, value in wanted.items()
            if settings.get(key) != value
        ]
        if differing:
            raise Failure(
                f"cluster {self.state.name} is up with other settings: {'; '.join(differing)}; "
                "take it down first, or use another --name"
            )

    def _start(self, mode: str, count: int) -> None:
        if mode == "kwok":
            ports = take_ports(self.state, [*NODE_PORTS], self.state.settings())
            ports["host"] = ports["apiserver"]
        else:  # the host's clients reach the API server through the portal
            ports = take_ports(self.state, ["host"], self.state.settings()) | NODE_PORTS
        self.state.save(self.state.settings() | {"ports": ports})
        if mode == "real":
            node.create(self.state)
        plane = self.plane()
        with step("keys and certificates"):
            plane.certificates()
            self._host_access(plane)
        if mode == "real":
            node.start_portal(plane)
        plane.start_all()
        if mode == "kwok":
            kwok.start(plane, count)
        else:
            node.start(plane, self.state.settings()["netpol"])
        with step("default service account there") as current:
            # Before that every pod without an account of its own is refused.
            wait_until(
                lambda: _found(self.state, "serviceaccount", "default"),
                "the controller manager",
                120,
                current,
            )
        self.state.save(self.state.settings() | {"complete": True})

    def plane(self) -> ControlPlane:
        """The control plane as the saved settings describe it."""
        settings = self.state.settings()
        extra = control_plane.audit_flags(self.state) if settings["audit"] else []
        extra += settings["apiserver_args"]
        if settings["nodes"] == "real":
            place = Place(
                node.ADDRESS, node.ADDRESS, settings["ports"], lambda: node.enter(self.state), extra
            )
        else:
            # Nobody reaches the API server through a Service here: no endpoints, and an address
            # that is no machine's (RFC 5737), because a loopback address is refused. Simulated
            # nodes send no heartbeats, so that an idle cluster is silent.
            extra = ["--endpoint-reconciler-type=none", *extra]
            place = Place(
                "127.0.0.1",
                "192.0.2.1",
                settings["ports"],
                None,
                extra,
                ["--node-monitor-grace-period=240h"],
            )
        return ControlPlane(self.state, place)

    def _host_access(self, plane: ControlPlane) -> None:
        """What a user of the host needs: a kubeconfig, and kubectl, its plugin and helm in one folder."""
        port = plane.place.ports["host"]
        plane.pki.kubeconfig(
            self.state.kubeconfig,
            f"https://127.0.0.1:{port}",
            "admin",
            f"slipway-{self.state.name}",
        )
        (self.state.bin / "kubectl").symlink_to(plane.kubebox)
        # The plugin is what was built last, also after the cluster has come up.
        (self.state.bin / "kubectl-slipway").symlink_to(paths.REPO / "build/release/slipway")
        for name in ("helm", "faultproxy"):
            if (program := parts.PROGRAMS[name].binary()).exists():
                (self.state.bin / name).symlink_to(program)

    def _healthy(self) -> bool:
        """Whether an `up` has finished and everything it started is still there."""
        return (
            self.state.settings().get("complete", False)
            and all(p.alive() or p.stopped for p in self.state.processes())
            and control_plane.ready(self.state)
        )

    def down(self) -> None:
        """Ends every process and removes every trace; does nothing when there is none."""
        with self.state.lock():
            if not self._remove(f"cluster {self.state.name} is down"):
                say(f"cluster {self.state.name} is not up")

    def _remove(self, done: str) -> bool:
        found = self.state.exists() or cgroups.exist(self.state.name)
        if not found:
            return False
        with step(done):
            # The node first: its end is the end of everything inside its namespaces.
            for one in sorted(self.state.processes(), key=lambda p: p.name != "node"):
                one.end(signal.SIGKILL)
            cgroups.remove(self.state.name)
            self.state.remove()
        return True

    def require_up(self) -> None:
        if not self.state.exists():
            raise Failure(
                f"cluster {self.state.name} is not up; start it with `cluster up "
                f"--name={self.state.name} --nodes=kwok:N|real`"
            )
        if "ports" not in self.state.settings():
            raise Failure(
                f"cluster {self.state.name} is half made; `cluster down --name={self.state.name}` "
                "removes it, `cluster up` makes it anew"
            )

    def status(self) -> int:
        """Prints what runs; 0 when all of it does and the API server is ready, else 1."""
        self.require_up()
        settings = self.state.settings()
        print(
            f"cluster {self.state.name}: nodes={settings['nodes']} "
            f"server=https://127.0.0.1:{settings['ports']['host']} "
            f"ready={'yes' if control_plane.ready(self.state) else 'no'}"
        )
        for one in self.state.processes():
            print(f"  {one.name:<20} {_condition(one)}")
        return 0 if self._healthy() else 1

    def stop(self, part: str, sig: int) -> None:
        """Ends one part, for tests of what happens without it."""
        self.require_up()
        with self.state.lock(), step(f"{part} stopped"):
            process.stop(self.state.run, self._part(part), sig)

    def start(self, part: str) -> None:
        """Starts one part again just as `up` did."""
        self.require_up()
        with self.state.lock(), step(f"{part} started") as current:
            one = self._part(part)
            if not one.alive():
                enter = None
                if self.state.settings()["nodes"] == "real" and part != "portal":
                    enter = self.plane().place.enter
                process.spawn(self.state.run, part, one.argv, Path(one.log), enter)
            if part == "apiserver":
                self.plane().wait_ready(current)
            elif part == "apiserver-2":
                self.plane().wait_another(self.state.settings()["ports"]["apiserver-2"], current)

    def add_apiserver(self, etcd: str) -> str:
        """Starts one more API server of a simulated cluster, whose etcd is at another address (of a
        link that is slow, say); returns its URL once it is ready."""
        self.require_up()
        with self.state.lock(), step("another API server answers") as current:
            ports = take_ports(self.state, ["apiserver-2"], self.state.settings())
            return self.plane().start_another(etcd, ports["apiserver-2"], current)

    def signal(self, part: str, sig: int) -> None:
        """Sends one part a signal and leaves it at that."""
        self.require_up()
        os.kill(self._part(part).pid, sig)

    def _part(self, part: str) -> process.Process:
        known = {p.name: p for p in self.state.processes() if p.name != "node"}
        if part not in known:
            raise Failure(
                f"cluster {self.state.name} has no part {part}; it has {', '.join(known)}"
            )
        return known[part]

    def environment(self) -> dict[str, str]:
        """The variables that make ordinary clients talk to this cluster."""
        self.require_up()
        found = {
            "KUBECONFIG": str(self.state.kubeconfig),
            "PATH": f"{self.state.bin}:{os.environ.get('PATH', os.defpath)}",
        }
        settings = self.state.settings()
        if settings["nodes"] != "real":  # Whose etcd is out of the host's reach.
            found["SLIPWAY_ETCD"] = f"http://127.0.0.1:{settings['ports']['etcd']}"
        if settings["audit"]:
            found["SLIPWAY_AUDIT_LOG"] = str(self.state.audit_log)
        return found


def _condition(one: process.Process) -> str:
    if one.alive():
        return f"pid {one.pid}, {one.rss_mib()} MiB"
    return "stopped" if one.stopped else f"ENDED, see {one.log}"


def _parse_nodes(nodes: str) -> tuple[str, int]:
    if nodes == "real":
        return "real", 1
    kind, _, count = nodes.partition(":")
    if kind == "kwok" and count.isdigit() and 1 <= int(count) <= 5000:
        return "kwok", int(count)
    raise Failure(f"--nodes={nodes}: it is 'real' or 'kwok:N' with N from 1 to 5000, as in kwok:10")


def _need(mode: str) -> None:
    parts.need(
        *(["kubebox", "kwok"] if mode == "kwok" else ["kubebox", "coredns", "metrics-server"])
    )


def _found(state: State, *what: str) -> bool:
    try:
        parts.kubectl(state, "get", *what)
    except Failure:
        return False
    return True
