# SPDX-License-Identifier: Apache-2.0
"""The contestants of bench/compare: how each is called, what must be there before a run, how its answer is checked."""
import json
import shutil
import socket
import subprocess
import threading

from lib.sekisho import answer_of


class Sink:
    """A UDP port on the loopback that somebody listens on, so that exporters do not meet refusals. What comes is counted and dropped."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        while self.socket.recv(65536) != b"":
            pass


class Program:
    """kind: 'meter' knows flows alone, 'dpi' protocols too, 'floor' and 'walk' are the bare loops, 'us'."""

    package = None
    kind = None

    def missing(self, corpus):
        """None, or why this program does not run on this corpus."""
        return None if shutil.which(self.name) else f"not installed (package {self.package})"

    def version(self):
        if self.package is None:
            return ""
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package], capture_output=True, text=True)
        return done.stdout.strip() or "version not known"

    def command(self, corpus, scratch):
        raise NotImplementedError

    def read(self, corpus, output):
        """What the program itself tells: {'start': CPU seconds, ...}. Failed when its answer is wrong."""
        return {}


class Softflowd(Program):
    name, kind, package, what = "softflowd", "meter", "softflowd", "flows, IPFIX to the loopback"

    def __init__(self):
        self.sink = None

    def command(self, corpus, scratch):
        if self.sink is None:
            self.sink = Sink()
        return ["softflowd", "-d", "-r", corpus["path"], "-n", f"127.0.0.1:{self.sink.port}", "-v", "10", "-m", "4000000", "-p", scratch / "pid", "-c", "none"]


class Nfpcapd(Program):
    name, kind, package, what = "nfpcapd", "meter", "nfdump", "flows, nfcapd files to the temporary folder"

    def command(self, corpus, scratch):
        # The default cache of 2^19 nodes: with more room it spends most of its time in clearing it.
        return ["nfpcapd", "-r", corpus["path"], "-w", scratch]


class Argus(Program):
    name, kind, package, what = "argus", "meter", "argus-server", "flows, argus records to the temporary folder"

    def command(self, corpus, scratch):
        return ["argus", "-X", "-r", corpus["path"], "-w", scratch / "argus.out"]


class NdpiReader(Program):
    name, kind, package, what = "ndpiReader", "dpi", "libndpi-bin", "flows, protocols, JA3, risks; exports nothing"

    def command(self, corpus, scratch):
        return ["ndpiReader", "-q", "-i", corpus["path"]]


class Tool(Program):
    """A bare loop of bench/."""

    def __init__(self, tools):
        self.tools = tools

    def missing(self, corpus):
        return None


class Floor(Tool):
    name, kind, what = "floor", "floor", "the bare loop: mmap, prefetch, parse, hash, plain table; exports nothing"

    def command(self, corpus, scratch):
        return [self.tools / "floor", corpus["path"], str(corpus["flows"])]


class Walk(Tool):
    name, kind, what = "walk", "walk", "the bare walk: read and overwrite, no judgement"

    def command(self, corpus, scratch):
        return [self.tools / "walk", corpus["path"]]

    def read(self, corpus, output):
        return {"told": json.loads(output)["cpu_seconds"]}


class Ours(Program):
    """One configuration of Sekisho: side of the border table, options of watch, selector lists."""

    kind = "us"

    def __init__(self, sekisho, name, what, side="foreign", options=(), lists=None):
        self.sekisho, self.name, self.what, self.side, self.options, self.lists = sekisho, name, what, side, options, lists

    def missing(self, corpus):
        if not self.sekisho.binary.exists():
            return f"{self.sekisho.binary.name} is not in {self.sekisho.binary.parent}; build it, or give --build"
        return None if not self.options or self.sekisho.knows(*self.options) else f"this sekisho watch has no {' '.join(self.options)}"

    def version(self):
        return self.sekisho.version()

    def command(self, corpus, scratch):
        selectors = sorted(self.lists(corpus)["path"].glob("*.txt")) if self.lists else ()
        return self.sekisho.watch(self.sekisho.workspace(scratch, self.side, selectors), corpus["path"], *self.options)

    def read(self, corpus, output):
        answer = answer_of(output, corpus["packets"])
        return {"start": answer["rate"]["start_cpu_seconds"], "told": answer["rate"]["cpu_seconds"], "gated": answer["account"]["gate_erased"] / corpus["packets"],
                "findings": len(answer.get("findings", [])) + answer.get("findings_not_listed", 0)}


def everybody(sekisho, tools, lists, listless):
    """lists, listless: corpus -> lists of which about one flow in a hundred hits, and of which none does."""
    return [
        Ours(sekisho, "flows", "gate, flows, records", options=("--heads", "off")),
        Ours(sekisho, "heads", "the same, and all heads and fingerprints"),
        Ours(sekisho, "lists", "the same, and the three lists, none of which hits", lists=listless),
        Ours(sekisho, "hits", "the same, and about one flow in a hundred hits", lists=lists),
        Ours(sekisho, "half gated", "as heads; about half of the frames are erased at the gate", side="half"),
        Ours(sekisho, "all gated", "as heads; every frame is erased at the gate", side="domestic"),
        Walk(tools), Floor(tools), Softflowd(), Nfpcapd(), Argus(), NdpiReader(),
    ]
