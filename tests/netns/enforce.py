#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The enforcer against real targets (stack.py draws them): a whole life, what it refuses, somebody else's hand, a target that is down, a clock that jumps, a crash behind each step. In the
end the policy zone (its serial aside) and the ruleset of the kernel are byte for byte as before. rule: ENFORCE-1 ENFORCE-2 ENFORCE-3 MEASURE-2 MEASURE-3"""
import re

from stack import *

NAMES = ("bad1.evil.test", "x.bad2.evil.test", "bad3.evil.test")


class Clock:
    """The enforcer's wall clock, moved by seconds. Its file lies in the enforcer's own folder: behind the fence nothing else can be read."""
    def __init__(self, s): self.s, self.path = s, f"{s.folder}/state/clock"; self.env = {"SK_CLOCK": self.path}; self.move(0)
    def move(self, seconds):
        with open(self.path + "~", "w") as out: out.write(str(seconds))
        os.rename(self.path + "~", self.path)
    def right(self):
        """It ran ahead, and is set right."""
        self.move(0); self.s.run(CRASHING, "enforcer", "--config", self.s.conf, "--trust-clock", env=self.env)


def in_time(s, apply, *orders):
    """Mint short orders and apply them; on a machine that is too slow for their life, longer ones. orders: (measure, action, targets). Returns ([(id, digest)], life)."""
    for life in (5, 15, 45, 135):
        made = [o for words in orders for o in s.mint(*words, life=life, start=0)]
        try:
            apply(life, made)
            if all("active" in s.steps(o) and "ending" not in s.steps(o) for o in made): return made, life
        except Failed: pass
        wait_for(lambda: all(s.steps(o)[-1:] in (["closed"], ["refused"]) for o in made), life + 60, lambda: f"{[s.steps(o) for o in made]}")
    raise Failed(f"nothing is in force within its life: {[s.steps(o) for o in made]}")


def answers(s): return [[s.ask(server, name) for name in NAMES] for server in (BIND, UNBOUND)]


def settle(s, before, words, seconds=20):
    wait_for(lambda: s.state() == before, seconds, lambda: f"{words}: the targets are not as before:\n{before}\n--- now\n{s.state()}\n{s.log('enforcer')}")


def whole_life(s):
    before, free = s.state(), [["NOERROR 192.0.2.80"] * 3] * 2
    s.run("ip", "addr", "add", "198.51.100.7/32", "dev", "lo")
    ping = lambda: s.run("ping", "-c", "1", "-W", "1", "198.51.100.7", code=None).returncode
    expect(answers(s) == free and ping() == 0, f"not reachable before: {answers(s)}")
    clock = Clock(s)
    service = s.service(CRASHING, clock.env)
    orders = s.mint("rpz", "nxdomain", "bad1.evil.test *.bad2.evil.test", life=600) + s.mint("sinkhole", "redirect", "bad3.evil.test", life=600) + \
        s.mint("nftables", "drop", "198.51.100.7/32 2001:db8:6::/48", "198.51.100.0/24", life=600)
    wait_for(lambda: [r["stage"] for r in s.rows()] == ["active"] * 4, 60, lambda: f"not in force: {s.rows()}\n{s.log('enforcer')}")
    expect(answers(s) == [["NXDOMAIN", "NXDOMAIN", "NOERROR 127.9.9.9"]] * 2, f"the resolvers answer {answers(s)}")
    expect(ping() != 0, "the kernel lets a dropped address through")
    held = s.ruleset()
    expect("198.51.100.7 timeout" in held and "198.51.100.0 timeout" in held and "2001:db8:6:: timeout" in held, f"the kernel holds {held}")
    clock.move(700)
    settle(s, before, "after the end")
    wait_for(lambda: s.rows() == [], 30, "a measure is still there")
    wait_for(lambda: answers(s) == free, 10, lambda: f"still answered: {answers(s)}")
    expect(ping() == 0, "still dropped")
    for o in orders:
        steps = s.steps(o)
        expect([w for w in steps if w != "watched"] == ["accepted", "dry_run", "canary", "active", "ending", "undone", "closed"], f"{o}: {steps}")
        undone = [r for r in s.receipts(o) if r["step"] == "undone"][0]
        expect(undone["before"] == undone["after"] and "byte for byte" in undone["detail"], f"no proof: {undone}")
        for r in s.receipts(o): expect(all(e["good"] for e in r["effects"]), f"a bad effect: {r}")
    s.stop(service)
    expect(service.returncode == 0, f"the service ends with {service.returncode}")
    clock.right()


def refusals(s):
    before = s.state()
    os.mkdir(f"{s.folder}/strange")
    run(MINT, "keys", f"{s.folder}/strange")
    ok = lambda *a, **k: s.mint(*a, **k)[0]
    cases = [(ok("nftables", "drop", "203.0.113.200/32"), "own"), (ok("nftables", "drop", "203.0.113.0/24"), "own"), (ok("rpz", "nxdomain", "good.evil.test"), "allow"),
             (ok("rpz", "nxdomain", "deep.good.evil.test"), "allow"), (ok("rpz", "nxdomain", "*.evil.test"), "allow"), (ok("nftables", "drop", "198.41.0.4/32"), "a.root-servers.net"),
             (ok("rpz", "nxdomain", "*.co.jp"), "public suffix"), (ok("rpz", "nodata", "www.root-servers.net"), "root"), (ok("nftables", "drop", "127.0.0.2/32"), "loopback"),
             (ok("flowspec", "discard", "198.51.100.0/24"), "no target"), (ok("rpz", "nxdomain", "late.evil.test", start=-300, end=-200, life=100), "in force from"),
             (ok("rpz", "nxdomain", "ours.example"), "somebody else"), (ok("sinkhole", "redirect", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 58}.evil.test"), "too long")]
    now = int(time.time())
    run(MINT, "warrants", f"{s.folder}/strange", f"{s.folder}/inbox", "foreign", "rpz", "nxdomain", 100, now - 1, now + 99, 0, stdin=b"foreign.evil.test\n")
    good = ok("rpz", "nxdomain", "fine.evil.test")
    text = open(f"{s.folder}/inbox/{good[0]}.warrant").read()
    with open(f"{s.folder}/inbox/edited.warrant", "w") as out: out.write(text.replace("fine.evil.test", "more.evil.test"))
    with open(f"{s.folder}/inbox/noise", "wb") as out: out.write(os.urandom(4000))
    done = s.once()
    for order, why in cases:
        got = [r["detail"] for r in s.receipts(order) if r["step"] in ("refused", "conflict")]
        expect(len(got) == 1 and why in got[0], f"{order}: {got}, expected one with '{why}'\n{done.err}")
    expect(done.err.count("no good signature by the centre") == 2, f"foreign and edited: {done.err}")
    expect([r["order"] for r in s.rows()] == [good[0]], f"in force: {s.rows()}")
    # over is over: the same warrant under another name, also after a restart
    s.end(good); s.once()
    with open(f"{s.folder}/inbox/again.warrant", "w") as out: out.write(text)
    s.once()
    expect(s.rows() == [] and s.state() == before, f"replayed: {s.rows()}")
    # an end that comes before its warrant
    early = s.mint("rpz", "nxdomain", "early.evil.test", out=f"{s.folder}/strange")[0]
    s.end(early); s.once()
    os.rename(f"{s.folder}/strange/{early[0]}.warrant", f"{s.folder}/inbox/{early[0]}.warrant")
    s.once()
    expect(s.rows() == [] and s.state() == before, "taken although it was withdrawn before")


def somebody_else(s):
    before = s.state()
    def zone(*commands):
        s.knotc("zone-begin", "rpz.sekisho")
        for words in commands: s.knotc(words[0], "rpz.sekisho", *words[1:])
        s.knotc("zone-commit", "rpz.sekisho")
    service = s.service()
    a, b = s.mint("rpz", "nxdomain", "c1.evil.test c2.evil.test")[0], s.mint("nftables", "drop", "198.51.100.9/32 198.51.100.10/32")[0]
    wait_for(lambda: [r["stage"] for r in s.rows()] == ["active"] * 2, 20, lambda: f"not in force: {s.rows()}\n{s.log('enforcer')}")
    zone(("zone-unset", "c1.evil.test", "CNAME"), ("zone-set", "c1.evil.test", "30", "A", "192.0.2.99"))
    s.run("nft", "delete", "element", "inet", "sekisho", "drop4_32", "{ 198.51.100.9 }")
    s.run("nft", "add", "element", "inet", "sekisho", "drop4_32", "{ 198.51.100.9 comment \"the night shift\" }")
    for o in (a, b): wait_for(lambda: "conflict" in s.steps(o), 20, lambda: f"{o}: no conflict is told: {s.steps(o)}\n{s.log('enforcer')}")
    changed = s.state()
    looks = lambda: sum(s.steps(o).count("watched") for o in others)
    others = s.mint("rpz", "nxdomain", "c9.evil.test", name="other")
    wait_for(lambda: looks() > 0, 30, "nobody looks any more")  # a measure that came later was looked at: so were these, and nothing was put right
    s.end(others[0])
    wait_for(lambda: "closed" in s.steps(others[0]), 30, "the other does not end")
    expect(s.state() == changed and s.steps(a).count("conflict") == 1, f"touched, or told again: {s.steps(a)}")
    s.end(a); s.end(b)
    wait_for(lambda: s.rows() == [], 20, lambda: f"not ended: {s.rows()}\n{s.log('enforcer')}")
    expect("c1.evil.test.rpz.sekisho. 30 A 192.0.2.99" in s.zone() and "c2.evil.test" not in s.zone(), f"the zone: {s.zone()}")
    expect("the night shift" in s.ruleset() and "198.51.100.10" not in s.ruleset(), f"the kernel: {s.ruleset()}")
    for o in (a, b): expect([w for w in s.steps(o) if w != "watched"][-4:] == ["ending", "conflict", "undone", "closed"], f"{o}: {s.steps(o)}")
    s.stop(service)
    zone(("zone-unset", "c1.evil.test"),)
    s.run("nft", "delete", "table", "inet", "sekisho")
    expect(s.state() == before, f"not as before: {s.state()} {s.rows()} {s.log('enforcer')}")


def shared(s):
    """An extension overlaps what it extends; the last that holds a thing takes it away."""
    before, clock = s.state(), Clock(s)
    service = s.service(CRASHING, clock.env)
    a = s.mint("nftables", "drop", "198.51.100.11/32", life=300)[0]
    b = s.mint("nftables", "drop", "198.51.100.11/32 198.51.100.12/32", life=3600)[0]
    c = s.mint("rpz", "nxdomain", "d1.evil.test")[0]
    wait_for(lambda: [r["stage"] for r in s.rows()] == ["active"] * 3, 60, lambda: f"not in force: {s.rows()}\n{s.log('enforcer')}")
    d = s.mint("rpz", "nodata", "d1.evil.test")[0]
    wait_for(lambda: "closed" in s.steps(d), 20, "another action on the same name is not refused")
    expect([r["detail"] for r in s.receipts(d) if r["step"] == "refused"][0].startswith("d1.evil.test: order o"), f"{s.receipts(d)}")
    clock.move(400)
    wait_for(lambda: "closed" in s.steps(a), 20, lambda: f"the first does not end: {s.steps(a)}")
    expect("198.51.100.11 timeout" in s.ruleset(), "taken from the one that still holds it")
    expect("other warrants hold" in [r["detail"] for r in s.receipts(a) if r["step"] == "undone"][0], f"{s.receipts(a)}")
    s.end(b); s.end(c)
    settle(s, before, "after all ends")
    wait_for(lambda: s.rows() == [], 30, "not closed")
    s.stop(service)
    clock.right()


def down(s):
    before = s.state()
    service = s.service()
    s.stop(s.knot)
    a, b = s.mint("rpz", "nxdomain", "e1.evil.test")[0], s.mint("nftables", "drop", "198.51.100.13/32")[0]
    wait_for(lambda: "unreachable" in s.steps(a) and "active" in s.steps(b), 20, lambda: f"{s.steps(a)} {s.steps(b)}")
    s.start_knot()
    wait_for(lambda: "active" in s.steps(a), 40, lambda: f"not taken up again: {s.steps(a)}\n{s.log('enforcer')}")
    expect(s.steps(a).count("unreachable") == 1, f"told again and again: {s.steps(a)}")
    # withdrawn while it is down: undone when it is back
    s.stop(s.knot)
    s.end(a); s.end(b)
    wait_for(lambda: "closed" in s.steps(b) and s.steps(a)[-1] == "unreachable", 20, lambda: f"{s.steps(a)} {s.steps(b)}")
    s.start_knot()
    wait_for(lambda: "closed" in s.steps(a), 60, lambda: f"not undone: {s.steps(a)}\n{s.log('enforcer')}")
    s.stop(service)
    settle(s, before, "after all")
    # over while the enforcer was down: undone first of all
    made, life = in_time(s, lambda life, made: s.once(code=None), ("rpz", "nxdomain", "e2.evil.test"), ("nftables", "drop", "198.51.100.14/32"))
    over = time.time() + life
    expect("e2.evil.test" in s.zone(), "not set")
    wait_for(lambda: "198.51.100.14" not in s.ruleset(), life + 10, "the kernel does not forget by itself")
    expect("e2.evil.test" in s.zone(), "who took it away?")
    wait_for(lambda: time.time() > over, life + 10, "time stands still")  # the kernel forgets up to a second early
    s.once()
    expect(s.state() == before and s.steps(made[0])[-1] == "closed", f"not undone at the start: {s.state()}")


def clocks(s):
    before, clock = s.state(), Clock(s)
    env, move = clock.env, clock.move
    service = s.service(CRASHING, env)
    def active(o, seconds): wait_for(lambda: "active" in s.steps(o), seconds, lambda: f"{s.steps(o)}\n{s.log('enforcer')}")
    taken = lambda life, made: [active(o, life) for o in made]
    (a,), life = in_time(s, taken, ("rpz", "nxdomain", "f1.evil.test"))
    move(-3600)
    wait_for(lambda: "closed" in s.steps(a), life + 30, "a clock that was set back lengthens a measure")
    move(0)
    # down, set back, up again: the journal knows better
    (b,), life = in_time(s, taken, ("rpz", "nxdomain", "f2.evil.test"))
    s.stop(service, signal.SIGKILL)
    move(-7200)
    service = s.service(CRASHING, env)
    wait_for(lambda: "closed" in s.steps(b), life + 30, lambda: f"after a restart: {s.steps(b)}")
    move(0)
    c = s.mint("rpz", "nxdomain", "f3.evil.test", life=3000)[0]
    active(c, 60)
    move(4000)
    wait_for(lambda: "closed" in s.steps(c), 30, "a clock that was set forward does not end it")
    s.stop(service)
    move(0)
    # ran ahead, was set right: what is new would be judged by the later time, until a person says otherwise
    d = s.mint("rpz", "nxdomain", "f4.evil.test", life=600, start=0)[0]
    s.once(program=CRASHING, env=env)
    expect(s.steps(d) == ["refused"], f"{s.steps(d)}")
    clock.right()
    e = s.mint("rpz", "nxdomain", "f5.evil.test", life=600, start=0)[0]
    s.once(program=CRASHING, env=env)
    expect("active" in s.steps(e) and len(s.rows()) == 1, f"{s.steps(e)} {s.rows()}")
    s.end(e); s.once(program=CRASHING, env=env)
    expect(s.state() == before, f"not as before: {s.state()} {s.rows()} {s.log('enforcer')}")


def crash_life(s, name, points=(None, None), env=None):
    """Apply measures, then take them back; a crash behind point number points[0] of the one and points[1] of the other, each followed by a start. Returns the orders."""
    def go(point):
        more = {} if point is None else {"SK_CRASH_AT": str(point)}
        done = s.once(code=None, program=CRASHING, env={**(env or {}), **more})
        expect(done.returncode in ((0, -9, 137) if more else (0,)), f"{name}: ended with {done.returncode}: {done.err}")
        if more: done = s.once(program=CRASHING, env=env)
        return done.err
    names = "backend: rpz" in open(s.conf).read()
    orders = (s.mint("rpz", "nxdomain", "g1.evil.test g2.evil.test", name=f"{name}r") if names else []) + s.mint("nftables", "drop", "198.51.100.20/32 198.51.100.21/32", name=f"{name}n")
    said = go(points[0])
    if "SK_NO_JOURNAL" not in (env or {}):
        expect([r["stage"] for r in s.rows()] == ["active"] * len(orders), f"{name}: killed behind point {points[0]}, after the restart {s.rows()}\n{[s.receipts(o) for o in orders]}\n{said}")
        zone, rules = s.zone(), s.ruleset()
        expect((not names or all(w in zone for w in ("g1.evil.test", "g2.evil.test"))) and all(w in rules for w in ("198.51.100.20", "198.51.100.21")), f"{name}: half applied:\n{zone}\n{rules}")
    for o in orders: s.end(o)
    go(points[1])
    return orders


def count_points(s, name):
    """The names of the points of both halves."""
    path = f"{s.folder}/state/{name}.points"
    crash_life(s, name, env={"SK_POINTS": path})
    lines = [l.rstrip("\n").split(" ", 1) for l in open(path)]
    second = [i for i, (n, _) in enumerate(lines) if n == "1"][1]
    return [w for _, w in lines[:second]], [w for _, w in lines[second:]]


def around(names, words):
    """Numbers of the points with these names, and of their neighbours."""
    at = {i + d for i, w in enumerate(names, 1) if w in words for d in (-1, 0, 1)}
    return sorted(n for n in at if 1 <= n <= len(names))


def crashes(s, every=False):
    before = s.state()
    walked = 0
    # the kernel: each point; the names: those around each change (each point too: enforce.py every_crash)
    for targets in (("nft",), ("rpz", "nft")):
        s.write_conf(targets=targets)
        first, second = count_points(s, f"count{len(targets)}")
        expect("set" in first and "clear" in second and len(first) > 10, f"points: {first} {second}")
        whole = every or targets == ("nft",)
        plans = [list(range(1, len(first) + 1)) if whole else around(first, ("set",)), list(range(1, len(second) + 1)) if whole else around(second, ("clear",))]
        for i in range(max(map(len, plans))):
            points = tuple(plan[i] if i < len(plan) else None for plan in plans)
            name = f"k{len(targets)}x{i}"
            orders = crash_life(s, name, points)
            expect(s.rows() == [] and s.state() == before, f"{name}: killed behind {points}: not exactly undone:\n{s.state()}\n{s.rows()}")
            for o in orders: sekisho("measures", "show", o[1], "--dir", f"{s.folder}/state")  # whole chains
            for order in os.listdir(f"{s.folder}/inbox"): os.unlink(f"{s.folder}/inbox/{order}")
            walked += sum(p is not None for p in points)
    print(f"killed behind {walked} points")
    # the twin without a journal: what it set before it died is nobody's any more
    first, _ = count_points(s, "twin")
    s.mint("rpz", "nxdomain", "g1.evil.test", name="orphan")
    s.once(code=None, program=CRASHING, env={"SK_NO_JOURNAL": "1", "SK_CRASH_AT": str(first.index("set") + 1)})
    s.once(program=CRASHING, env={"SK_NO_JOURNAL": "1"})
    expect(s.state() != before, "without a journal nothing was left behind: this test could not fail")
    s.knotc("zone-begin", "rpz.sekisho"); s.knotc("zone-unset", "rpz.sekisho", "g1.evil.test"); s.knotc("zone-commit", "rpz.sekisho")
    for name in os.listdir(f"{s.folder}/inbox"): os.unlink(f"{s.folder}/inbox/{name}")


def every_crash(s): crashes(s, True)


def rights(s):
    """As an ordinary user with one right, behind a fence; and no packet of its goes anywhere but to the configured resolvers. rule: PEER-1"""
    import pwd
    who = pwd.getpwnam("daemon")
    s.run("ip", "link", "add", "out0", "type", "veth", "peer", "name", "out1"); s.run("ip", "link", "set", "out1", "up"); s.run("ip", "link", "set", "out0", "up"); s.run("ip", "addr", "add", "192.0.2.1/24", "dev", "out0"); s.run("ip", "route", "add", "default", "dev", "out0")
    s.run("nft", "-f", "-", stdin=b"""table inet witness { chain out { type filter hook output priority 0; policy accept; meta skuid 1 ip daddr != { 127.0.0.2, 127.0.0.3 } counter
        meta skuid 1 ip6 daddr ::/0 counter
        meta skuid 1 ip daddr { 127.0.0.2, 127.0.0.3 } counter
    }
    }
