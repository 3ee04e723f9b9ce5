#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rule: BGP-1, BGP-2, BGP-3. Flow specifications and blackholes: announced by a GoBGP and by an ExaBGP, held by a neighbour (another GoBGP), taken away exactly, dead when the speaker is."""
from drive import *

BLACKHOLE, DISCARD = 65535 << 16 | 666, 0


def attr(path, kind): return next((a for a in path["attrs"] if a["type"] == kind), {})
def marks(path): return [(v["ASN"], v["LocalData1"], v["LocalData2"]) for v in attr(path, 32).get("value", [])]
def rate(path): return next((v["rate"] for v in attr(path, 16).get("value", []) if v.get("subtype") == 6), None)


COMMON = """name: border-1
own_prefixes: [192.0.2.0/24, 198.51.100.0/24, "2001:db8:1::/48"]
as: 64512
discard: true
rtbh: true
communities: ["64512:1"]
"""
TAG = (0x01234567, 0x89abcdef)


def carries(backend, peer):
    """What any speaker must do. peer is the neighbour's GoBGP, the judge."""
    before, state = peer.tables(), backend.say("state")
    backend.item("flowspec.rate_limit", "203.0.113.7/32", rate=123456789)
    backend.item("flowspec.discard", "2001:db8:ffff::/48")
    backend.item("flowspec.discard", "198.51.100.64/26")
    backend.item("rtbh.blackhole", "192.0.2.99/32")
    backend.item("rtbh.blackhole", "2001:db8:1::99/128")
    backend.say("check")
    text = backend.say("text")
    expect(text == ["flow to 192.0.2.0/24 from 203.0.113.7/32 rate 123456792 community 64512:1 mark 64512:19088743:2309737967",
                    "flow to 198.51.100.0/24 from 203.0.113.7/32 rate 123456792 community 64512:1 mark 64512:19088743:2309737967",
                    "flow to 2001:db8:1::/48 from 2001:db8:ffff::/48 rate 0 community 64512:1 mark 64512:19088743:2309737967",
                    "flow to 198.51.100.64/26 rate 0 community 64512:1 mark 64512:19088743:2309737967",
                    "route to 192.0.2.99/32 via 192.0.2.1 community 64512:1 community 65535:666 mark 64512:19088743:2309737967",
                    "route to 2001:db8:1::99/128 via 100::1 community 64512:1 community 65535:666 mark 64512:19088743:2309737967"], f"text: {text}")
    expect(backend.say("read") == [] and not backend.good()[1], "before it is set, nothing is there and no effect is seen")
    expect(peer.tables() == before, "text, check, read and effect change nothing")
    backend.say("set")
    expect(backend.say("read") == text, f"read: {backend.say('read')}")
    until("effect at the neighbour", lambda: backend.good()[1])
    # The neighbour's own table, asked by its own program.
    flow = peer.rib("ipv4-flowspec")
    expect(set(flow) == {"[destination: 192.0.2.0/24][source: 203.0.113.7/32]", "[destination: 198.51.100.0/24][source: 203.0.113.7/32]", "[destination: 198.51.100.64/26]"}, f"flow: {list(flow)}")
    expect(abs(rate(flow["[destination: 192.0.2.0/24][source: 203.0.113.7/32]"][0]) - 123456792) < 16 and rate(flow["[destination: 198.51.100.64/26]"][0]) == DISCARD, "rates arrive")
    expect(all(marks(p) == [(64512, *TAG)] for paths in flow.values() for p in paths), "each bears the mark")
    hole = peer.rib("ipv4")["192.0.2.99/32"][0]
    expect(BLACKHOLE in attr(hole, 8)["communities"] and attr(hole, 3)["nexthop"] == "192.0.2.1", f"blackhole: {hole}")
    expect(BLACKHOLE in attr(peer.rib("ipv6")["2001:db8:1::99/128"][0], 8)["communities"], "IPv6 blackhole")
    backend.say("set")
    expect(backend.say("read") == text and len(backend.say("state")) == 6, "set again changes nothing")
    backend.say("clear")
    expect(backend.say("read") == [] and backend.say("state") == state, "cleared")
    until("the neighbour is as before", lambda: peer.tables() == before)
    backend.say("clear")  # what is not there is no error
    backend.say("forget")


