"""What must be there before anything is started; all that is missing is said at once.

Each check gives the problems it found: what is missing, and the way out.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cgroups, golang, images, parts, paths, state
from .report import Failure

DISK_GB = 8  # builds, images and the layers of running containers
MEMORY_MB = {"kwok": 1200, "real": 2500}  # what a fresh cluster takes, and as much again
PROGRAMS = {  # program -> Debian package
    "kwok": {"openssl": "openssl"},
    "real": {
        "openssl": "openssl",
        "containerd": "containerd",
        "ctr": "containerd",
        "runc": "runc",
        "nft": "nftables",
        "ip": "iproute2",
        "mount": "mount",
        "unshare": "util-linux",
        "curl": "curl",
    },
}
CNI_PLUGIN = Path("/usr/lib/cni/ptp")
SOCKET_PATH_BYTES = 107  # unix(7)

# Tried in a network namespace that ends with the trial.
KERNEL_TRIALS = {
    "network namespaces with veth pairs": ["ip", "link", "add", "trial0", "type", "veth"],
    "bridges (module bridge)": ["ip", "link", "add", "trial1", "type", "bridge"],
    "nftables (module nf_tables)": [
        "nft",
        "add table inet t; add chain inet t c { type filter hook forward priority 0; }; "
        "add rule inet t c ct state established accept",
    ],
    "nftables NAT (modules nft_nat, nf_nat)": [
        "nft",
        "add table ip t; add chain ip t c { type nat hook prerouting priority 0; }; "
        "add rule ip t c ip daddr 192.0.2.1 dnat to 192.0.2.2",
    ],
}


def check_up(mode: str, folder: Path) -> None:
    """Refuses to start a cluster of a mode ('kwok' or 'real') where it could not run.

    `folder` is where its state is going to lie.
    """
    problems = _disk() + _memory(mode) + _programs(PROGRAMS[mode])
    if mode == "real":
        problems += _cni() + _socket_path(folder) + _root("a real node needs namespaces and mounts")
        if os.geteuid() == 0 and not _programs(PROGRAMS[mode]):
            problems += _kernel() + _overlay() + cgroups.problems()
    _refuse(problems)


def check_build(names: list[str]) -> None:
    """Refuses to start builds that could not end. Asks nothing when all is built already."""
    programs = [p for n, p in parts.PROGRAMS.items() if n in names and not p.binary().exists()]
    recipes = [images.recipe(n) for n in images.names() if n in names]
    recipes = [r for r in recipes if "files" not in r.settings and not r.archive().exists()]
    problems = _disk() if programs or recipes else []
    if programs:
        problems += _go_modules()
    if recipes:
        problems += _programs(images.NEEDED_PROGRAMS) + _root("mmdebstrap unpacks as root")
        problems += _debian_archive()
    _refuse(problems)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise Failure("this machine lacks something:\n" + "\n".join(f"  - {p}" for p in problems))


def _programs(needed: dict[str, str]) -> list[str]:
    missing = sorted({package for program, package in needed.items() if not shutil.which(program)})
    if not missing:
        return []
    names = " ".join(missing)
    return [f"Debian packages {names}: run `make deps` (or apt-get install {names})"]


def _cni() -> list[str]:
    if CNI_PLUGIN.exists():
        return []
    return [
        "Debian package containernetworking-plugins: run `make deps` "
        "(or apt-get install containernetworking-plugins)"
    ]


def _disk() -> list[str]:
    place = paths.cache()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    if free >= DISK_GB:
        return []
    return [
        f"disk: {free:.1f} GB free at {place}, {DISK_GB} GB are needed; free some, or set "
        "SLIPWAY_CACHE to a folder on a larger disk"
    ]


def _memory(mode: str) -> list[str]:
    meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(meminfo["MemAvailable"].split()[0]) // 1024
    if free >= MEMORY_MB[mode]:
        return []
    return [
        f"memory: {free} MB available, {MEMORY_MB[mode]} MB are needed; end other programs, or "
        f"other clusters (here: {', '.join(state.all_names()) or 'none'})"
    ]


def _root(why: str) -> list[str]:
    if os.geteuid() == 0:
        return []
    return [f"root: {why}; run with sudo (clusters with --nodes=kwok:N need no root)"]


def _socket_path(folder: Path) -> list[str]:
    """kubelet listens on sockets below its folder."""
    longest = folder / "kubelet" / "pod-resources" / "kubelet.sock"
    if len(os.fsencode(longest)) <= SOCKET_PATH_BYTES:
        return []
    return [f"path: {longest} is too long for a socket; set SLIPWAY_CACHE to a shorter path"]


def _kernel() -> list[str]:
    problems = []
    for what, command in KERNEL_TRIALS.items():
        done = subprocess.run(["unshare", "--net", *command], capture_output=True, text=True)
        if done.returncode:
            reason = " ".join(done.stderr.split())
            problems.append(
                f"kernel: no {what} ({reason}); load the module, or take a machine that is no "
                "restricted container"
            )
    return problems


def _overlay() -> list[str]:
    paths.cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.cache()) as folder:
        for name in ("lower", "upper", "work", "merged"):
            Path(folder, name).mkdir()
        layers = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        mount = ["mount", "-t", "overlay", "overlay", "-o", layers, f"{folder}/merged"]
        done = subprocess.run(["unshare", "--mount", *mount], capture_output=True, text=True)
    if done.returncode == 0:
        return []
    return [
        f"kernel: no overlay file system at {paths.cache()} ({done.stderr.strip()}); set "
        "SLIPWAY_CACHE to a folder on ext4, xfs or btrfs"
    ]


def _go_modules() -> list[str]:
    """Asks Go for a small module, as the builds will for larger ones."""
    go = golang.find()
    if go is None:  # pip has to fetch it, and says so when it cannot
        return _programs({"pip3": "python3-pip"})
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [go, "list", "-m", f"k8s.io/api@v0.{parts.KUBERNETES.removeprefix('v1.')}"],
                cwd=folder,
                timeout=30,
                env=golang.environment(),
                capture_output=True,
                text=True,
            )
            problem = done.stderr.strip() if done.returncode else ""
        except subprocess.TimeoutExpired:
            problem = "no answer within 30 s"
    if not problem:
        return []
    return [
        f"network: the Go module proxy does not answer ({problem}); check the network, or set "
        "GOPROXY to a mirror"
    ]


def _debian_archive() -> list[str]:
    """Asks the first archive of this machine's apt sources for its release file."""
    if not shutil.which("curl"):
        return _programs({"curl": "curl"})
    targets = ["apt-get", "indextargets", "--format", "$(SITE)/dists/$(RELEASE)/InRelease"]
    sites = subprocess.run(targets, capture_output=True, text=True).stdout.split()
    if not sites:
        return ["network: apt has no package lists; run `apt-get update`"]
    ask = ["curl", "-sSfIL", "-m", "20", "-o", "/dev/null", sites[0]]
    done = subprocess.run(ask, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    problem = done.stderr.strip()
    return [f"network: the Debian archive does not answer ({problem}); check the network"]
