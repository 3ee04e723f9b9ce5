#!/usr/bin/env python3
"""What people read, held against files: summary, findings, tables, accounts of lists, on the shipped samples. What changes from run to run (ids, roots, dates of
today, rates, folders) is replaced by a word in angle brackets. `golden.py --update` (ninja update-golden) writes the files anew: look at the difference first.
`golden.py --sabotage` breaks one file in memory and must fail."""
import difflib, os, re, sys
here = os.path.dirname(os.path.abspath(__file__)); sys.path.insert(0, os.path.join(here, "../../scenario"))
from lib import *

S = os.path.join(ROOT, "samples")

def steady(text, folder):
    for pattern, word in ((re.escape(folder), "<folder>"), (re.escape(S), "samples"), (r"self-[0-9a-f]{16}", "<basis>"), (r"sekisho\.invalid/[0-9a-f]{16}", "<origin>"), (r"\b[0-9a-f]{64}\b", "<digest>"),
                          (r"root [0-9a-f]{16}\.\.\.", "root <root>"), (r"(?m)^Time .*$", "Time       <time and rate>"), (r"built 20[-0-9T:]+Z", "built <now>"), (r"(?m)^in force .*$", "in force   <90 days from now>"),
                          (r"default \(\d+: sekisho detectors", "default (<n>: sekisho detectors"), (r"about [0-9,]+ (addresses|TCP ports)", r"about <estimate> \1"),
                          # Two flows to that address in one second: which is listed first is a matter of the workspace's random key.
                          (r"203\.0\.113\.66 \(address\+domain[a-z0-9+]*\)", "203.0.113.66 (address+domain...)"), (r"(?m)( +)$", "")):
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.split("\n"))

def outputs(folder):
    table, w = os.path.join(folder, "b.skb"), os.path.join(folder, "ws")
    lists = [os.path.join(S, "selectors", n) for n in ("addresses.txt", "domains.txt", "fingerprints.txt", "popular.csv", "event.json")]
    yield "border-build", sekisho("border", "build", "--domestic", S + "/border/domestic.txt", "--foreign", S + "/border/foreign.txt", "--rest", "unknown", "-o", table).out
    yield "border-lookup", sekisho("border", "lookup", "-t", table, "192.0.2.5", "198.51.100.7", "8.8.8.8", "2001:db8:1::1", "::ffff:192.0.2.5", "2002:c000:205::1").out
    yield "border-explain", sekisho("border", "explain", "-t", table, "192.0.2.5", "10.0.0.1", "8.8.8.8").out
    yield "init", sekisho("init", "--workspace", w, "--profile", "lab", "--border", table).out
    yield "selectors-import", sekisho("selectors", "import", "--workspace", w, "--warning-list", S + "/selectors/warninglist.json", *lists).out
    yield "watch", sekisho("watch", "--workspace", w, S + "/border.pcap.gz", S + "/tunnels.pcapng").out
    yield "findings", sekisho("findings", "--workspace", w).out
    yield "lookup", sekisho("lookup", "--workspace", w, "203.0.113.66", "quiet.test", "192.0.2.1").out
    yield "gate", sekisho("gate", S + "/border.pcap.gz", S + "/tunnels.pcapng", "--workspace", w, "-o", os.path.join(folder, "out.pcapng")).out
    yield "help", sekisho("--help").out

def main_(argv):
    bad = 0
    with Folder() as folder:
        for name, text in outputs(folder):
            path, text = os.path.join(here, name + ".txt"), steady(text, folder)
            if "--update" in argv: open(path, "w", encoding="utf-8").write(text); continue
            want = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
            if "--sabotage" in argv and name == "watch": want = want.replace("closes", "opens", 1)
            if text != want:
                bad += 1; print(f"{name} is not as tests/golden/cli/{name}.txt says:"); print("\n".join(difflib.unified_diff(want.split("\n"), text.split("\n"), "golden", "now", lineterm="", n=1)))
            else: print("ok  ", name)
    return 1 if bad else 0

sys.exit(main_(sys.argv[1:]))
