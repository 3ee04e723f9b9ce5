# SPDX-License-Identifier: Apache-2.0
"""Cost against packets, flows and selectors, and the memory of a full table. Sekisho alone; each point is the best of some runs."""
import shutil
import statistics

from lib.contest import say
from lib.machine import CLOCK_S, Failed, timed, warm
from lib.sekisho import answer_of

PACKETS_A_FLOW = 100      # of the curve over packets: the same for each point, or the price of opening flows and reading their heads would be thinned out by the longer corpora
CAP = 1 << 20             # the default of the flow table
LONGEST_FLOWS_CAP = 1 << 24


class Bench:
    def __init__(self, args, corpora, sekisho, scratch):
        self.args, self.corpora, self.sekisho, self.scratch = args, corpora, sekisho, scratch

    def watch(self, corpus, *options, selectors=(), all_flows=True, runs=None):
        """{'run': CPU seconds from the first packet to the last record and signature, best; 'median', 'start', 'rss', 'answer'} over the runs."""
        results = []
        for _ in range(runs or self.args.runs):
            folder = self.scratch / "run"
            folder.mkdir()
            try:
                workspace = self.sekisho.workspace(folder, "foreign", tuple(selectors), all_flows)
                warm(corpus["path"])
                result = timed(self.sekisho.watch(workspace, corpus["path"], *options), folder, self.args.core, self.args.timeout, self.args.memory)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            result["answer"] = answer_of(result.pop("out"), corpus["packets"])
            results.append(result)
        rates = [r["answer"]["rate"] for r in results]
        alone = [max(rate["cpu_seconds"], CLOCK_S) for rate in rates]
        return {"run": min(alone), "median": statistics.median(alone), "start": statistics.median(rate["start_cpu_seconds"] for rate in rates),
                "rss": max(r["rss"] for r in results), "answer": results[-1]["answer"]}

    def point(self, curve, x, corpus, *options, **more):
        say(f"{curve} {x:,}")
        seen = self.watch(corpus, *options, **more)
        return {"curve": curve, "x": x, "packets": corpus["packets"], "flows": corpus["flows"], "cpu": seen["run"], "cpu_median": seen["median"], "start": seen["start"],
                "ns": seen["run"] * 1e9 / corpus["packets"], "rss": seen["rss"]}

    def packets(self):
        return [self.point("packets", n, self.corpora.flows(n, n // PACKETS_A_FLOW)) for n in self.args.packets_axis]

    def flows(self, records_only=False):
        """Under flow.all, every flow ends in a record: as item 1 has it, and with heads; and without records, when the table is all there is to pay."""
        packets, kinds = max(self.args.packets_axis), (("flows", ("--heads", "off"), True), ("flows, heads", (), True), ("flows, no record", (), False))
        return [self.point(curve, n, self.corpora.flows(packets, n), *options, all_flows=all_flows) for curve, options, all_flows in kinds[:2 if records_only else 3]
                for n in self.args.flows_axis]

    def selectors(self):
        """A third each of IPv4, IPv6 and domains, none of which hits; and the time that the compiled set takes to open."""
        corpus = self.corpora.small(self.args.selectors_packets)
        points = [self.point("selectors", 1, corpus)]
        for n in self.args.selectors_axis:
            lists = sorted(self.corpora.lists(corpus, max(n // 3, 1), 0)["path"].glob("*.txt"))
            points.append(self.point("selectors", n, corpus, selectors=lists))
            template = self.sekisho.template("foreign", tuple(lists), True)
            points[-1]["open_ms"] = self.corpora.call("set_open", template / "selectors.set")["cpu_ms_min"]
        return points

    def memory(self):
        """Figures of item 5, and why one is missing: a table with room for all flows, and the default one under as many."""
        most, few = max(self.args.flows_axis), max(self.args.flows_axis) // 10
        full = self.corpora.flows(max(self.args.packets_axis), most)
        seen, reasons = {}, {}
        if self.sekisho.knows("--flows", str(LONGEST_FLOWS_CAP)):
            say("memory, room for all")
            roomy = self.watch(full, "--flows", str(most + most // 9), runs=1)  # nine slots in ten are taken
            flows = roomy["answer"]["flows"]
            if flows["evicted"] * 1000 > most:
                reasons["5 bytes"] = f"{flows['evicted']:,} of {most:,} flows were evicted although there was room"
            else:
                seen["5 bytes"] = roomy["rss"] / (most - flows["evicted"])
        else:
            reasons["5 bytes"] = "this sekisho watch has no --flows"
        say("memory, default cap")
        tight = self.watch(full, runs=1)
        seen["5 cap"] = tight["rss"] / self.watch(self.corpora.flows(few, few), runs=1)["rss"]
        flows = tight["answer"]["flows"]
        # "segments" counts what the table opened; no flow of this corpus times out, so it is exact.
        if "live" in flows and "ended" in flows:
            seen["5 equation"] = flows["segments"] - flows["live"] - flows["ended"] - flows["evicted"]
            if flows["segments"] != full["flows"] or (most > CAP and flows["evicted"] == 0):
                raise Failed(f"{full['flows']:,} flows went in, but {flows}")
        else:
            reasons["5 equation"] = "watch --json tells no live and ended flows"
        say("")
        return seen, reasons


def shape(points, seen):
    """Figures of item 4 from the points of packets and flows."""
    cpu = [p["cpu"] for p in points if p["curve"] == "packets"]
    if len(cpu) >= 2:
        seen["4 packets"] = cpu[-1] / cpu[-2]
    for key, curve in (("4 flows", "flows"), ("4 flows heads", "flows, heads")):
        ns = [p["ns"] for p in points if p["curve"] == curve]
        if len(ns) >= 2:
            seen[key] = max(ns) / min(ns)
