#!/usr/bin/env python3
"""Behaviour over weeks from the outside: a capture of 30 days, stored, and what `sekisho detect` says; the basis rules it, a mute hides it, nothing is written."""
import random
from lib import *

START, HOUR = 1795348800, 3600  # 2026-11-22T12:00:00Z

def talk(when, host, server, sport, port=443, out=b"q" * 300, back=b"a" * 600):
    return [(when + i * 0.01, ether(p)) for i, p in enumerate(tcp_talk(host, sport, server, port, out=out, back=back))]

def month(rng):
    """One host calls home each hour, a fifth of the calls missing; one asks for the time as regularly; one browses; and somebody abroad tries another address each six hours."""
    frames = []
    for i in range(720):
        when = START + i * HOUR
        if rng.random() > 0.2: frames += talk(when + rng.uniform(0, 400), "192.0.2.10", "203.0.113.5", 20000 + i)
        frames.append((when, ether(udp("192.0.2.11", 30000 + i, "203.0.113.6", 123, b"\x23" + b"\0" * 47))))
        frames.append((when + 0.05, ether(udp("203.0.113.6", 123, "192.0.2.11", 30000 + i, b"\x24" + b"\0" * 47))))
        if i % 6 == 0: frames.append((when + 60, ether(tcp("203.0.113.99", 40000, f"192.0.2.{100 + i // 6}", 22, SYN))))
        frames += talk(START + rng.uniform(0, 720 * HOUR), "192.0.2.12", "203.0.113.7", 20000 + i)
    return sorted(frames, key=lambda f: f[0])

def detect(workspace, *words, **more): return sekisho("detect", "--workspace", workspace, *words, **more)

def over_weeks():
    with Folder() as folder:
        frames = month(random.Random(3))
        capture = write_pcap(os.path.join(folder, "month.pcap"), [f for _, f in frames], times=[t for t, _ in frames])
        workspace = make_workspace(folder, border=make_border(os.path.join(folder, "b.skb"), rest="foreign"))
        expect(json.loads(detect(workspace, "--json").out) == [], "an empty workspace has findings")
        sekisho("selectors", "import", "--workspace", workspace, "--all-flows")
        sekisho("watch", "--workspace", workspace, capture)
        ledger = open(os.path.join(workspace, "ledger", "checkpoint")).read()
        found = json.loads(detect(workspace, "--json").out)
        expect([(f["kind"], f["subject"], f["counterpart"]) for f in found] == [("beacon.stored", "192.0.2.10", "203.0.113.5"), ("scan.slow", "203.0.113.99", "192.0.2.100")], f"found {[(f['kind'], f['subject']) for f in found]}")
        expect(500 < found[0]["count"] < 650 and ("every 1 h" in found[0]["sentence"] or "every 59 min" in found[0]["sentence"] or "every 60 min" in found[0]["sentence"]), found[0]["sentence"])
        expect(found[1]["count"] == 120 and "tried tcp/22 on about" in found[1]["sentence"], found[1]["sentence"])
        expect(json.loads(detect(workspace, "beacon.stored", "--json").out) == found[:1] and json.loads(detect(workspace, "scan.slow", "--json").out) == found[1:], "the same records give other findings")
        expect("192.0.2.10 (inside) came back to 203.0.113.5" in detect(workspace).out, "the table does not tell it")
        # The first three days alone; then a time in which nothing is.
        part = json.loads(detect(workspace, "--until", "2026-11-25T12:00:00Z", "--json").out)
        expect(len(part) == 1 and part[0]["count"] < 75 and part[0]["id"] == found[0]["id"], f"three days: {part}")
        expect(json.loads(detect(workspace, "--since", "2027-06-01", "--json").out) == [], "found in a time in which nothing was stored")
        expect(open(os.path.join(workspace, "ledger", "checkpoint")).read() == ledger, "looking has written into the ledger")
        sekisho("mute", "203.0.113.5", "--for", "24h", "--why", "our own probe", "--workspace", workspace, code=None)
        sekisho("mute", found[0]["matched"], "--for", "24h", "--why", "our own probe", "--workspace", workspace)
        quiet = detect(workspace, "--json")
        expect([f["kind"] for f in json.loads(quiet.out)] == ["scan.slow"] and "1 finding is muted" in quiet.err, f"muted: {quiet.out} {quiet.err}")
        expect(json.loads(detect(workspace, "--muted", "--json").out)[0]["muted"] is True, "--muted does not show it")

def basis_rules():
    with Folder() as folder:
        workspace = make_workspace(folder, border=make_border(os.path.join(folder, "b.skb")), extra=["--detectors", "scan.horizontal"])
        done = detect(workspace, code=None)
        expect(done.returncode != 0 and "the basis names no detector of the centre" in done.err, f"a basis that names none: {done.returncode} {done.err}")
        done = detect(workspace, "beacon.stored", code=None)
        expect(done.returncode != 0 and "the basis does not name detector beacon.stored" in done.err, done.err)
        expect("is no detector of the centre" in detect(workspace, "scan.horizontal", code=2).err, "a sensor's detector runs over the store")
        expect("do not belong here" in detect(workspace, "--limit", "3", code=2).err, "--limit is taken")
        done = sekisho("basis", "renew", "--workspace", workspace, "--detectors", "beacon.stored:visits=3", code=None)
        expect(done.returncode != 0 and "visits is 3, expected 6 to 1000" in done.err, f"a threshold out of bounds: {done.err}")
        sekisho("basis", "renew", "--workspace", workspace, "--detectors", "beacon.stored:visits=20")
        detect(workspace)
        carrier = make_workspace(folder, "carrier", profile="own-network", border=make_border(os.path.join(folder, "c.skb"), rest="foreign"), extra=["--role", "carrier"])
        expect("the basis names no detector of the centre" in detect(carrier, code=None).err, "a carrier may look back")

main(over_weeks, basis_rules)
