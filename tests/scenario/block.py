#!/usr/bin/env python3
"""The front door for small teams: one blocks, a second one signs, the enforcer sets it and takes it away. SSH keys, signatures made elsewhere, and everything that must be refused."""
import tempfile, time
from lib import *

if os.access("/dev/shm", os.W_OK): tempfile.tempdir = "/dev/shm"

class Team:
    """Two people with SSH keys, a centre of their own, an enforcer with lists for firewalls."""
    def __init__(self, f):
        self.f, self.dir = f, f + "/d"; os.mkdir(self.dir)
        sekisho("centre", "init", "--dir", self.dir, "--profile", "own-network")
        for name in ("admin", "alice", "bob"): run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", f"{f}/{name}")
        sekisho("access", "init", "--dir", self.dir, "--kind", "own_network", "--admin-key", f + "/admin.pub")
        for name in ("alice", "bob"): sekisho("access", "account", "add", name, "--org", "host", "--account-key", f"{f}/{name}.pub", "--role", "approver", "--dir", self.dir, "--key", f + "/admin")
        self.conf = f + "/enforcer.yaml"; os.mkdir(f + "/web"); os.mkdir(f + "/state", 0o700)
        open(f + "/urgent.txt", "w").write(json.loads(sekisho("order", "quorum", "urgent", "--dir", self.dir, "--json").out)["quorum"])
        key = self.key_of_centre()
        open(self.conf, "w").write(f"folder: {f}/state\ninbox: {self.dir}/centre/out/warrants\nuser: root\ngroup: root\ncentre: {key}\nquorum:\n  urgent: {f}/urgent.txt\npoll: 200ms\nwatch: 1s\neffect: 20s\n"
                                   f"targets:\n  - name: firewalls\n    backend: list\n    folder: {f}/web\n")
    def key_of_centre(self):
        bundle = next(os.path.join(p, n) for p, _, names in os.walk(self.dir + "/centre/ledger/tile/entries") for n in names)
        data = open(bundle, "rb").read(); return json.loads(data[2:2 + int.from_bytes(data[:2], "big")])["key"]
    def block(self, who, *words, code=0): return sekisho("block", *words, "--dir", self.dir, "--key", f"{self.f}/{who}", code=code)
    def approve(self, who, id, code=0): return sekisho("approve", id, "--dir", self.dir, "--key", f"{self.f}/{who}", code=code)
    def unblock(self, who, id, code=0): return sekisho("unblock", id, "--why", "a mistake", "--dir", self.dir, "--key", f"{self.f}/{who}", code=code)
    def state(self, id): return json.loads(sekisho("order", "show", id, "--dir", self.dir, "--json").out)["state"]
    def once(self): return sekisho("enforcer", "--config", self.conf, "--once")
    def lines(self, name): return [l for l in open(f"{self.f}/web/{name}.txt").read().splitlines() if l and l[0] != "#"] if os.path.exists(f"{self.f}/web/{name}.txt") else []

def three_commands():
    with Folder() as f:
        t = Team(f); said = t.block("alice", "evil.example", "--for", "24h", "--why", "phishing our staff", "--id", "b1").out
        expect("Nothing is blocked yet" in said and "sekisho approve b1" in said, said); expect(not os.path.exists(t.dir + "/centre/out/warrants/b1.warrant"), "a warrant of one")
        t.approve("alice", "b1", code=29); t.approve("admin", "b1", code=29); t.approve("bob", "b1"); expect(t.state("b1") == "urgent_active", t.state("b1"))
        t.block("bob", "198.51.100.0/24", "--for", "2h", "--why", "they scan us", "--id", "b2"); t.approve("alice", "b2")
        t.block("bob", "2001:db8:9::7", "--for", "30m", "--why", "they scan us", "--id", "b3"); t.approve("alice", "b3")
        if os.geteuid() == 0:
            t.once(); expect(t.lines("domains") == ["evil.example"] and sorted(t.lines("prefixes")) == ["198.51.100.0/24", "2001:db8:9::7/128"], f"{t.lines('domains')} {t.lines('prefixes')}")
            sekisho("order", "receipts", "--dir", t.dir, "--receipts", f + "/state/out", "--enforcer", open(f + "/state/out/enforcer.vkey").read().strip())
            expect("in force" in sekisho("order", "show", "b1", "--dir", t.dir).out or "set" in sekisho("order", "show", "b1", "--dir", t.dir).out, "the effect is told")
        t.unblock("bob", "b1"); expect(t.state("b1") == "ended_early", t.state("b1"))
        if os.geteuid() == 0: t.once(); expect(t.lines("domains") == [], "still listed")
        verify_both(t.dir + "/centre/ledger")

