#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A running sensor obeys what a centre decided: it collects under a basis that oversight approved, takes a longer time up, and stops within a second when oversight suspends the basis or its asker
ends it; and two ledgers prove it, the centre's and the sensor's. In a namespace with a veth pair, as tests/netns/service.py draws it. rule: BASIS-2 BASIS-6"""
from service import *
from basis import Office

SECOND = 1_000_000_000


def leaves_of(ledger):
    """All records of a ledger."""
    reader = Service.__new__(Service); reader.workspace = os.path.dirname(ledger)
    return reader.leaves()


class Decided:
    """A centre, a basis in force, and a service under it."""
    def __init__(self, pair, f, id="B-1"):
        self.office, self.id = Office(f), id
        sekisho("access", "key", "new", self.office.key("cora"), "--name", "cora"); self.office.account("cora", "host", "commander")
        self.office.approve(id, kind="df")
        self.office.workspace(id, border=make_border(f + "/border.skb", domestic=("192.0.2.0/24",), foreign=("198.51.100.0/24",)))
        self.office.basis("otto", "activate", id, "--workspace", f + "/ws")
        open(f + "/list.txt", "w").write(NAMED + "\n"); sekisho("selectors", "import", "--workspace", f + "/ws", f + "/list.txt")
        self.service = Service(pair, f, interval="2s")
        self.sender = None
    def traffic(self, pair):
        self.sender = pair.start(sys.executable, "-c", SENDER, os.path.join(ROOT, "tests", "scenario"), "named", "a0", 20000, "0.002", stdout=subprocess.DEVNULL)
        self.service.until("link_received_frames_total", least=200)
    def stopped(self, event):
        """The sensor is gone; seconds between the act in the centre's ledger and the last frame in the sensor's."""
        self.service.end(number=None, code=30); self.sender.kill(); self.sender.wait()
        act = [r for r in leaves_of(self.office.dir + "/centre/ledger") if r["kind"] == "act" and r["matter"] == "basis" and r["event"] == event][-1]
        leaves = self.service.leaves(); last = [r for r in leaves if r["kind"] == "interval"][-1]
        expect(leaves[-1]["kind"] == "run_stop" and leaves[-1]["reason"] == "basis_suspended", f"{leaves[-1]}")
        shown = next(a for a in reversed(self.office.show(self.id)["acts"]) if a["event"] == event)
        took = (int(last["to_ns"]) - int(act["time_ns"])) / SECOND
        print(f"  {event}: leaf {shown['leaf']} of the centre's ledger, the last frame {took:.2f} s after the act")
        expect(took < 1, f"collection went on for {took} s")
        self.service.verify(); verify_both(self.office.dir + "/centre/ledger")


def a_running_sensor_obeys(pair, f):
    d = Decided(pair, f); s, o = d.service, d.office
    d.traffic(pair)
    s.until("link_selected_frames_total", least=1, seconds=40)
    # a longer time, approved apart: the sensor takes the new note up while it runs
    until = s.figure("basis_until_timestamp_seconds")
    o.basis("anna", "extend", d.id, "--for", "30d", "--why", "still there")
    for p in ("chair", "m1", "m2"): o.basis(p, "approve", d.id)
    s.until("reloads_total", least=1, seconds=30)
    s.until("basis_until_timestamp_seconds", least=until + 30 * 86400 - 1)
    expect(json.loads(s.get("health"))["state"] != "failing", s.get("health"))
    # oversight suspends
    o.basis("chair", "suspend", d.id, "--as", "oversight", "--why", "complaint 7")
    d.stopped("suspend")
    s.begin(until_ready=False); expect("suspended" in s.end(number=None, code=30), s.said())
    # taken back, activated anew, started anew
    o.basis("m1", "resume", d.id, "--as", "oversight", "--why", "answered")
    s.begin(until_ready=False); s.end(number=None, code=30)
    o.basis("otto", "activate", d.id, "--workspace", s.workspace)
    s.begin(); d.traffic(pair)
    # whoever asked ends it
    o.basis("cora", "terminate", d.id, "--why", "done")
    d.stopped("terminate")
    expect(not os.path.exists(s.workspace + "/basis.note"), "the note is still there")
    expect(o.replay()["agree"], "replay"); o.proved()


def a_suspension_that_reaches_nobody_is_seen(pair, f):
    """The saboteur lets the centre forget where the basis is in use: the act stands and the sensor goes on. So what the test above looks at can fail; and settle, told again, mends it."""
    d = Decided(pair, f); s, o = d.service, d.office
    places = f"{o.dir}/centre/out/bases/{d.id}.places"; kept = open(places).read(); os.unlink(places)
    d.traffic(pair)
    o.basis("chair", "suspend", d.id, "--as", "oversight", "--why", "complaint 7")
    before = s.figure("link_received_frames_total")
    s.until("link_received_frames_total", least=before + 1000, seconds=60)
    expect(s.process.poll() is None and o.stage(d.id) == "suspended", "the saboteur did not come through")
    open(places, "w").write(kept); sekisho("basis", "settle", "--dir", o.dir)
    s.end(number=None, code=30); s.verify()


if __name__ == "__main__":
    try:
        for test in (a_running_sensor_obeys, a_suspension_that_reaches_nobody_is_seen):
            begun = time.time()
            with Pair() as pair, Folder() as f: test(pair, f)
            print(f"ok   {test.__name__} ({time.time() - begun:.1f} s)", flush=True)
    except Failed as e: print("FAILED:", e); sys.exit(1)
