"""What a real node leaves of the machine it ran on: nothing."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .harness import (
    CLUSTER,
    PREFIX,
    check,
    cluster,
    command,
    equal,
    eventually,
    kubectl,
    name,
    state_folder,
)
from .pods import pod

# Settings whose value changes by itself.
RESTLESS = (
    "fs/dentry-state",
    "fs/file-nr",
    "fs/inode-nr",
    "fs/inode-state",
    "fs/quota/",
    "kernel/ns_last_pid",
    "kernel/pty/nr",
    "kernel/random/",
    "net/netfilter/nf_conntrack_count",
    "kernel/core_modes",
    "fs/aio-nr",
    "kernel/sched_domain",
    "fs/mqueue",
)

# Folders in which a kubelet, a container runtime or a network plugin likes to leave something.
FOLDERS = (
    "/etc",
    "/opt",
    "/run",
    "/usr/lib",
    "/usr/libexec",
    "/usr/local",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/run",
)


def sysctls() -> dict[str, str]:
    found = {}
    for folder, _, files in os.walk("/proc/sys"):
        for file in files:
            path = Path(folder, file)
            setting = str(path.relative_to("/proc/sys"))
            if setting.startswith(RESTLESS):
                continue
            try:
                found[setting] = path.read_text()
            except (OSError, UnicodeDecodeError):
                continue
    return found


def links() -> list[str]:
    return sorted(link["ifname"] for link in json.loads(command("ip", "-j", "link").stdout))


def rules() -> str:
    return command("nft", "list", "ruleset").stdout


def cgroups() -> list[str]:
    """All groups but those of other clusters, which may come and go meanwhile."""
    groups = (folder for folder, _, _ in os.walk("/sys/fs/cgroup"))
    return sorted(g for g in groups if "/slipway-" not in g or PREFIX in g)


def mounts() -> list[str]:
    return sorted(
        " ".join(line.split()[4:5] + line.split()[-3:])
        for line in Path("/proc/self/mountinfo").read_text().splitlines()
    )


def folders() -> list[str]:
    return sorted(
        f"{folder}/{entry}"
        for folder in FOLDERS
        if Path(folder).is_dir()
        for entry in os.listdir(folder)
    )


def snapshot() -> dict:
    return {
        "sysctls": sysctls(),
        "links": links(),
        "nftables": rules(),
        "cgroups": cgroups(),
        "mounts": mounts(),
        "folders": folders(),
    }


def differences(before: dict, after: dict) -> list[str]:
    found = []
    for kind, old in before.items():
        new = after[kind]
        if isinstance(old, dict):
            found += [
                f"{kind}: {key}: {old[key]!r} -> {new.get(key)!r}"
                for key in old
                if new.get(key) != old[key]
            ]
        elif isinstance(old, list):
            found += [f"{kind}: {entry} appeared" for entry in new if entry not in old]
            found += [f"{kind}: {entry} vanished" for entry in old if entry not in new]
        elif old != new:
            found.append(f"{kind}: changed from\n{old}\nto\n{new}")
    return found


def host_stays_as_it_was():
    """host: sysctls, links, nftables, cgroups, mounts, folders stay as they were"""
    before = snapshot()
    cluster("up", "h", "--nodes=real")
    kubectl("h", "create", "-f", "-", stdin=json.dumps(pod("busy", "sleep", "3600")))
    kubectl("h", "wait", "--for=condition=Ready", "pod/busy", "--timeout=60s")
    during = differences(before, snapshot())
    own = [d for d in during if d.startswith("cgroups: ") and name("h") in d]
    check(own != [], "no cgroup of the node seen: the comparison sees nothing")
    equal([d for d in during if d not in own], [], "differences while it is up")
    cluster("down", "h")
    equal(differences(before, snapshot()), [], "differences after its end")


def comparison_sees_changes():
    """host: the comparison sees a new link, rule, mount and sysctl"""
    before = snapshot()
    changed = json.loads(json.dumps(before))
    changed["links"].append("new0")
    changed["nftables"] += "table ip new"
    changed["mounts"].append("/new")
    changed["sysctls"]["kernel/panic"] = "x"
    equal(len(differences(before, changed)), 4, "differences found")


def namespaces_vanish():
    """host: no process keeps a namespace of the node after its end"""
    cluster("up", "h", "--nodes=real")
    anchor = json.loads((state_folder("h") / "run" / "node.json").read_text())["pid"]
    wanted = os.readlink(f"/proc/{anchor}/ns/net")

    def holders() -> list[str]:
        found = []
        for link in Path("/proc").glob("[0-9]*/ns/net"):
            try:
                if os.readlink(link) == wanted:
                    found.append(str(link))
            except OSError:
                continue
        return found

    check(len(holders()) >= 8, f"only {len(holders())} processes in the node")
    cluster("down", "h")
    eventually(lambda: holders() == [], "nobody is in it", 5)


def missing_things_are_named_at_once():
    """host: without root, disk and programs, up names all three and the way out of each"""
    with tempfile.TemporaryDirectory() as folder:
        tiny, programs = Path(folder, "tiny"), Path(folder, "bin")
        tiny.mkdir()
        programs.mkdir()
        (programs / "env").symlink_to(shutil.which("env"))
        (programs / "python3").symlink_to("/usr/bin/python3")
        os.chmod(folder, 0o755)
        poor = f"env PATH={programs} SLIPWAY_CACHE={tiny} /usr/bin/python3"
        script = (
            f"mount -t tmpfs -o size=1m,mode=777 tmpfs {tiny} && "
            f"exec setpriv --reuid=65534 --clear-groups {poor} {CLUSTER} up --nodes=real"
        )
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True
        )
    equal(done.returncode, 1, "exit status")
    for wanted in (
        "root: ",
        "run with sudo",
        "disk: 0.0 GB free",
        "SLIPWAY_CACHE",
        "containerd",
        "nftables",
        "make deps",
    ):
        check(wanted in done.stderr, f"{wanted!r} is not in: {done.stdout}{done.stderr}")


CASES = [
    comparison_sees_changes,
    host_stays_as_it_was,
    namespaces_vanish,
    missing_things_are_named_at_once,
]