def refusals(backend):
    """rule: BGP-1. Own prefixes, widths, actions."""
    for action, target, why in (("flowspec.discard", "203.0.112.0/23", "wider than /24"), ("flowspec.discard", "2001:db8:2::/47", "wider than /48"),
                                ("rtbh.blackhole", "203.0.113.7/32", "within own_prefixes"), ("rtbh.blackhole", "192.0.2.0/31", "within own_prefixes"),
                                ("nftables.drop", "203.0.113.7/32", "does not carry drop")):
        backend.item(action, target)
        for word in ("text", "check", "read", "set", "clear", "effect"): backend.refuses(word, -20, why)
        backend.say("forget")


def others(backend, say_else, read_else):
    """rule: BGP-2. Somebody else's rule at the same place is told, and never touched."""
    backend.item("flowspec.rate_limit", "203.0.113.9/32", rate=1000)
    say_else(64512, 1)
    seen = until("somebody else's rule", lambda: backend.say("read"))
    expect(seen != backend.say("text") and any("rate 1 " in line for line in seen), f"{seen}")
    expect(not backend.good()[1], "another's rate is not the effect wanted")
    backend.say("clear")
    expect(backend.say("read") == seen, "clear left it")
    # The same rule with the same rate, but another's mark: still not ours.
    say_else(64512, 1000)
    expect(until("again", lambda: backend.say("read")) != backend.say("text"), "a mark tells whose it is")
    backend.say("clear")
    expect(read_else(), "still there")
    backend.say("forget")


def gobgp(net, folder):
    a = Speaker(net, folder, "a", gobgp_conf(A, B, 64512, 64513, "192.0.2.1"))
    b = Speaker(net, folder, "b", gobgp_conf(B, A, 64513, 64512, "192.0.2.2"))
    until("session", lambda: a.up() and b.up())
    plain = f"backend: gobgp\napi: unix:{a.api}\n" + COMMON
    backend = Backend(net, folder, plain + f"observers: [\"unix:{b.api}\"]\npeers: [{B}]\n")
    carries(backend, b)
    refusals(backend)
    rule = ("global", "rib", "-a", "ipv4-flowspec")
    match = ("match", "destination", "192.0.2.0/24", "source", "203.0.113.9/32")
    others(backend, lambda as_, rate_: a.ask(*rule, "add", *match, "then", "rate-limit", str(rate_), "large-community", f"{as_}:1:1"),
           lambda: "[destination: 192.0.2.0/24][source: 203.0.113.9/32]" in a.rib("ipv4-flowspec"))
    a.ask(*rule, "del", *match)
    # What the neighbour itself announces at the same place stands beside ours: ours goes without it, and is not set against it.
    theirs = ("match", "destination", "192.0.2.0/24", "source", "203.0.113.10/32")
    backend.item("flowspec.discard", "203.0.113.10/32")
    backend.say("check"); backend.say("set")
    b.ask(*rule, "add", *theirs, "then", "rate-limit", "5")
    until("the neighbour's rule", lambda: len(a.rib("ipv4-flowspec")["[destination: 192.0.2.0/24][source: 203.0.113.10/32]"]) == 2)
    expect(backend.say("text") == backend.say("read"), "ours still stands")
    backend.say("clear")
    expect(backend.say("read") == [] and len(a.rib("ipv4-flowspec")["[destination: 192.0.2.0/24][source: 203.0.113.10/32]"]) == 1, "ours is gone, theirs is not")
    backend.refuses("check", -20, "a neighbour announces")
    b.ask(*rule, "del", *theirs)
    backend.say("forget")
    # rule: BGP-3. One of two rules was changed by somebody: the enforcer leaves the place; past its end what is ours goes all the same, what is theirs stays.
    until("withdrawn", lambda: not a.rib("ipv4-flowspec"))
    backend.item("flowspec.discard", "203.0.113.11/32", until=at(-3600))
    backend.say("set")
    a.ask(*rule, "add", "match", "destination", "192.0.2.0/24", "source", "203.0.113.11/32", "then", "rate-limit", "5")
    expect(backend.say("read") != backend.say("text") and len(backend.say("state")) == 1, "a conflict")
    again = Backend(net, folder, plain)  # after a crash as well: the note is in a file
    again.say("turn")
    expect(list(a.rib("ipv4-flowspec")) == ["[destination: 192.0.2.0/24][source: 203.0.113.11/32]"] and backend.say("state") == [], "ours is gone, theirs is not")
    again.say("turn")
    a.ask(*rule, "del", "match", "destination", "192.0.2.0/24", "source", "203.0.113.11/32")
    backend.say("forget")
    # Without discard and rtbh in the configuration there are rate limits alone. Without peers and observers every neighbour is asked.
    careful = Backend(net, folder, plain.replace("discard: true\nrtbh: true\n", ""), "careful")
    careful.item("flowspec.discard", "203.0.113.7/32"); careful.refuses("check", -20, "rate-limit before discard"); careful.say("forget")
    careful.item("rtbh.blackhole", "192.0.2.99/32"); careful.refuses("set", -20, "no blackholes"); careful.say("forget")
    careful.item("flowspec.rate_limit", "203.0.113.7/32", rate=1000)
    careful.say("set")
    lines = until("what was sent", lambda: careful.good()[0] if careful.good()[1] else None)
    expect(lines == [f"203.0.113.7/32 | neighbour {B}, sent | holds all rules of it | good"], f"{lines}")
    # The session's end, without a word: the neighbour withdraws, because rules live in sessions alone.
    before = b.tables()
    net.stop(a.p, kill=True)
    until("rules die with the speaker", lambda: not b.rib("ipv4-flowspec"))
    for word in ("check", "read", "set", "clear", "effect"): careful.refuses(word, -88, "gobgp")
    a.start()
    until("session again", lambda: a.up() and b.up())
    expect(careful.say("read") == [] and not careful.good()[1], "what died is told as gone")
    careful.say("set")
    until("set again", lambda: b.tables() == before)
    # A place that a measure names gets nothing, not even a question.
    tcp = Backend(net, folder, COMMON + "backend: gobgp\napi: tcp:127.0.0.1:50051\n", "tcp")
    tcp.item("flowspec.rate_limit", "203.0.113.7/32", rate=1)
    tcp.say("named 127.0.0.1")
    tcp.refuses("read", -49, "PEER-1")
    net.stop(a.p); net.stop(b.p)
    # Graceful restart would keep rules without a session: refused.
    a = Speaker(net, folder, "a", gobgp_conf(A, B, 64512, 64513, "192.0.2.1", restart=True))
    careful.refuses("check", -20, "graceful restart")
    net.stop(a.p)
    print("gobgp: announced, read back at the neighbour, undone, others' left alone, dead with its session")