def on_time():
    if os.geteuid() != 0: skip("the enforcer is tried as root")
    with Folder() as f:
        t = Team(f); t.block("alice", "evil.example", "--for", "4s", "--why", "phishing", "--id", "b1"); t.approve("bob", "b1"); t.once()
        end = time.time() + 60
        while t.state("b1") != "rolled_back" and time.time() < end:
            time.sleep(0.3); t.once()
            sekisho("order", "receipts", "--dir", t.dir, "--receipts", f + "/state/out", "--enforcer", open(f + "/state/out/enforcer.vkey").read().strip())
        expect(t.state("b1") == "rolled_back", t.state("b1")); t.once(); expect(t.lines("domains") == [], "it outlives its time")

def signed_elsewhere():
    with Folder() as f:
        t = Team(f); t.block("alice", "evil.example", "--for", "1h", "--why", "phishing", "--id", "b1"); s = f + "/statement"
        vkey = next(a["keys"][0]["key"] for a in json.loads(sekisho("access", "key", "list", "--dir", t.dir, "--json").out) if a["id"] == "bob")
        sekisho("approve", "b1", "--dir", t.dir, "--to-sign", s, "--by", vkey); run("ssh-keygen", "-q", "-Y", "sign", "-n", "sekisho-act", "-f", f + "/bob", s)
        sekisho("approve", "b1", "--dir", t.dir, "--statement", s, "--signature", s + ".sig", "--by", vkey); expect(t.state("b1") == "urgent_active", t.state("b1"))

def refusals():
    with Folder() as f:
        t = Team(f)
        for words in (("evil.example", "--for", "25h", "--why", "x"), ("evil.example", "--for", "0s", "--why", "x"), ("evil.example", "--for", "1h"), ("evil.example", "--why", "x"), ("evil.example", "--for", "1h", "--why", ""),
                      ("--for", "1h", "--why", "x"), ("a.example", "b.example", "--for", "1h", "--why", "x"), ("example", "--for", "1h", "--why", "x"), ("198.51.0.0/16", "--for", "1h", "--why", "x"),
                      ("evil.example", "--for", "1h", "--why", "x", "--id", "i" * 80)):
            done = t.block("alice", *words, code=None); expect(done.returncode in (2, 3) and done.err.startswith("sekisho"), f"{words}: {done.returncode} {done.err}")
        t.block("alice", "evil.example", "--for", "1h", "--why", "x", "--id", "b1"); done = t.block("alice", "evil.example", "--for", "1h", "--why", "x", "--id", "b1", code=None); expect(done.returncode != 0, "the same id twice")
        done = sekisho("block", "evil.example", "--for", "1h", "--why", "x", "--dir", f, "--key", f + "/alice", code=4); expect("docs/block.md" in done.err, done.err)
        done = sekisho("block", "evil.example", "--for", "1h", "--why", "x", "--dir", t.dir, code=2); expect("who acts" in done.err, done.err)
        expect(t.state("b1") == "draft" and sekisho("centre", "check", "--dir", t.dir).out, "what was refused left a trace")

if __name__ == "__main__": main(three_commands, on_time, signed_elsewhere, refusals)
