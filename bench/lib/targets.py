# SPDX-License-Identifier: Apache-2.0
"""What must be shown, what is aimed at, and what was seen. Every bound stands here and nowhere else."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """least: the figure must be at least `must`; else it must be at most that. A range has both: must = (low, high)."""

    key: str
    words: str
    must: object
    aim: object
    unit: str
    least: bool


TARGETS = [
    Target("1 mix", "gate + flows + records, mix: times the fastest flow meter", 3.0, 4.5, "x", True),
    Target("1 small", "the same, small", 20.0, 30.0, "x", True),
    Target("1 floor mix", "the same, mix: share of the floor's rate", 0.6, 0.75, "x", True),
    Target("1 floor small", "the same, small", 1.0, None, "x", True),
    Target("2 mix", "+ all heads and fingerprints, mix: times ndpiReader", 5.0, 8.0, "x", True),
    Target("3 mix", "+ 1 M IPv4, 1 M IPv6, 1 M domains that do not hit, mix: more CPU", 6.0, None, "%", False),
    Target("3 small", "the same, small", 25.0, None, "%", False),
    Target("3 mix hits", "the same, about one flow in a hundred hits, mix", 6.0, None, "%", False),
    Target("3 small hits", "the same, small", 25.0, None, "%", False),
    Target("3 load ipv4", "plain list of IPv4 addresses: import", 0.4, None, "s", False),
    Target("3 load ipv6", "plain list of IPv6 addresses: import", 0.4, None, "s", False),
    Target("3 load domains", "plain list of domains: import", 0.4, None, "s", False),
    Target("3 open", "the compiled set of all three lists: open", 50.0, None, "ms", False),
    Target("4 gated mix", "a gated packet above the bare read-and-wipe walk, mix", 25.0, None, "ns", False),
    Target("4 gated small", "the same, small", 25.0, None, "ns", False),
    Target("4 packets", "ten times the packets (10^6 to 10^7): times the CPU", (9.0, 11.0), None, "x", False),
    Target("4 flows", "gate + flows + records, 10^3 to 10^7 flows: dearest packet over cheapest", 2.5, None, "x", False),
    Target("4 flows heads", "the same + all heads and fingerprints", 2.5, None, "x", False),
    Target("5 bytes", "memory of the whole process a live flow, 10^7 flows", 128.0, None, "B", False),
    Target("5 cap", "10^7 flows at the default cap: peak memory over that of 10^6 flows", 1.1, None, "x", False),
    Target("5 equation", "segments opened - live - ended - evicted, the same run", 0, None, "flows", False),
]


def met(target, seen, loose):
    """loose > 1 widens every bound by that factor (a shared machine in CI); a difference of counts stays exact."""
    if isinstance(target.must, tuple):
        return target.must[0] / loose <= seen <= target.must[1] * loose
    if target.unit == "flows":
        return seen == target.must
    return seen >= target.must / loose if target.least else seen <= target.must * loose


def judge(seen, reasons=None, loose=1.0):
    """seen: {key: figure}; reasons: {key: why there is none}. Rows (target, figure or None, 'pass' | 'FAIL' | 'aim' | why there is no figure)."""
    rows = []
    for target in TARGETS:
        figure = seen.get(target.key)
        if figure is None:
            rows.append((target, None, (reasons or {}).get(target.key, "not measured")))
            continue
        verdict = "pass" if met(target, figure, loose) else "FAIL"
        if verdict == "pass" and target.aim is not None and figure >= target.aim:
            verdict = "aim"
        rows.append((target, figure, verdict))
    return rows


def failures(rows):
    return [target.key for target, _, verdict in rows if verdict == "FAIL"]


def number(value, unit):
    if isinstance(value, tuple):
        return f"{value[0]:g}..{value[1]:g} {unit}"
    return f"{value:.0f} {unit}" if unit in ("ns", "B", "flows") else f"{value:.2f} {unit}" if unit in ("x", "s") else f"{value:.1f} {unit}"


def table(rows):
    lines = ["| | what | must | aim | seen | |", "|---|---|---|---|---|---|"]
    for target, figure, verdict in rows:
        bound = number(target.must, target.unit)
        if not isinstance(target.must, tuple) and target.unit != "flows":
            bound = (">= " if target.least else "<= ") + bound
        aim = "" if target.aim is None else number(target.aim, target.unit)
        lines.append(f"| {target.key.split()[0]} | {target.words} | {bound} | {aim} | {'-' if figure is None else number(figure, target.unit)} | {verdict} |")
    return lines
