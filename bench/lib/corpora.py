# SPDX-License-Identifier: Apache-2.0
"""Corpora and selector lists, made once for each set of arguments and kept in a folder."""
import hashlib
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ("corpus.c", "lists.c")
MALFORMED = re.compile(r"fuzz|malform|invalid|crash|overflow|corrupt|broken|bad[-_.]|evil|garbage|truncat|overlap|wrong", re.I)


class Broken(Exception):
    """The bench cannot go on; one line."""


def build_tools(build):
    """ninja knows whether anything is to be done."""
    done = subprocess.run(["ninja", "-C", build, "bench-tools"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Broken(f"ninja -C {build} bench-tools fails (is {build} a build folder?):\n{(done.stdout + done.stderr).strip()[-2000:]}")


def captures_in(*places):
    """All captures below the first place that has any, and the name of the place."""
    for place in places:
        found = sorted(p for p in place.rglob("*") if p.is_file() and ".pcap" in p.name) if place.is_dir() else []
        if found:
            return found, place.name
    raise Broken(f"no captures under {' or '.join(str(p) for p in places)}")


class Corpora:
    """Files in one folder, each with its facts (NAME.json). What was made by other sources or from other captures is made anew."""

    def __init__(self, folder, build, data):
        self.folder, self.tools, self.data = pathlib.Path(folder), pathlib.Path(build) / "bench", data
        self.folder.mkdir(parents=True, exist_ok=True)
        self.source = hashlib.sha256(b"".join((ROOT / "bench" / name).read_bytes() for name in SOURCES)).hexdigest()

    def call(self, tool, *words):
        done = subprocess.run([str(word) for word in (self.tools / tool, *words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{tool} {words[0]}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def kept(self, name, key, make):
        """The facts of NAME, made by make(path) unless they are there with the same key."""
        path, facts_path = self.folder / name, self.folder / f"{name}.json"
        key = hashlib.sha256(json.dumps([self.source, key]).encode()).hexdigest()
        try:
            facts = json.loads(facts_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            facts = {}
        if facts.get("key") != key or not path.exists():
            facts_path.unlink(missing_ok=True)
            facts = {**make(path), "key": key}
            facts_path.write_text(json.dumps(facts), encoding="utf-8")
        return {**facts, "path": path}

    def pcap(self, name, words, captures=()):
        key = [words, [[str(p), p.stat().st_size] for p in captures]]

        def make(path):
            facts = self.call("corpus", *words, path, *captures)
            return {**facts, "flows": self.call("floor", path)["flows"], "file_bytes": path.stat().st_size}
        return {**self.kept(f"{name}.pcap", key, make), "name": name}

    def mix(self, packets):
        captures, source = captures_in(self.data, ROOT / "samples")
        return {**self.pcap(f"mix-{packets}", ["mix", packets], captures), "name": "mix", "shape": "copies of real captures, addresses rewritten, interleaved", "source": source}

    def small(self, packets):
        return {**self.pcap(f"small-{packets}", ["small", packets]), "name": "small", "shape": "SYN scans, DNS, short segments on 20,000 long flows"}

    def flows(self, packets, flows):
        return self.pcap(f"flows-{packets}-{flows}", ["flows", packets, flows])

    def hostile(self, shape, packets):
        return {**self.pcap(f"{shape}-{packets}", [shape, packets]), "name": shape}

    def malformed(self, packets):
        """The malformed captures of the data set, by their names; None where there is none."""
        if not self.data.is_dir():
            return None
        captures = [p for p in captures_in(self.data)[0] if MALFORMED.search(p.name)]
        return {**self.pcap(f"malformed-{packets}", ["mix", packets], captures), "from": len(captures)} if captures else None

    def lists(self, corpus, count, one_in):
        """Folder of ipv4.txt, ipv6.txt, domains.txt; count values each, none of the corpus but one in one_in of its own (0: none)."""
        def make(path):
            path.mkdir(exist_ok=True)
            return self.call("lists", corpus["path"], count, one_in, path)
        return self.kept(f"lists-{corpus['path'].stem}-{count}-{one_in}", [corpus["key"], count, one_in], make)
