#!/usr/bin/env python3
"""Campaigns from the outside: captures in, findings tied, the graph, decay, orders that do not matter; and hours of events, with what is no person."""
import datetime, random
from lib import *

OURS, NOON = "192.0.2.", 1795348800  # 2026-11-22T12:00:00Z

def talk(when, host, server, name=None, port=443):
    """One of ours asks a server outside for a name by TLS."""
    out = client_hello(name) if name else b"hello"
    return [(when + i * 0.01, ether(p)) for i, p in enumerate(tcp_talk(f"{OURS}{host}", 20000 + int(when) % 30000, server, port, out=out, back=b"x" * 200))]

def day_of_one():
    """Two actors and strangers: A has two names at one address and a third name elsewhere that shares an address with it; B another name at two addresses."""
    frames = []
    for i, (host, server, name) in enumerate([(10, "198.51.100.7", "a.bad-one.example"), (11, "198.51.100.7", "b.bad-two.example"), (12, "198.51.100.9", "c.bad-two.example"),
                                              (20, "203.0.113.80", "x.other.example"), (21, "203.0.113.200", "y.other.example"), (30, "203.0.113.30", "z.alone.example")]):
        frames += talk(NOON + i * 5000, host, server, name)
    # A content network: forty bad names of forty people at one address.
    for i in range(40): frames += talk(NOON + 40000 + i * 300, 100 + i, "203.0.113.99", f"w.shared-{i}.example")
    return sorted(frames, key=lambda f: f[0])

def capture(path, timed): return write_pcap(path, [frame for _, frame in timed], times=[when for when, _ in timed])

def names(): return ["bad-one.example", "bad-two.example", "other.example", "alone.example"] + [f"shared-{i}.example" for i in range(40)]

def workspace_of(folder, name, captures):
    workspace = make_workspace(folder, name, profile="own-network", border=make_border(os.path.join(folder, name + ".skb"), rest="foreign"), extra=["--role", "party", "--names"])
    listed = os.path.join(folder, "names.txt")
    open(listed, "w").write("\n".join(names()) + "\n")
    sekisho("selectors", "import", "--workspace", workspace, listed)
    for capture in captures: sekisho("watch", "--workspace", workspace, capture)
    return workspace

def campaigns(workspace, *words): return json.loads(sekisho("campaign", "list", "--workspace", workspace, "--at", "2026-11-24T00:00:00Z", "--json", *words).out)

def ties(folder):
    frames = day_of_one()
    whole = os.path.join(folder, "whole.pcap"); capture(whole, frames)
    workspace = workspace_of(folder, "one", [whole])
    got = campaigns(workspace)
    expect(len(got) == 2, f"{len(got)} campaigns, two were played: {got}")
    by_size = sorted(got, key=lambda c: -c["findings"])
    expect(by_size[0]["findings"] == 3 and by_size[0]["own_hosts"] == 3 and by_size[0]["values"]["address"] == 2, f"the actor with three findings: {by_size[0]}")
    expect(by_size[1]["findings"] == 2 and by_size[1]["strongest"] == {"kind": "domain", "value": "other.example"}, f"the other: {by_size[1]}")
    expect("45" not in str([c["findings"] for c in got]), "the content network glued strangers")
    shown = json.loads(sekisho("campaign", "show", by_size[0]["id"], "--workspace", workspace, "--at", "2026-11-24", "--json").out)
    expect({"198.51.100.7", "bad-two.example"} <= {l["value"] for l in shown["links"]}, f"links: {shown['links']}")
    expect(len(shown["members"]) == 3 and all(m["id"] for m in shown["members"]), "three members")
    expect(shown["hours"]["estimate"] is False, "three findings have no hours")
    graph = json.loads(sekisho("campaign", "show", by_size[0]["id"][:8], "--workspace", workspace, "--at", "2026-11-24", "--graph", "json").out)
    ids = {n["id"] for n in graph["nodes"]}
    expect(graph["edges"] and all(e["from"] in ids and e["to"] in ids for e in graph["edges"]), "every edge has its ends")
    dot = sekisho("campaign", "show", by_size[0]["id"], "--workspace", workspace, "--at", "2026-11-24", "--graph", "dot").out
    expect(dot.startswith("graph ") and dot.count(" -- ") == len(graph["edges"]), "as many edges in dot")
    text = sekisho("campaign", "show", by_size[0]["id"], "--workspace", workspace, "--at", "2026-11-24").out
    expect("address: 198.51.100.7" in text and "Held together by" in text, text)
    # the twin of the content network: were its address shared by two alone, they would be tied
    few = [f for f in frames if f[0] < NOON + 40000 + 2 * 300]
    capture(os.path.join(folder, "few.pcap"), few)
    expect(len(campaigns(workspace_of(folder, "few", [os.path.join(folder, "few.pcap")]))) == 3, "two names at one address are one actor")
    return frames, got, workspace

