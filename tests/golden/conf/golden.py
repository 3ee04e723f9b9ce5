#!/usr/bin/env python3
"""What people read of a configuration that is wrong, and of keys that they ask for: each NAME.yaml here goes through `sekisho conf check`, which must say NAME.txt. `--update` writes the
files anew: look at the difference first. `--sabotage` breaks one file in memory and must fail."""
import difflib, glob, os, sys
here = os.path.dirname(os.path.abspath(__file__)); sys.path.insert(0, os.path.join(here, "../../scenario"))
from lib import *

def outputs():
    os.chdir(here)
    for path in sorted(glob.glob("*.yaml")):
        done = sekisho("conf", "check", path, code=None); yield path[:-5], f"{done.out}{done.err}exit {done.returncode}\n"
    yield "explain", sekisho("conf", "explain", "links", "shed.heads", "log.rate", "eve.rotate").out

def main_(argv):
    bad = 0
    for name, text in outputs():
        path = os.path.join(here, name + ".txt")
        if "--update" in argv: open(path, "w", encoding="utf-8").write(text); continue
        want = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if "--sabotage" in argv and name == "slips": want = want.replace("did you mean", "did you say", 1)
        if text == want: print("ok  ", name); continue
        bad += 1; print(f"{name} is not as tests/golden/conf/{name}.txt says:"); print("\n".join(difflib.unified_diff(want.split("\n"), text.split("\n"), "golden", "now", lineterm="", n=1)))
    return 1 if bad else 0

sys.exit(main_(sys.argv[1:]))
