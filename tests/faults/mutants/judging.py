"""What the output of a fault run says about the operator that it ran."""

import re
from dataclasses import dataclass

# What also fails when the operator did nothing wrong, and so shows nothing.
NO_FINDING = ("the plan's faults did not all happen", "the harness failed")


@dataclass(frozen=True)
class Verdict:
    good: bool
    word: str
    why: str
    seconds: float = 0.0


def findings(output: str) -> list[tuple[str, list[str]]]:
    """The plans that failed, each with its complaints."""
    failed = re.findall(r"^FAILED [^:]+: (.+) \(\S+\.json\)\n((?:  .*\n)*)", output, re.M)
    return [(plan, [line.strip() for line in lines.splitlines()]) for plan, lines in failed]


def judge(status: int | None, output: str, seconds: float) -> Verdict:
    """Of a run with a mutant."""
    if status is None:
        return Verdict(False, "HANGS", "it was ended after so long", seconds)
    plans = findings(output)
    calm = [plan for plan, _ in plans if plan.startswith("without faults")]
    if "fails without any fault" in output or calm:
        return Verdict(False, "BROKEN", "it fails without any fault, which other tests find", seconds)
    shown = [(plan, line) for plan, lines in plans for line in lines[:1] if not line.startswith(NO_FINDING)]
    if status == 1 and shown:
        plan, line = shown[0]
        more = f", and {len(shown) - 1} plans more" if len(shown) > 1 else ""
        return Verdict(True, "caught", f"{plan}: {line[:150]}{more}", seconds)
    if status in (0, 1):
        return Verdict(False, "SURVIVED", last_line(output), seconds)
    return Verdict(False, "ENDED", f"with status {status}: {last_line(output)}", seconds)


def judge_sound(status: int | None, output: str, seconds: float) -> Verdict:
    """Of a run with the operator as it is."""
    plans = findings(output)
    why = f"{plans[0][0]}: {plans[0][1][0]}" if plans and plans[0][1] else last_line(output)
    return Verdict(status == 0, "passes" if status == 0 else "FAILED", why, seconds)


def last_line(output: str) -> str:
    return (output.strip().splitlines() or ["it said nothing"])[-1]
