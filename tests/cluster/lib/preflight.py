"""What must be there before anything is started; all that is missing is said at once."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cgroups, golang, images, parts, paths, state
from .report import Failure

DISK_GB = 8  # builds, images and the layers of running containers
MEMORY_MB = {"kwok": 1200, "real": 2500}  # resident sizes of a fresh cluster, and as much again
PROGRAMS = {
    "kwok": {"openssl": "openssl"},
    "real": {"openssl": "openssl", "containerd": "containerd", "ctr": "containerd", "runc": "runc",
             "nft": "nftables", "ip": "iproute2", "mount": "mount"},
}


def _refuse(problems: list[str]) -> None:
    if problems:
        raise Failure("this machine lacks something:\n" + "\n".join(f"  - {p}" for p in problems))


def _programs(needed: dict[str, str]) -> list[str]:
    missing = sorted({package for program, package in needed.items() if not shutil.which(program)})
    return [f"Debian packages {' '.join(missing)}: run `make deps` "
            f"(or apt-get install {' '.join(missing)})"] if missing else []


def _disk() -> list[str]:
    place = paths.cache()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    return [] if free >= DISK_GB else [
        f"disk: {free:.1f} GB free at {place}, {DISK_GB} GB are needed; free some, or set "
        "SLIPWAY_CACHE to a folder on a larger disk"]


def _memory(mode: str) -> list[str]:
    meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(meminfo["MemAvailable"].split()[0]) // 1024
    return [] if free >= MEMORY_MB[mode] else [
        f"memory: {free} MB available, {MEMORY_MB[mode]} MB are needed; end other programs, or other "
        f"clusters (up or crashed here: {', '.join(state.all_names()) or 'none'})"]


def _root() -> list[str]:
    return [] if os.geteuid() == 0 else [
        "root: a real node needs it for namespaces, mounts and cgroups; run with sudo, or take "
        "--nodes=kwok:N, which does without"]


def _kernel() -> list[str]:
    """Tries what a node does, in namespaces that end with the trial."""
    trials = {
        "network namespaces with veth pairs": ["ip", "link", "add", "trial0", "type", "veth"],
        "bridges (module bridge)": ["ip", "link", "add", "trial1", "type", "bridge"],
        "nftables (module nf_tables)": ["nft", "add table inet trial; add chain inet trial c "
                                        "{ type filter hook forward priority 0; }"],
        "nftables NAT (modules nft_nat, nf_nat)": [
            "nft", "add table ip trial; add chain ip trial c { type nat hook prerouting priority 0; }; "
                   "add rule ip trial c ip daddr 192.0.2.1 dnat to 192.0.2.2"],
    }
    problems = []
    for what, command in trials.items():
        done = subprocess.run(["unshare", "--net", "--mount", *command], capture_output=True, text=True)
        if done.returncode:
            problems.append(f"kernel: no {what}: {done.stderr.strip().splitlines()[-1:]}; "
                            "load the module, or take a machine that is no restricted container")
    return problems + _overlay() + cgroups.problems()


def _overlay() -> list[str]:
    paths.cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.cache()) as folder:
        for name in ("lower", "upper", "work", "merged"):
            Path(folder, name).mkdir()
        done = subprocess.run(
            ["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o",
             f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work",
             f"{folder}/merged"], capture_output=True, text=True)
    return [] if done.returncode == 0 else [
        f"kernel: no overlay file system at {paths.cache()}: {done.stderr.strip()}; set SLIPWAY_CACHE "
        "to a folder on ext4, xfs or btrfs"]


def check_up(mode: str) -> None:
    """Refuses to start a cluster of a mode ('kwok' or 'real') where it could not run."""
    problems = _disk() + _memory(mode) + _programs(PROGRAMS[mode])
    if mode == "real":
        root = _root()
        problems += root or (_kernel() if shutil.which("nft") and shutil.which("ip") else [])
    _refuse(problems)


def check_build(names: list[str]) -> None:
    """Refuses to start builds that could not end. Asks nothing when all is built already."""
    programs = [n for n in names if n in parts.PROGRAMS and not parts.PROGRAMS[n].binary().exists()]
    recipes = [n for n in names if n in images.names() and not images.recipe(n).archive().exists()]
    if not programs and not recipes:
        return
    problems = _disk()
    if programs:
        problems += _go_registry()
    if recipes:
        problems += _programs(images.NEEDED_PROGRAMS) + _apt_registry()
        problems += [] if os.geteuid() == 0 else ["root: images are made with mmdebstrap; run with sudo"]
    _refuse(problems)


def _go_registry() -> list[str]:
    go = golang.find()
    if go is None:  # pip has to fetch it, and says so when it cannot
        return _programs({"pip3": "python3-pip"})
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run([go, "list", "-m", "k8s.io/api@v0.35.4"], cwd=folder, timeout=30,
                                  env=golang.environment() | {"GOFLAGS": "-mod=mod"},
                                  capture_output=True, text=True)
            problem = done.stderr.strip() if done.returncode else ""
        except subprocess.TimeoutExpired:
            problem = "no answer within 30 s"
    return [f"network: the Go module proxy does not answer ({problem}); check the network, or set "
            "GOPROXY to a mirror"] if problem else []


def _apt_registry() -> list[str]:
    """Asks the first Debian archive of this machine's apt sources for its release file."""
    if not shutil.which("apt-get") or not shutil.which("curl"):
        return []
    sites = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)/dists/$(RELEASE)/InRelease"],
                           capture_output=True, text=True).stdout.split()
    if not sites:
        return ["network: apt has no package lists; run `apt-get update`"]
    done = subprocess.run(["curl", "-sSfI", "-m", "20", "-o", "/dev/null", sites[0]],
                          capture_output=True, text=True)
    return [] if done.returncode == 0 else [
        f"network: the Debian archive does not answer ({done.stderr.strip()}); check the network"]
