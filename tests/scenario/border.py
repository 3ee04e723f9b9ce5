#!/usr/bin/env python3
"""sekisho border from the outside: the calls that scripts rely on, wrong input, reproducible bytes, tables from the real Debian packages against the jurisdiction probes."""
import gzip, json, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import *

LIBLOC, KEY = "/var/lib/location/database.db", "/var/lib/location/signing-key.pem"

def sides(table, addresses):
    done = sekisho("border", "lookup", "-t", table, "-", stdin="\n".join(addresses).encode())
    return dict(line.split("\t") for line in done.out.splitlines())

def refused(code, words, *call, **more):
    done = sekisho(*call, code=code, **more)
    lines = done.err.splitlines()
    expect(words in done.err and lines[0].startswith("sekisho"), f"{call}: {done.err}")

def basics(folder):
    own, table = os.path.join(folder, "own.txt"), os.path.join(folder, "t.skb")
    with open(own, "w") as f: f.write("\ufeff# ours\r\n192.0.2.0/24\r\n9.9.9.0 - 9.9.9.9\r\n2a00::/32\r\n")
    sekisho("border", "build", "--domestic", own, "-o", table)
    got = sides(table, ["9.9.9.9", "9.9.9.10", "192.0.2.1", "2a00::1", "2a01::1", "::ffff:9.9.9.9", "10.0.0.1", "203.0.113.1"])
    expect(list(got.values()) == ["domestic", "foreign", "domestic", "domestic", "foreign", "domestic", "domestic", "unknown"], str(got))
    info = json.loads(sekisho("border", "info", "-t", table, "--json").out)
    expect(info["home"] == "-" and info["overrides_special"] and info["v4_addresses"]["domestic"] > 266, str(info))
    why = json.loads(sekisho("border", "explain", "-t", table, "--json", "9.9.9.5").out)
    expect(why["by"] == "list" and why["sources"][0]["line"] == 3, str(why))
    expect(json.loads(sekisho("border", "lookup", "-t", table, "--json", "9.9.9.5").out) == {"address": "9.9.9.5", "side": "domestic"}, "lookup --json")

    same = [os.path.join(folder, name) for name in ("a.skb", "b.skb")]
    for path in same: sekisho("border", "build", "--domestic", own, "-o", path, env={"SOURCE_DATE_EPOCH": "1750000000"})
    expect(open(same[0], "rb").read() == open(same[1], "rb").read(), "same inputs, other bytes")
    other = os.path.join(folder, "c.skb")
    sekisho("border", "build", "--domestic", own, "--unknown", "9.9.9.4/30", "-o", other)
    change = json.loads(sekisho("border", "diff", "--json", table, other).out)
    expect(change["v4"] == [{"from": "domestic", "to": "unknown", "addresses": 4, "examples": [{"first": "9.9.9.4", "last": "9.9.9.7"}]}] and change["v6"] == [], str(change))
    expect(json.loads(sekisho("border", "diff", "--json", table, table).out) == {"v4": [], "v6": []}, "a table differs from itself")

    before = open(table, "rb").read()
    with open(own, "a") as f: f.write("10.1.2.3/8\r\n")
    refused(10, f"{own}:5: '10.1.2.3/8' has bits set after its length; write 10.0.0.0/8", "border", "build", "--domestic", own, "-o", table)
    refused(10, "is domestic at", "border", "build", "--domestic", "1.0.0.0/8", "--foreign", "1.0.0.0/8", "-o", table)
    refused(2, "--home", "border", "build", "--home", "J1", "--domestic", "1.0.0.0/8", "-o", table)
    refused(2, "-o FILE", "border", "build", "--domestic", "1.0.0.0/8")
    refused(4, "no such file", "border", "build", "--domestic", "nothing-here.txt", "-o", table)
    expect(open(table, "rb").read() == before, "a refused build changed the table")
    with open(table, "r+b") as f: f.seek(5000); f.write(b"\xff")
    refused(3, "SHA-256", "border", "lookup", "-t", table, "1.2.3.4")
    refused(10, "is no address", "border", "lookup", "-t", other, "1.2.3.4.5")
    expect(sorted(os.listdir(folder)) == ["a.skb", "b.skb", "c.skb", "own.txt", "t.skb"], "temporary files were left")

def packages(folder):
    geoipdb = os.path.join(folder, "geoipdb")
    fetched = subprocess.run([os.path.join(ROOT, "scripts", "fetch-geoipdb"), geoipdb], capture_output=True).returncode == 0
    sources = ["--geoipdb", geoipdb] if fetched else []
    if os.path.exists(LIBLOC) and os.path.exists(KEY): sources += ["--libloc", LIBLOC]
    if not fetched: print("note: tor-geoipdb cannot be fetched; without it")
    if "--libloc" not in sources: print("note: the packages libloc-database and location are not installed; without them")
    csv = [os.path.join(SHARED, "jurisdiction", f"country-v{n}.csv.gz") for n in "46"]
    if not os.path.exists(csv[0]): print("note: ../shared/data/jurisdiction is absent; no probes"); return
    table = os.path.join(folder, "jp.skb")
    made = sekisho("border", "build", "--home", "JP", *sources, "--csv", csv[0], "--csv", csv[1], "-o", table)
    expect("disputed" in made.out, made.out)
    if "--libloc" in sources: expect("days old: address space has moved" in made.out, made.out)
    print(next(line for line in made.out.splitlines() if "disputed" in line).strip())
    if not fetched: return
    for name in ("probe-3-independent.tsv.gz", "sample-4-sources.tsv.gz"):
        rows = [line.rstrip("\n").split("\t") for line in gzip.open(os.path.join(SHARED, "jurisdiction", name), "rt")][1:]
        got = sides(table, [row[0] for row in rows])
        for row in rows:
            if row[1:-1].count("JP") >= 3: expect(got[row[0]] != "foreign", f"{row}: three sources say JP, the table says foreign")
            if row[-1] == "not-JP" and set(row[1:-1]) - {"", "??"}: expect(got[row[0]] != "domestic", f"{row}: the table says domestic")
        print(f"{name}: {len(rows)} addresses, {sum(got[r[0]] == 'unknown' for r in rows)} unknown")

with Folder() as folder: basics(folder)
with Folder() as folder: packages(folder)
print("border: ok")
