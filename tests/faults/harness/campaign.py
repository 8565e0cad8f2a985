"""Many trials at once, and what is said of them."""

import argparse
import itertools
import os
import random
import re
import signal
import statistics
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import paths

from . import plan as plan_files
from . import plans
from .operator import stop_all
from .oracle import summary
from .plan import Plan
from .trial import Result, Trial, is_write
from .workload import Workload, all_of
from .world import World

FOLDER = Path(__file__).resolve().parents[1] / "workloads"
REGRESSIONS = Path(__file__).resolve().parents[1] / "regressions"  # plans that have found a bug
TRIES = 3  # of a plan whose faults do not all happen
CALM_RUNS = 5  # without faults, all alike
PROGRESS = 200  # runs for each line that says how far it is
AT_ONCE = 4  # workloads whose runs without faults are made at the same time


class Campaign:
    """The reference run of each workload, then its plans."""

    def __init__(self, world: World, jobs: int):
        self._world = world
        self._jobs = jobs
        self._failed_plans = world.logs / "plans"
        self._failed_plans.mkdir(exist_ok=True)
        self.results: list[tuple[Plan, Result]] = []

    def reference(self, workload: Workload) -> tuple[Result, list[dict]]:
        """The first run without faults, with which all others are compared, and the traces of several."""
        first = self._trial(workload, Plan(workload.name, "none", "reference"), None)
        if first.complaints:
            raise SystemExit(f"{workload.name} fails without any fault:\n  " + "\n  ".join(first.complaints))
        say(f"{workload.name}: {len(first.writes)} writes, {len(first.trace['events'])} events, "
            f"{sum(summary(first.history)['created'].values())} objects, {first.seconds:.1f} s")
        again = [Plan(workload.name, "none", f"without faults, run {n}") for n in range(2, CALM_RUNS + 1)]
        calm = [first, *self.run([(workload, first, plan) for plan in again])]
        first.calm = [run.trace["requests"] for run in calm]
        return first, [run.trace for run in calm]

    def run(self, wanted: list[tuple[Workload, Result, Plan]]) -> list[Result]:
        with ThreadPoolExecutor(self._jobs) as pool:
            return list(pool.map(lambda trial: self._one(*trial), wanted))

    def _one(self, workload: Workload, reference: Result, plan: Plan) -> Result:
        try:
            for _ in range(TRIES):
                result = self._trial(workload, plan, reference)
                if result.complaints or not result.void:
                    break
            else:
                result.complaints.append(f"the plan's faults did not all happen in {TRIES} runs")
        except Exception as problem:  # The harness itself failed, which is a failure too.
            result = Result(complaints=[f"the harness failed: {problem!r}"])
        if plan.rules:
            result.forget()
        self.results.append((plan, result))
        if len(self.results) % PROGRESS == 0:
            say(f"... {len(self.results)} runs, {sum(bool(r.complaints) for _, r in self.results)} failed")
        if result.complaints:
            file = self._failed_plans / (re.sub(r"[^a-z0-9]+", "-", f"{workload.name} {plan.name}".lower()) + ".json")
            file.write_text(plan.dump())
            say(f"FAILED {workload.name}: {plan.name} ({file.name})\n  " + "\n  ".join(result.complaints[:8]))
        return result

    def _trial(self, workload: Workload, plan: Plan, reference: Result | None) -> Result:
        return Trial(self._world, workload, plan, reference).run()

    def report(self) -> int:
        """Prints the table and returns how many trials failed."""
        by_fault: dict[str, list[Result]] = defaultdict(list)
        for plan, result in self.results:
            by_fault[plan.fault].append(result)
        say(f"\n{'fault':<24}{'plans':>6}{'failed':>8}{'median s':>10}{'longest s':>11}   recovery: median, p99")
        for fault, results in sorted(by_fault.items()):
            seconds = [r.seconds for r in results]
            recoveries = sorted(r.recovery for r in results if r.recovery is not None)
            recovery = f"{statistics.median(recoveries):>18.1f}{recoveries[len(recoveries) * 99 // 100]:>8.1f}" if recoveries else ""
            say(f"{fault:<24}{len(results):>6}{sum(bool(r.complaints) for r in results):>8}"
                f"{statistics.median(seconds):>10.1f}{max(seconds):>11.1f}{recovery}")
        woken = [r for _, r in self.results if r.woken]
        if woken:
            say(f"{len(woken)} former leaders went on after another one led; writes of theirs that took effect: "
                f"{sum(len(r.late) for r in woken)}")
        say(f"most memory of an operator: {max(r.peak_mib for _, r in self.results)} MiB")
        return sum(bool(r.complaints) for _, r in self.results)


