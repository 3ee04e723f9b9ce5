# SPDX-License-Identifier: Apache-2.0
"""How the bench drives Sekisho: border tables, workspaces ready to run, the command, and the check of its answer."""
import ipaddress
import json
import pathlib
import shutil
import subprocess
import zlib

from lib.machine import LINE_MAX, Failed

ALL = ["0.0.0.0/0", "::/0"]
# A pair is erased when both ends are domestic: with more than half of the blocks, about half of the pairs are.
HALF_OF_256 = 160
HALF_FINE = (10, 11, 12, 198, 199, 203)  # the /8s of the made corpora are cut finer: whole parts of them lie in one /12


def half_blocks():
    """Prefixes that make about half of all frames domestic to domestic, strewn over the address space."""
    blocks = [f"{a}.{b << 4}.0.0/12" for a in range(256) if a not in HALF_FINE for b in range(16)]
    blocks += [f"{a}.{b >> 4}.{(b & 15) << 4}.0/20" for a in HALF_FINE for b in range(4096)]
    blocks += [f"{0x2000 + b:x}::/16" for b in range(0x2000)]
    return [block for block in blocks if zlib.crc32(b"half " + block.encode()) & 255 < HALF_OF_256]


def country_lines():
    """Lines of first, last, country, one behind the other over all addresses, in parts as finely cut as registries do it: half a million of 250 made-up codes."""
    def line(block):
        net = ipaddress.ip_network(block)
        return f"{net[0]},{net[-1]},{code(block)}\n"
    code = lambda block: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[zlib.crc32(b"1 " + block.encode()) % 25] + "ABCDEFGHIJ"[zlib.crc32(b"2 " + block.encode()) % 10]
    blocks = [f"{a}.{b}.{c << 5}.0/19" for a in range(1, 224) for b in range(256) for c in range(8) if a not in HALF_FINE]
    blocks += [f"{a}.{b}.{c << 2}.0/22" for a in HALF_FINE for b in range(256) for c in range(64)]
    blocks += [f"{0x2000 + b:x}::/16" for b in range(0x2000)]
    return map(line, blocks)


class Sekisho:
    def __init__(self, build, folder):
        self.binary = pathlib.Path(build).resolve() / "sekisho"
        self.folder = pathlib.Path(folder)
        self.templates = {}

    def version(self):
        return self.call("--version").strip().removeprefix("sekisho ")

    def call(self, *words):
        done = subprocess.run([str(word) for word in (self.binary, *words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"sekisho {words[0]} ends with {done.returncode}: {done.stderr.strip()[:LINE_MAX]}")
        return done.stdout

    def knows(self, *option):
        """Does `sekisho watch` have this option? Asked without a capture, so that nothing runs: an option that it knows gets past its parser."""
        done = subprocess.run([str(word) for word in (self.binary, "watch", *option)], capture_output=True, text=True)
        return "no capture named" in done.stderr

    def border(self, side):
        """Table in which every address is 'foreign', every one is 'domestic', or so many blocks that half of the frames are domestic to domestic ('half'); 'countries': every one is foreign, and in a country."""
        path = self.folder / f"{side}.border"
        if path.exists():
            return path
        words = []
        for prefix in ALL:
            words += ["--domestic" if side == "domestic" else "--foreign", prefix]
        if side == "half":
            blocks = self.folder / "half.txt"
            blocks.write_text("\n".join(half_blocks()) + "\n", encoding="utf-8")
            words += ["--domestic", blocks]
        if side == "countries":
            world = self.folder / "world.csv"
            world.write_text("".join(country_lines()), encoding="utf-8")
            words += ["--home", "AA", "--csv", world]
        self.call("border", "build", *words, "-o", path)
        return path

    def template(self, side, selectors=(), all_flows=True):
        """A workspace that has not run yet; each run gets a copy, because the same file is not counted twice in one."""
        key = (side, tuple(map(str, selectors)), all_flows)
        if key not in self.templates:
            path = self.folder / f"template-{len(self.templates)}"
            self.call("init", "--workspace", path, "--profile", "lab", "--border", self.border(side), "--detectors", "none")
            if all_flows or selectors:
                self.call("selectors", "import", "--workspace", path, *(["--all-flows"] if all_flows else []), *selectors)
            self.templates[key] = path
        return self.templates[key]

    def workspace(self, scratch, *template):
        path = scratch / "workspace"
        shutil.copytree(self.template(*template), path)
        return path

    def watch(self, workspace, capture, *options):
        return [self.binary, "watch", "--workspace", workspace, "--json", *options, capture]


def answer_of(output, packets):
    """The JSON that watch printed; Failed unless every packet of the corpus has its fate."""
    try:
        answer = json.loads(output)
        account = answer["account"]
    except (ValueError, KeyError):
        raise Failed("prints no account") from None
    if account["received"] != packets:
        raise Failed(f"received {account['received']} of {packets} packets")
    if account["pending"] != 0 or sum(account[fate] for fate in ("gate_erased", "select_erased", "selected", "capture_lost")) != packets:
        raise Failed(f"the equation does not hold: {account}")
    return answer
