# SPDX-License-Identifier: Apache-2.0
"""Rounds: every program once a round, each round beginning with another one, the page cache warmed before each run."""
import shutil
import statistics
import sys

from lib.machine import CLOCK_S, Failed, timed, warm


class Contest:
    """What was seen of each program on one corpus."""

    def __init__(self, args, scratch):
        self.args, self.scratch = args, scratch

    def once(self, program, corpus):
        folder = self.scratch / "run"
        folder.mkdir()
        try:
            command = program.command(corpus, folder)
            warm(corpus["path"])
            result = timed(command, folder, self.args.core, self.args.timeout, self.args.memory)
            result.update(program.read(corpus, result.pop("out")))
            return result
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self, programs, corpus):
        """[row] in the order of programs."""
        runs = {p.name: [] for p in programs}
        failed = {p.name: p.missing(corpus) for p in programs}
        for round_ in range(self.args.runs):
            turn = round_ % len(programs)
            for program in programs[turn:] + programs[:turn]:
                seen = runs[program.name]
                if failed[program.name] is not None or (seen and seen[0]["cpu"] > self.args.patience):
                    continue
                say(f"{corpus['name']} round {round_ + 1}/{self.args.runs} {program.name}")
                try:
                    seen.append(self.once(program, corpus))
                except Failed as why:
                    failed[program.name] = str(why)
        say("")
        return [row(p, corpus, runs[p.name], failed[p.name]) for p in programs]


def say(text):
    """Progress, on a terminal alone."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def row(program, corpus, runs, failed):
    """best and median: CPU seconds of the whole process. run: the best without its start (the program tells the CPU seconds of that; a peer's start is not known
    and counts as part of its run). told: what the program says that its work alone took, neither start nor end. rate: packets per CPU second of run."""
    out = {"name": program.name, "kind": program.kind, "what": program.what, "failed": failed, "runs": len(runs)}
    if failed is not None:
        return out
    alone = [r["cpu"] - r.get("start", 0) for r in runs]
    best = max(min(alone), CLOCK_S)
    out.update(best=min(r["cpu"] for r in runs), median=statistics.median(r["cpu"] for r in runs), wall=min(r["wall"] for r in runs), rss=max(r["rss"] for r in runs),
               run=best, run_median=statistics.median(alone), rate=corpus["packets"] / best)
    if "told" in runs[0]:
        out["told"] = min(r["told"] for r in runs)
    if "start" in runs[0]:
        out.update(start=statistics.median(r["start"] for r in runs), gated=runs[0]["gated"], findings=runs[0]["findings"])
    return out