def choose(found: list[Plan], sample: int, chance: random.Random, first: int = 0) -> list[Plan]:
    """So many plans; each kind of fault as often as any other, as far as there are enough. The kinds
    are gone through from the `first` on, so that small samples of several workloads have them all."""
    if not sample or sample >= len(found):
        return found
    by_fault: dict[str, list[Plan]] = defaultdict(list)
    for plan in found:
        by_fault[plan.fault].append(plan)
    for group in by_fault.values():
        chance.shuffle(group)
    chosen: list[Plan] = []
    kinds = sorted(by_fault)
    kinds = kinds[first % len(kinds):] + kinds[:first % len(kinds)]
    while len(chosen) < sample:
        for group in (by_fault[kind] for kind in kinds):
            if group and len(chosen) < sample:
                chosen.append(group.pop())
    return chosen


def say(text: str) -> None:
    print(text, flush=True)


def main(arguments: list[str]) -> int:
    args = _parse(arguments)
    given = [plan_files.load(file) for file in args.plan]
    workloads = [w for w in all_of(FOLDER)
                 if args.kind in ("", w.kind) and args.workload in ("", w.name)
                 and (not given or any(p.workload == w.name for p in given))]
    if not workloads:
        raise SystemExit(f"no such workload; there are {', '.join(w.name for w in all_of(FOLDER))}")
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # While the world comes up.
    world = World(args.binary, args.sanitized)

    def abandon(number, _) -> None:
        """Trials that still run cannot be interrupted, so they go down with the process."""
        stop_all()
        world.close()
        os._exit(128 + number)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, abandon)
    try:
        say(f"world up after {time.monotonic() - began:.0f} s; seed {args.seed}, {args.jobs} trials at once")
        campaign = Campaign(world, args.jobs)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            references = list(pool.map(campaign.reference, workloads))
        wanted = []
        for number, (workload, (reference, traces)) in enumerate(zip(workloads, references)):
            wanted += [(workload, reference, plan) for plan in _chosen(args, given, workload, traces, number)]
        if not wanted:
            raise SystemExit(f"no plan has {args.fault!r} in its name")
        campaign.run(wanted)
        failed = campaign.report()
    finally:
        world.close()
    total = len(campaign.results)
    took = time.monotonic() - began
    say(f"{total - failed} passed, {failed} failed in {took:.0f} s ({took / max(total, 1):.2f} s a plan)")
    return 1 if failed else 0


def _chosen(args: argparse.Namespace, given: list[Plan], workload: Workload, traces: list[dict],
            number: int) -> list[Plan]:
    """The plans of a workload that are asked for; those that have found a bug are always among them."""
    if given:
        return [p for p in given if p.workload == workload.name]
    known = [plan_files.load(file) for file in sorted(REGRESSIONS.glob("*.json"))]
    possible = [p for p in plans.generate(workload.name, traces, is_write, workload.upgrades)
                if args.fault in p.name and not (args.sanitized and p.limits)]
    for reason, group in itertools.groupby(sorted(possible, key=lambda p: workload.why_exempt(p.name)),
                                           key=lambda p: workload.why_exempt(p.name)):
        if reason:
            say(f"{workload.name}: {', '.join(p.name for p in group)} left out: {reason}")
    possible = [p for p in possible if not workload.why_exempt(p.name)]
    chance = random.Random(f"{args.seed} {workload.name}")
    chosen = choose(possible, args.sample, chance, number * args.sample)
    again = [p for p in known if p.workload == workload.name and args.fault in p.name and p not in chosen]
    say(f"{workload.name}: {len(chosen)} of {len(possible)} plans, {len(again)} that have found a bug before")
    return again + chosen


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="")
    parser.add_argument("--workload", default="")
    parser.add_argument("--fault", default="")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--plan", type=Path, action="append", default=[])
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--binary", type=Path, default=paths.BINARY)
    return parser.parse_args(arguments)