def exabgp(net, folder):
    b = Speaker(net, folder, "b", gobgp_conf(B, A, 64513, 64512, "192.0.2.2"))
    pipe, words = exabgp_speaker(folder)
    backend = Backend(net, folder, COMMON + f"backend: exabgp\npipes: {os.path.dirname(pipe)}\nobservers: [\"unix:{b.api}\"]\n", "ex")
    alone = Backend(net, folder, COMMON + f"backend: exabgp\npipes: {os.path.dirname(pipe)}\n", "alone")
    backend.item("flowspec.discard", "203.0.113.7/32")
    for word in ("check", "read", "set", "clear"): backend.refuses(word, -88, "running")
    backend.say("forget")
    p = net.start("a", *words, log=os.path.join(folder, "ex.log"))
    until("session", b.up)
    until("pipes", lambda: quiet(backend))
    carries(backend, b)
    refusals(backend)
    alone.item("flowspec.discard", "203.0.113.7/32")
    alone.say("set")
    expect(alone.good()[1], "without an observer, what ExaBGP shows is the effect")
    until("the neighbour holds it", lambda: len(b.rib("ipv4-flowspec")) == 2)
    ours = alone.say("state")
    say_pipe = lambda line: say(pipe, line)
    match = "match { destination 192.0.2.0/24; source 203.0.113.9/32; }"
    others(backend, lambda as_, rate_: say_pipe(f"announce flow route {{ {match} then {{ rate-limit {rate_}; large-community [{as_}:1:1]; }} }}"),
           lambda: "[destination: 192.0.2.0/24][source: 203.0.113.9/32]" in b.rib("ipv4-flowspec"))
    say_pipe(f"withdraw flow route {{ {match} then {{ discard; }} }}")
    until("withdrawn", lambda: alone.say("state") == ours)
    net.stop(p, kill=True)
    until("rules die with the speaker", lambda: not b.rib("ipv4-flowspec"))
    net.stop(b.p)
    print("exabgp: announced, read back at the neighbour, undone, others' left alone, dead with its session")


def quiet(backend):
    """ExaBGP's control process needs a moment to open its pipes."""
    try: backend.say("state"); return True
    except Refused: return False


def say(pipe, line):
    fd = os.open(pipe + ".in", os.O_WRONLY)
    os.write(fd, (line + "\n").encode()); os.close(fd)


if __name__ == "__main__":
    need("gobgpd", "gobgp", "exabgp")
    with Pair() as net:
        with Folder() as folder: gobgp(net, folder)
        with Folder() as folder: exabgp(net, folder)
