"""Turns results into the table that people read."""

from statistics import median

from . import machine
from .contender import NOTHING, RAW_CLIENT

NOT_MEASURED = "–"


def _median(rounds: list[dict], *path: str) -> float | None:
    values = []
    for one in rounds:
        value = one
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            values.append(value)
    return median(values) if values else None


def _show(value: float | None, digits: int = 1, unit: str = "") -> str:
    return NOT_MEASURED if value is None else f"{value:.{digits}f}{unit}"


def _ratio(value: float | None, base: float | None) -> str:
    return NOT_MEASURED if value is None or not base else f"{value / base:.2f}"


def _rows(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _spread(rounds: list[dict], key: str) -> str:
    values = [one[key] for one in rounds if one.get(key) is not None]
    if not values:
        return NOT_MEASURED
    return _show(median(values)) + (f" ({min(values):.1f}–{max(values):.1f})" if len(values) > 1 else "")


def storm(results: dict[str, list[dict]], jobs: int, nodes: int, base: str | None) -> str:
    """The main table: medians over the rounds, ranges of the wall times in parentheses."""
    raw = _median(results.get(RAW_CLIENT, []), "children_s")
    peer_wall = _median(results.get(base, []), "children_s")
    peer_cpu = _median(results.get(base, []), "cpu_s")
    header = [f"{jobs} jobs x {nodes} pods", "all pods s", "ratio to raw", f"ratio to {base}",
              "all Running in status s", "p50 / p95 a job s", "CPU s", f"ratio to {base}", "peak MiB",
              "writes a job", "of them status", "failed"]
    rows = []
    for name, rounds in results.items():
        if name == NOTHING or not rounds:
            continue
        wall, cpu = _median(rounds, "children_s"), _median(rounds, "cpu_s")
        status = _median(rounds, "requests", "status_writes")
        rows.append([
            name, _spread(rounds, "children_s"), _ratio(wall, raw), _ratio(wall, peer_wall),
            _spread(rounds, "running_s"),
            f"{_show(_median(rounds, 'running_p50_s'))} / {_show(_median(rounds, 'running_p95_s'))}",
            _show(cpu, 2), _ratio(cpu, peer_cpu), _show(_median(rounds, "peak_mib")),
            _show(_median(rounds, "requests", "writes") / jobs, 2), _show(status / jobs, 2),
            str(sum(sum(one["requests"]["failed"].values()) for one in rounds))])
    return _rows(header, rows)


def beside(results: dict[str, list[dict]], jobs: int, ours: str, peers: list[str]) -> str:
    """Ours beside each peer, both as they were in this run: rates, and cost a job from the first job on."""
    header = [f"{jobs} jobs", "jobs a second: all pods and services", f"{ours} / peer", "all Running in status",
              f"{ours} / peer", "CPU ms a job", f"{ours} / peer", "peak MiB", f"{ours} / peer"]

    def figures(name: str) -> tuple[float | None, ...]:
        rounds = results[name]
        children, running = _median(rounds, "children_s"), _median(rounds, "running_s")
        cpu, start = _median(rounds, "cpu_s"), _median(rounds, "start_cpu_s")
        return jobs / children, jobs / running, (cpu - start) / jobs * 1000, _median(rounds, "peak_mib")

    own = figures(ours)
    rows = []
    for name in (ours, *peers):
        row = [name]
        for value, mine in zip(figures(name), own, strict=True):
            row += [_show(value), NOT_MEASURED if name == ours else _ratio(mine, value)]
        rows.append(row)
    return _rows(header, rows)


def scale(results: dict[int, dict], nodes: int) -> str:
    """What a job costs by how many there are, and a new start with all of them there."""
    header = [f"jobs of {nodes} pod(s)", "all pods s", "CPU ms a job", "ratio", "writes a job", "RSS MiB, all running",
              "peak MiB", "new start: ready s", "at rest s", "CPU s", "RSS MiB", "writes"]
    rows, base = [], None
    for jobs, one in results.items():
        cost, again = (one["cpu_s"] - one["start_cpu_s"]) / jobs * 1000, one["restart"]
        base = base or cost
        rows.append([
            str(jobs), _show(one["children_s"]), _show(cost, 2), _ratio(cost, base),
            _show(one["requests"]["writes"] / jobs, 2), _show(one["resident_mib"]), _show(one["peak_mib"]),
            _show(again["ready_s"], 2), _show(again["rested_s"]), _show(again["cpu_s"], 2),
            _show(again["resident_mib"]), str(again["writes"])])
    return _rows(header, rows)


def release(results: dict[str, list[dict]], jobs: int, nodes: int, pace: float) -> str:
    """Seconds from each job's last exit until it holds nothing."""
    ends = f"{pace:g} end in a second" if pace else "all end at once"
    header = [f"{jobs} jobs x {nodes} pods, {ends}", "pods gone p50 s", "p99", "longest",
              "pods and services gone p50 s", "p99", "longest"]
    keys = ("pods_p50", "pods_p99", "pods_max", "total_p50", "total_p99", "total_max")
    return _rows(header, [[name, *(_show(_median(rounds, "release", key), 2) for key in keys)]
                          for name, rounds in results.items()])


def requests(results: dict[str, list[dict]]) -> str:
    """Requests by verb and resource, of the last round."""
    rows = []
    for name, rounds in results.items():
        if name != NOTHING and rounds:
            asked = sorted(rounds[-1]["requests"]["by_resource"].items())
            rows.append([name, ", ".join(f"{count} {what}" for what, count in asked)])
    return _rows(["requests in the last round", "by verb and resource"], rows)


def idle(results: dict[str, list[dict]]) -> str:
    """What each contender did while there was nothing to do."""
    rows = []
    for name, rounds in results.items():
        for one in rounds:
            if "idle" in one:
                rest = one["idle"]
                rows.append([name, f"{rest['seconds']:.0f}", str(rest["writes"]),
                             str(sum(rest["by_verb"].values())), _show(rest["cpu_s"], 2), _show(rest["peak_mib"])])
    return _rows(["idle, all jobs finished", "seconds", "writes", "requests", "CPU s", "peak MiB"], rows)


def surroundings(results: dict[str, list[dict]]) -> str:
    """The machine, and what else used it: a reader can judge how far to trust the times."""
    busy = [one["busy_before"] for rounds in results.values() for one in rounds]
    lines = [f"Machine: {machine.description()}. "
             "API server, etcd, scheduler, kwok, load and contender share it."]
    if busy:
        lines.append(f"Busy before the storm, in share of all processors: median {median(busy):.0%}, "
                     f"worst {max(busy):.0%} (above 10 % somebody else used the machine).")
    for one in results.get(NOTHING, []):
        lines.append(f"With nothing else running the cluster used {one['cluster_at_rest_cpu']:.2f} processors, "
                     f"and the jobs alone took {one['jobs_s']:.2f} s to create.")
    return "\n".join(lines)