""")
    counters = lambda: [int(n) for n in re.findall(r"counter packets (\d+)", s.run("nft", "list", "table", "inet", "witness").out)]
    os.chmod(s.folder, 0o755)
    for path in ("knot", "knot/run", "knot/run/knot.sock"): os.chmod(f"{s.folder}/{path}", 0o777)
    for name in os.listdir(f"{s.folder}/inbox"): os.unlink(f"{s.folder}/inbox/{name}")  # a new enforcer knows of none that is over
    run("rm", "-rf", f"{s.folder}/state"); os.mkdir(f"{s.folder}/state", 0o700); os.chown(f"{s.folder}/state", who.pw_uid, who.pw_gid)
    s.write_conf(user="daemon")
    zone = s.zone()
    service = s.service()
    orders = s.mint("nftables", "drop", "198.51.100.30/32 2001:db8:66::/48") + s.mint("rpz", "nxdomain", "h1.evil.test") + s.mint("sinkhole", "redirect", "h2.evil.test")
    wait_for(lambda: all("watched" in s.steps(o) for o in orders), 30, lambda: f"{[s.steps(o) for o in orders]} {s.log('enforcer')}")
    # Two processes: the one that reads warrants and answers has no right at all and cannot run a program; its hands run programs with the one right of nft, and see no folder of the enforcer's. rule: WALL-2
    status_of = lambda pid: dict(l.split(":\t") for l in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in l)
    hands = [int(p) for p in open(f"/proc/{service.pid}/task/{service.pid}/children").read().split()]; expect(len(hands) == 1, f"{hands}")
    for pid, rights in ((service.pid, 0), (hands[0], 1 << 12)):
        status = status_of(pid); expect(status["Uid"].split() == [str(who.pw_uid)] * 4 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", f"{status}")
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"): expect(int(status[name], 16) == rights, f"{pid}: {name} is {status[name]}")
        expect(int(status["CapBnd"], 16) == 1 << 12, f"{pid}: {status['CapBnd']}")
    expect(all(f"{w} stands" in s.log("enforcer") for w in ("capabilities", "landlock_files", "seccomp", "user", "no_new_privileges")), s.log("enforcer"))
    for o in orders: s.end(o)
    wait_for(lambda: all("closed" in s.steps(o) for o in orders), 20, lambda: s.log("enforcer"))
    expect(s.zone() == zone and "sekisho" not in s.ruleset(), "not as before")
    s.stop(service); expect(not os.path.exists(f"/proc/{hands[0]}"), "the hands outlive their enforcer")
    # The hands killed: nothing can be done any more, so it ends and says why; started again it goes on. The enforcer killed: so are its hands.
    service = s.service(); wait_for(lambda: open(f"/proc/{service.pid}/task/{service.pid}/children").read().split() and "walls:" in s.log("enforcer"), 10, lambda: s.log("enforcer"))
    hand = int(open(f"/proc/{service.pid}/task/{service.pid}/children").read()); os.kill(hand, 9); [order] = s.mint("nftables", "drop", "198.51.100.31/32"); service.wait(30)
    expect(service.returncode not in (0, None) and "ended by itself" in s.log("enforcer") and "sekisho" not in s.ruleset(), f"{service.returncode}: {s.log('enforcer')}")
    service = s.service(); wait_for(lambda: "watched" in s.steps(order), 20, lambda: s.log("enforcer")); hand = int(open(f"/proc/{service.pid}/task/{service.pid}/children").read())
    service.kill(); service.wait(); wait_for(lambda: not os.path.exists(f"/proc/{hand}") or status_of(hand)["State"].startswith("Z"), 10, "the hands live on")
    service = s.service(); s.end(order); wait_for(lambda: "closed" in s.steps(order), 20, lambda: s.log("enforcer")); s.stop(service); expect("sekisho" not in s.ruleset(), "not as before")
    got = counters()
    expect(got[:2] == [0, 0] and got[2] >= 6, f"packets of the enforcer elsewhere, IPv6, to the resolvers: {got}")
    s.run("setpriv", "--reuid", "daemon", "--clear-groups", "python3", "-c", "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('198.51.100.30', 9))")
    expect(counters()[0] == 1, "the witness sees nothing: this test could not fail")
    s.run("nft", "delete", "table", "inet", "witness")


def main():
    only = sys.argv[1:]
    with Folder() as folder, Stack(folder) as s:
        tests = [whole_life, refusals, somebody_else, shared, down, clocks, crashes, rights]
        for test in [globals()[name] for name in only] or tests:
            started = time.time()
            test(s)
            print(f"{test.__name__}: fine ({time.time() - started:.1f} s)", flush=True)


if __name__ == "__main__":
    try: main()
    except Failed as e: print("FAILED:", e); sys.exit(1)
