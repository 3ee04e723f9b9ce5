#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The health of a link that is watched (docs/link-health.md): sekisho watches the transit's mirror (topology.py), hosts at home talk with sixteen networks abroad (near.py, far.py), and things
happen: routes swing, a country goes, frames are lost, the mirror's cable is cut, the mirror falls silent. Each is told as a finding within seconds; before anything happens, nothing is.
The twin beside it has a border table that names no countries, and must miss the country alone."""
import signal
from topology import *

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORKS, LEARN_S = 16, 10


class Talk:
    """Both ends, and the orders to the far one."""
    def __init__(self, net):
        net.sh("t", "ip route add 198.18.0.0/15 via 203.0.113.2")
        self.far = net.start("f1", sys.executable, HERE + "/far.py", "eth0", "198.51.100.2", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.near = net.start("h1", sys.executable, HERE + "/near.py", NETWORKS, "0.1", stdout=subprocess.DEVNULL)
        time.sleep(3)  # all of it: a link that is watched while it only begins is learned as one that carries less
    def order(self, words):
        self.far.stdin.write((words + "\n").encode()); self.far.stdin.flush()


class Watch:
    """sekisho watch on the mirror; findings as they are told, by its EVE stream."""
    def __init__(self, net, f, mode, countries=()):
        os.mkdir(f)
        more = [x for c in countries for x in ("--country", c)]
        border = make_border(f + "/border.skb", domestic=DOMESTIC, foreign=(*FOREIGN, "198.18.0.0/15"), rest="unknown", more=more)
        self.workspace, self.eve = make_workspace(f, border=border), f + "/eve.json"
        self.process = net.start("s", SEKISHO, "watch", "--workspace", self.workspace, "--interface", "mt1", "--mode", mode, "--json", "--eve", self.eve, "--link-health", f"{LEARN_S}s")
        wait_for(lambda: os.path.exists(self.workspace + "/ledger") and b'"kernel_gate"' in b"".join(
            open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(self.workspace + "/ledger/tile/entries") for n in names), 20, "the gate did not open")
        self.seen = 0
    def told(self):
        """Findings about the link, in their order. EVE lines wait in memory for the next ones, so a few more frames bring them out."""
        found = []
        for line in open(self.eve) if os.path.exists(self.eve) else ():
            if not line.endswith("\n"): continue
            event = json.loads(line)
            if event["event_type"] == "engine": found.append((event["engine"]["message"], event["sekisho"]["sentence"]))
        return found
    def expect(self, kind, words, seconds):
        """The next finding, within so long."""
        wait_for(lambda: len(self.told()) > self.seen or self.process.poll() is not None, seconds, f"no {kind} within {seconds} s")
        found = self.told()
        expect(len(found) > self.seen, f"the sensor ended: {self.process.stderr.read().decode() if self.process.poll() is not None else ''}")
        expect(found[self.seen][0] == kind and words in found[self.seen][1], f"expected {kind} ({words}), was told {found[self.seen:]}")
        self.seen += 1
        return found[self.seen - 1][1]
    def stop(self):
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        expect(self.process.returncode == 130, f"exit {self.process.returncode}: {err.decode()}")
        return json.loads(out)


def everything_that_happens_is_told(net, f, mode):
    talk = Talk(net)
    # Networks of the transit's far end in turn: XA and XB, so that both are learned.
    watch = Watch(net, f + "/one", mode, [f"X{'AB'[i % 2]}=198.18.{i}.0/24" for i in range(NETWORKS)])
    twin = Watch(net, f + "/twin", mode)
    time.sleep(LEARN_S + 8)
    expect(watch.told() == [], f"nothing has happened, and it says {watch.told()}")
    def step(order, undo, kind, words, seconds, end_words=None):
        began = time.time()
        order()
        sentence = watch.expect(kind, words, seconds)
        print(f"  {mode}: {kind} after {time.time() - began:.1f} s: {sentence}")
        if undo: undo()
        if end_words: watch.expect(kind, end_words, 40)
    step(lambda: talk.order("ttl 52"), None, "path_shift", "+4 hops", 30)
    step(lambda: talk.order("gone 1"), lambda: talk.order("gone 0"), "path_shift", "traffic from XB is gone from link mt1", 30, "Traffic from XB is as usual again")
    # The mirror's cable, then what it carries.
    step(lambda: net.sh("t", "ip link set mt0 down"), lambda: net.sh("t", "ip link set mt0 up"), "link_down", "no carrier", 15, "carries frames again")
    def mirror(on):
        for name in HOSTS:
            net.sh("t", f"tc filter {'add' if on else 'del'} dev {name} ingress" + (" protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev mt0" if on else ""))
    time.sleep(6)
    step(lambda: mirror(False), lambda: mirror(True), "link_down", "carries nothing since", 30, "carries frames again")
    time.sleep(6)
    step(lambda: talk.order("loss 0.35"), lambda: talk.order("loss 0"), "link_degraded", "", 40)
    result = watch.stop()
    # Hosts at home that go on asking a country that is gone look like a scan, and are told as one.
    kinds = {x["kind"]: x for x in result["findings"] if not x["kind"].startswith("scan.")}
    expect(set(kinds) == {"path_shift", "link_down", "link_degraded"}, f"{list(kinds)}")
    expect(kinds["link_down"]["count"] == 2, f"two outages are one finding of count 2: {kinds['link_down']}")
    text = json.dumps(list(kinds.values()))
    expect("198.18." not in text and "203.0.113." not in text and "198.51.100." not in text, "a finding about a link names an address")
    check_equation(result["account"]); verify_both(watch.workspace + "/ledger")
    twin.stop()
    missed = [x for x in twin.told() if "XB" in x[1] or "XA" in x[1]]
    expect(missed == [] and len(twin.told()) >= 4, f"without countries in the table the twin says {twin.told()}")


def main():
    need("tc")
    failed = 0
    for mode in sys.argv[1:] or ["packet"]:
        began = time.time()
        try:
            with Net() as net, Folder() as f: everything_that_happens_is_told(net, f, mode)
            print(f"ok    {mode} ({time.time() - began:.1f} s)", flush=True)
        except Failed as why:
            failed += 1
            print(f"FAILED {mode}: {why}", flush=True)
    sys.exit(1 if failed else 0)


main()