def order(folder, frames, got):
    """The same traffic in two captures, watched in the other order, in another workspace: the same answer, byte for byte."""
    half = len(frames) // 2
    while frames[half][0] - frames[half - 1][0] < 1: half += 1
    for name, part in (("a", frames[:half]), ("b", frames[half:])): capture(os.path.join(folder, name + ".pcap"), part)
    other = workspace_of(folder, "other", [os.path.join(folder, "b.pcap"), os.path.join(folder, "a.pcap")])
    expect(campaigns(other) == got, "the order in which captures were watched shows")
    expect(campaigns(other) == campaigns(other), "asked twice, the same")

def decays(workspace, got):
    def states(at, *words): return sorted(c["state"] for c in json.loads(sekisho("campaign", "list", "--workspace", workspace, "--json", "--at", at, *words).out))
    expect(states("2026-11-24") == ["active", "active"], "active at first")
    expect(states("2026-12-20") == ["fading", "fading"], "fading after two weeks")
    expect(states("2027-03-20") == [] and states("2027-03-20", "--all") == ["expired", "expired"], "expired after 90 days, and shown with --all")
    expect(states("2026-11-22T12:30:00Z", "--all") == [], "before it happened there was nothing")
    heat = [max(c["heat"] for c in json.loads(sekisho("campaign", "list", "--workspace", workspace, "--json", "--at", at).out)) for at in ("2026-11-24", "2026-12-08", "2026-12-22")]
    expect(abs(heat[1] / heat[0] - 0.5) < 0.01 and abs(heat[2] / heat[1] - 0.5) < 0.01, f"heat halves in two weeks: {heat}")

def tables(folder, workspace):
    sectors, autonomous, listed = (os.path.join(folder, n) for n in ("sectors", "as", "cdn.json"))
    open(sectors, "w").write("192.0.2.0/28 energy\n192.0.2.16/28 rail\n")
    open(autonomous, "w").write("198.51.100.0/24 AS64500\n203.0.113.0/24 64501\n")
    got = {c["findings"]: c for c in campaigns(workspace, "--sectors", sectors, "--as", autonomous)}
    expect(got[3]["sectors"] == ["energy"] and got[2]["sectors"] == ["rail"], f"sectors: {got}")
    expect(got[3]["values"]["as"] == 1, "one AS")
    json.dump({"name": "addresses of a content network", "version": 1, "description": "x", "type": "cidr", "matching_attributes": ["ip-dst", "ip-src"], "list": ["198.51.100.7/32"]}, open(listed, "w"))
    expect(sorted(c["findings"] for c in campaigns(workspace, "--warning-list", listed)) == [2, 2], "what a warning list names ties nothing: bad-two's two findings are left")
    open(sectors, "w").write("192.0.2.0/28 Energy\n")
    done = sekisho("campaign", "list", "--workspace", workspace, "--sectors", sectors, code=10)
    expect("sectors:1: 'Energy' is no sector" in done.err, done.err)

def attack(folder):
    """One address tries a port of many, then many ports of one: two detectors, one actor, with their technique. A second scanner far away is another."""
    frames = []
    for scanner, start in (("198.51.100.66", NOON), ("203.0.113.66", NOON + 7200)):
        tries = [(host, 22) for host in range(1, 41)] + [(77, port) for port in range(1000, 1150)]
        frames += [(start + i * 0.5, ether(tcp(scanner, 40000 + i, f"{OURS}{host}", port, SYN, seq=i + 1))) for i, (host, port) in enumerate(tries)]
    path = os.path.join(folder, "scans.pcap"); capture(path, frames)
    workspace = workspace_of(folder, "scans", [path])
    got = campaigns(workspace)
    expect(len(got) == 2 and all(len(c["kinds"]) >= 2 and c["attack"] == ["T1595.001"] and c["values"]["address"] == 1 for c in got), f"two scanners, each one campaign: {got}")

def wrong_calls(workspace):
    for words, what in ((["list"], "--workspace DIR is missing"), (["show", "--workspace", workspace], "one campaign's id"), (["show", "zz", "--workspace", workspace], "no campaign's id"),
                        (["list", "--workspace", workspace, "--graph", "dot"], "--graph belongs to show"), (["x"], "none of list"), (["hours"], "--events FILE is missing"),
                        (["list", "--workspace", workspace, "--at", "x"], "--at x")):
        done = sekisho("campaign", *words, code=2)
        expect(what in done.err, f"{words}: {done.err}")
    expect("no campaign's id begins with 'c-00000000'" in sekisho("campaign", "show", "c-00000000", "--workspace", workspace, code=4).err, "not found")

# ---- hours ----

def office(offset_h, days=500, seed=1):
    """Somebody's commits: office hours with a break, evenings now and then, holidays; as a file in mixed zones."""
    dice, lines = random.Random(seed), []
    start = datetime.datetime(2025, 1, 6, tzinfo=datetime.timezone.utc)
    for day in range(days):
        date = start + datetime.timedelta(days=day)
        if day % 90 < 9 or dice.random() < (0.25 if date.weekday() < 5 else 0.93): continue
        hours = [dice.gauss(10.7, 1.1), dice.gauss(15.2, 1.5), dice.gauss(16.8, 1)] + ([dice.gauss(21.5, 0.8)] if dice.random() < 0.15 else [])
        for hour in hours:
            moment = date + datetime.timedelta(hours=hour - offset_h, seconds=dice.random() * 60)
            zone = datetime.timezone(datetime.timedelta(minutes=dice.choice([0, 540, 330, -300])))
            lines.append(moment.astimezone(zone).isoformat(timespec=dice.choice(["seconds", "milliseconds"])))
    dice.shuffle(lines)
    return lines

def hours(folder):
    path = os.path.join(folder, "events")
    def ask(lines, *words):
        open(path, "w").write("\n".join(lines) + "\n")
        return json.loads(sekisho("campaign", "hours", "--events", path, "--json", *words).out)
    for offset in (8, 9, 3, -5):
        got = ask(office(offset, seed=offset + 50))
        expect(got["estimate"] and offset * 60 in got["set"]["minutes"], f"{offset:+}: {got['verdict']}, {got['set'] and got['set']['offsets']}")
        expect(got["set"]["width_minutes"] <= 300, f"{offset:+}: a set of {got['set']['width_minutes']} minutes says little")
        expect(abs(sum(p["probability"] for p in got["posterior"]) - 1) < 1e-3, "a posterior sums to 1")
        expect([e["line"] for e in got["evidence"]] == ["day", "clock", "weekend", "midday", "holidays"], "lines of evidence")
        # the twin: the same hours lived elsewhere are not in this set
        expect((offset + 9 if offset < 3 else offset - 9) * 60 not in got["set"]["minutes"], "the set holds the other side of the world")
    dice = random.Random(3)
    even = [f"@{1735776000 + dice.random() * 400 * 86400:.3f}" for _ in range(900)]
    bot = [f"@{1735776000 + i * 86400 + 9 * 3600 + dice.random() * 300:.0f}" for i in range(300)]
    for lines, cause in ((even, "even"), (bot, "regular"), (office(9)[:9], "thin")):
        got = ask(lines)
        expect(got["verdict"] == "no estimate" and got["cause"] == cause and got["set"] is None, f"{cause}: {got['verdict']} {got['cause']}")
        expect("No estimate: " in sekisho("campaign", "hours", "--events", path).out, "in words too")
    first = sekisho("campaign", "hours", "--events", path).out
    expect(sekisho("campaign", "hours", "--events", "-", stdin=open(path, "rb").read()).out == first, "a pipe says the same as the file")
    lines = office(9); lines[6] = "yesterday"
    open(path, "w").write("\n".join(lines) + "\n")
    done = sekisho("campaign", "hours", "--events", path, code=10)
    expect(f"{path}:7: 'yesterday' is no time" in done.err and done.err.count("\n") == 1 and done.out == "", done.err)
    sekisho("campaign", "hours", "--events", os.path.join(folder, "absent"), code=4)

def findings_tie():
    with Folder() as folder:
        frames, got, workspace = ties(folder)
        order(folder, frames, got)
        decays(workspace, got)
        tables(folder, workspace)
        attack(folder)
        wrong_calls(workspace)

def hours_of_events():
    with Folder() as folder: hours(folder)

main(findings_tie, hours_of_events)
