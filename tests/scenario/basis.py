#!/usr/bin/env python3
"""Bases and policies, from outside: a laboratory in which an office asks, oversight decides and a workspace collects; an agreement with its partner; a team of its own; policies rolled back
and forth; what must be refused; what somebody with the database in his hands can do (nothing that is not seen)."""
import hashlib, re, sqlite3, time
from lib import *

POLICY = os.path.join(ROOT, "policy")
PANEL = ["chair", "m1", "m2"]
OFFICE = {"anna": "analyst", "lena": "legal", "otto": "operator", "arno": "analyst"}

class Office:
    """A centre of the laboratory: an office that may ask, a panel, an operator as a partner."""
    def __init__(self, folder, kind="nco", policy="lab", people=OFFICE, profile="lab", partner=False):
        self.f, self.dir = folder, folder + "/d"
        os.mkdir(self.dir)
        sekisho("centre", "init", "--dir", self.dir, "--profile", profile)
        names = ["admin", *PANEL, *people, *(["petra", "hans"] if partner else [])]
        for name in names: sekisho("access", "key", "new", self.key(name), "--name", name)
        sekisho("access", "init", "--dir", self.dir, "--kind", kind, "--admin-key", self.key("admin") + ".pub", *sum((["--oversight-key", self.key(p) + ".pub"] for p in PANEL), []))
        for name, role in people.items(): self.account(name, "host", role)
        if partner:
            self.do("admin", "access", "org", "add", "power-1", "--kind", "operator")
            self.account("petra", "power-1", "approver"); self.account("hans", "power-1", "operator")
        if policy: self.do("lena" if "lena" in people else "paul", "policy", "load", f"{POLICY}/{policy}.yaml")
    def key(self, name): return f"{self.f}/{name}.key"
    def do(self, who, *words, code=0): return sekisho(*words, "--dir", self.dir, "--key", self.key(who), code=code)
    def account(self, name, org, role, by="admin"): self.do(by, "access", "account", "add", name, "--org", org, "--account-key", self.key(name) + ".pub", "--role", role)
    def basis(self, who, verb, id, *words, code=0): return self.do(who, "basis", verb, id, *words, code=code)
    def request(self, id, kind="ff", who="anna", code=0, verb="request", kinds="address", more=(), means="hosts cannot be examined"):
        return self.basis(who, verb, id, "--kind", kind, *(["--kinds", kinds] if kinds else []), "--target-act", "intrusion", "--purpose", "who controls the implants", "--other-means", means,
                          *more, code=code)
    def show(self, id): return json.loads(sekisho("basis", "show", id, "--dir", self.dir, "--json").out)
    def stage(self, id): return self.show(id)["stage"]
    def approve(self, id, **more):
        self.request(id, **more); self.basis("lena", "review", id)
        for p in ("m1", "chair", "m2"): self.basis(p, "approve", id)
    def replay(self, *words, code=0): return json.loads(sekisho("policy", "replay", "--dir", self.dir, "--json", *words, code=code).out)
    def proved(self):
        """Oversight's own program recomputes every signature, step and quorum."""
        verify_both(self.dir + "/centre/ledger"); sekisho("centre", "openings", "--dir", self.dir, "-o", self.f + "/openings"); run(VERIFY, "--openings", self.f + "/openings", self.dir + "/centre/ledger")
    def oversight_key(self):
        return open(self.key("chair") + ".pub").read().split("\n")[0].strip()
    def workspace(self, id, name="ws", border=None, code=0):
        border = border or make_border(self.f + "/border.skb")
        return sekisho("init", "--centre", self.dir, "--basis", id, "--workspace", f"{self.f}/{name}", "--border", border, "--oversight", self.oversight_key(), code=code)

def whole_life():
    with Folder() as f:
        o = Office(f); ws = f + "/ws"
        o.request("B-1")
        expect("SIMULATED" in sekisho("basis", "list", "--dir", o.dir).out, "a laboratory marks what it makes")
        o.basis("chair", "approve", "B-1", code=34)                                        # a draft is not voted on
        o.basis("lena", "review", "B-1")
        o.basis("m1", "approve", "B-1"); o.basis("m1", "approve", "B-1", code=5)            # one person, one vote
        o.basis("lena", "approve", "B-1", code=29); o.basis("arno", "approve", "B-1", code=29)
        o.basis("m2", "refuse", "B-1", code=3); o.basis("m2", "refuse", "B-1", "--why", "too wide")
        expect(o.stage("B-1") == "review", "two are not enough"); o.basis("otto", "activate", "B-1", "--workspace", ws, code=4)
        # an edit voids the votes
        o.request("B-1", verb="edit", more=("--max-entries", "5")); expect(o.show("B-1")["votes"] == [] and o.stage("B-1") == "draft", "an edit voids votes")
        o.basis("lena", "review", "B-1")
        o.basis("m1", "approve", "B-1"); o.basis("m2", "refuse", "B-1", "--why", "no"); done = o.basis("chair", "approve", "B-1")
        expect("review -> approved" in done.out and "2 for, 1 against" in done.out, done.out)
        o.basis("m2", "approve", "B-1", code=34)
        # the workspace: trusts the centre, has no basis yet and none of its own
        o.workspace("B-1"); cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("198.51.100.9", 5000, "203.0.113.7", 443, b"x", b"y")])
        sekisho("watch", "--workspace", ws, cap, code=20); sekisho("basis", "renew", "--workspace", ws, code=29)
        o.basis("anna", "activate", "B-1", "--workspace", ws, code=29)
        expect("-> active" in o.basis("otto", "activate", "B-1", "--workspace", ws).out, "active")
        open(f + "/l.txt", "w").write("203.0.113.7\n"); sekisho("selectors", "import", "--workspace", ws, f + "/l.txt")
        o.basis("anna", "selectors", "B-1", "--workspace", ws)
        seen, _ = watch_json(ws, cap); account = seen["account"]; check_equation(account); expect(account["selected"] > 0, str(account))
        shown = json.loads(sekisho("basis", "--workspace", ws, "--json").out); expect(shown["kind"] == "ff" and shown["simulated"] and not shown["self_approved"], str(shown))
        # selectors outside the rule, which allows five: import refuses them, and a set that came in another way is refused when it is told, and by the sensor
        open(f + "/l.txt", "w").write("".join(f"203.0.113.{i}\n" for i in range(1, 9))); sekisho("selectors", "import", "--workspace", ws, "--replace", f + "/l.txt", code=4)
        os.mkdir(f + "/lab"); other = make_workspace(f + "/lab"); sekisho("selectors", "import", "--workspace", other, f + "/l.txt")
        own = open(ws + "/selectors.set", "rb").read(); shutil.copy(other + "/selectors.set", ws + "/selectors.set")
        o.basis("anna", "selectors", "B-1", "--workspace", ws, code=24); sekisho("watch", "--workspace", ws, cap, code=24); open(ws + "/selectors.set", "wb").write(own)
        # extension: approved apart
        later = (json.loads(sekisho("basis", "show", "B-1", "--dir", o.dir, "--json").out))["until"]
        o.basis("anna", "extend", "B-1", "--for", "300d", "--why", "x", code=33); o.basis("anna", "extend", "B-1", "--for", "30d", "--why", "still there")
        for p in PANEL: o.basis(p, "approve", "B-1")
        s = o.show("B-1"); expect(s["stage"] == "extended" and s["extensions"] == 1 and s["until"] > later, str(s))
        expect(json.loads(sekisho("basis", "--workspace", ws, "--json").out)["until"] == s["until"], "the note in the workspace is the later one")
        # suspended, resumed, activated anew
        o.basis("otto", "suspend", "B-1", "--as", "oversight", "--why", "x", code=29); o.basis("chair", "suspend", "B-1", "--as", "oversight", "--why", "complaint 7")
        text = open(ws + "/suspended").read(); expect("B-1 is suspended by oversight" in text, text)
        os.rename(ws + "/suspended", ws + "/x"); sekisho("watch", "--workspace", ws, cap, code=20); os.rename(ws + "/x", ws + "/suspended")   # whoever takes the file away has no note
        sekisho("watch", "--workspace", ws, cap, code=30); o.basis("otto", "resume", "B-1", "--as", "oversight", "--why", "x", code=29)
        o.basis("m1", "resume", "B-1", "--as", "oversight", "--why", "answered"); sekisho("watch", "--workspace", ws, cap, code=30)
        o.basis("otto", "activate", "B-1", "--workspace", ws); expect(not os.path.exists(ws + "/suspended"), "the suspension is gone")
        # somebody else's suspension is not ours to take away
        open(ws + "/suspended", "w").write("by hand\n"); expect("somebody else" in sekisho("basis", "settle", "--dir", o.dir).err, "settle"); os.unlink(ws + "/suspended")
        o.basis("anna", "terminate", "B-1", code=3); o.basis("otto", "terminate", "B-1", "--why", "done", code=29)
        o.account("cora", "host", "commander") if sekisho("access", "key", "new", o.key("cora"), "--name", "cora") else None
        o.basis("cora", "terminate", "B-1", "--why", "done")
        expect(not os.path.exists(ws + "/basis.note") and os.path.exists(ws + "/suspended"), "ended"); sekisho("watch", "--workspace", ws, cap, code=30)
        r = o.replay(); expect(r["agree"] and r["acts"] >= 20, str(r)); o.proved(); verify_both(ws + "/ledger")

def refused_requests():
    with Folder() as f:
        o = Office(f)
        o.request("R-1", kinds=None, code=24)                                             # no kinds
        o.request("R-1", more=("--min-prefix-v4", "0"), code=24); o.request("R-1", more=("--min-prefix-v6", "0"), code=24)   # 0/0
        o.request("R-1", kinds="address,flow.all", code=24)
        o.request("R-1", more=("--classes", "FF,FD"), code=25); o.request("R-1", more=("--classes", "DD"), code=25)
        o.request("R-1", more=("--for", "365d"), code=33); o.request("R-1", kind="own_network", code=4)
        o.request("R-1", means="", code=3); o.request("R-1", who="chair", code=29); o.request("R-1", kind="agreement", code=3)
        o.request("R-1", more=("--from", "2020-01-01", "--until", "2020-02-01"), code=2)
        expect(json.loads(sekisho("basis", "list", "--dir", o.dir, "--json").out) == [], "what was refused leaves nothing")
        o.basis("anna", "review", "nothing", code=4); o.basis("anna", "dance", "R-1", code=2)

def time_is_over():
    with Folder() as f:
        o = Office(f); o.request("T-1", more=("--for", "1s")); o.request("T-2")
        while json.loads(sekisho("basis", "settle", "--dir", o.dir, "--json").out)["expired"] == 0: time.sleep(0.1)
        expect(o.stage("T-1") == "expired" and o.stage("T-2") == "draft", "the centre records that the time of one is over"); o.basis("lena", "review", "T-1", code=34)
        expect(o.show("T-1")["acts"][-1]["by"] == "the centre" and o.replay()["agree"], "by its own key"); o.proved()

def an_agreement():
    with Folder() as f:
        o = Office(f, partner=True)
        o.request("A-1", kind="agreement", more=("--partner", "power-1")); o.basis("lena", "review", "A-1")
        o.basis("chair", "approve", "A-1", code=34); o.basis("lena", "consent", "A-1", code=29); o.basis("hans", "consent", "A-1", code=29)
        o.basis("petra", "consent", "A-1"); expect(o.stage("A-1") == "approved", "two signatures")
        o.workspace("A-1"); o.basis("otto", "activate", "A-1", "--workspace", f + "/ws")
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("198.51.100.9", 5000, "192.0.2.7", 443, b"x", b"y")])
        open(f + "/l.txt", "w").write("198.51.100.9\n"); sekisho("selectors", "import", "--workspace", f + "/ws", f + "/l.txt"); o.basis("anna", "selectors", "A-1", "--workspace", f + "/ws")
        watch_json(f + "/ws", cap); day = json.loads(sekisho("retention", "list", "--workspace", f + "/ws", "--json").out.splitlines()[0])["day"]
        # what the partner did not consent to is handed to nobody but the partner itself, and never to who may not have it; rule: CUSTODY-8
        sekisho("access", "key", "new", o.key("paul"), "--name", "paul"); o.account("paul", "host", "approver")
        for org, kind in (("police", "npa"), ("power-2", "operator"), ("carrier-1", "carrier"), ("friend", "ally")): o.do("admin", "access", "org", "add", org, "--kind", kind)
        def provide(to, code=0): return sekisho("retention", "provide", "--workspace", f + "/ws", "--dir", o.dir, "--day", day, "--to", to, "--why", "case 7", "--key", o.key("paul"), code=code)
        provide("police", code=29); o.do("paul", "access", "lease", "request", "--id", "l-1", "--why", "case 7", "--activity", "g1.provide", "--scope", "*", "--for", "1h", "--purpose", "damage_prevention"); o.do("lena", "access", "lease", "grant", "l-1")
        expect("consented" in provide("police", code=29).err, "no consent"); provide("power-2", code=29); provide("carrier-1", code=29); provide("friend", code=29); provide("power-1")
        expect(not o.show("A-1")["may_provide"], "a further gate"); o.basis("petra", "consent", "A-1", "--to", "provision"); expect(o.show("A-1")["may_provide"], "provision")
        provide("police"); provide("power-2", code=29); provide("carrier-1", code=29); provide("friend", code=29)
        o.basis("hans", "suspend", "A-1", "--as", "partner", "--why", "we look into it"); expect(os.path.exists(f + "/ws/suspended"), "the partner stops it")
        o.basis("hans", "terminate", "A-1", "--why", "we leave"); expect(o.stage("A-1") == "terminated" and not os.path.exists(f + "/ws/basis.note"), "and ends it"); o.proved()

def a_team():
    with Folder() as f:
        o = Office(f, kind="own_network", policy="own-network", profile="own-network", people={"anna": "analyst", "paul": "approver", "pia": "approver"})
        o.request("N-1", kind="own_network", more=("--role", "party"), kinds="address,domain,flow.all")
        o.basis("paul", "review", "N-1"); o.basis("anna", "approve", "N-1", code=29); o.basis("chair", "approve", "N-1", code=29); o.basis("paul", "approve", "N-1")
        sekisho("init", "--centre", o.dir, "--basis", "N-1", "--workspace", f + "/ws", "--border", make_border(f + "/border.skb"))
        o.basis("pia", "activate", "N-1", "--workspace", f + "/ws")
        shown = json.loads(sekisho("basis", "--workspace", f + "/ws", "--json").out); expect(not shown["simulated"] and shown["kind"] == "own_network", str(shown))
        o.do("paul", "policy", "load", f"{POLICY}/lab.yaml", code=26)                       # of another profile
        expect(o.replay()["agree"], "replay"); o.proved()

def elsewhere():
    """Signed on another machine with an SSH key, and handed in."""
    if not shutil.which("ssh-keygen"): return print("note: no ssh-keygen")
    with Folder() as f:
        o = Office(f); ssh = f + "/id"; run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh)
        o.do("admin", "access", "account", "add", "sam", "--org", "host", "--account-key", ssh + ".pub", "--role", "legal")
        o.request("E-1"); words = ("basis", "review", "E-1", "--dir", o.dir); hand = (*words, "--statement", f + "/s", "--signature", f + "/s.sig", "--by", ssh + ".pub")
        done = sekisho(*words, "--to-sign", f + "/s"); expect("ssh-keygen -Y sign" in done.out and o.stage("E-1") == "draft", "nothing happened yet")
        run("ssh-keygen", "-Y", "sign", "-q", "-n", "sekisho-act", "-f", ssh, f + "/s")
        text = open(f + "/s").read(); open(f + "/s", "w").write(text.replace('"why":""', '"why":"x"')); sekisho(*hand, code=9); open(f + "/s", "w").write(text)
        sekisho(*hand); expect(o.stage("E-1") == "review", "handed in"); sekisho(*hand, code=34)
        # the same signature again, after an edit has made it a draft again: it names the act before it
        o.request("E-1", verb="edit"); sekisho(*hand, code=2); expect(o.stage("E-1") == "draft", "no replay")

def policies():
    with Folder() as f:
        o = Office(f)
        first = json.loads(sekisho("policy", "show", "--dir", o.dir, "--json").out)["digest"]
        stored = f"{o.dir}/centre/policy/{first}.yaml"; expect(hashlib.sha256(open(stored, "rb").read()).hexdigest() == first, "a policy is named by its digest")
        canonical = sekisho("policy", "show", "--dir", o.dir, "--canonical").out; expect(canonical == open(stored).read(), "canonical form")
        o.approve("P-1", more=("--for", "150d")); o.workspace("P-1"); o.basis("otto", "activate", "P-1", "--workspace", f + "/ws")
        # stricter: a month for ff, four present
        text = open(f"{POLICY}/lab.yaml").read().replace("version: 2026-11-30.1", "version: strict")
        text = re.sub(r"(kind: ff(?:.|\n)*?longest: )6mo", r"\g<1>1mo", text); open(f + "/strict.yaml", "w").write(text.replace("present: 3\n    chair", "present: 4\n    chair"))
        diff = sekisho("policy", "diff", f + "/strict.yaml", "--dir", o.dir).out; expect("~ bases      ff" in diff and "~ quorums    basis oversight" in diff, diff)
        o.do("anna", "policy", "load", f + "/strict.yaml", code=29); o.do("lena", "policy", "load", f + "/strict.yaml"); o.do("lena", "policy", "load", f + "/strict.yaml", code=5)
        o.request("P-2", more=("--for", "60d"), code=33)
        o.request("P-2", more=("--for", "20d")); o.basis("lena", "review", "P-2")
        for p in PANEL: o.basis(p, "approve", "P-2")
        expect(o.stage("P-2") == "review" and o.stage("P-1") == "active", "three are not enough now; what was decided stays decided")
        o.do("lena", "policy", "load", f"{POLICY}/lab.yaml"); o.approve("P-3", more=("--for", "150d"))
        r = o.replay(); expect(r["agree"], str(r)); o.proved()
        strict = o.replay("--under", f + "/strict.yaml", code=8); expect(strict["differ"] > 0, "judged under the newest version alone, old decisions do not agree")
        lines = sekisho("policy", "list", "--dir", o.dir).out.splitlines(); expect(len(lines) == 3 and lines[-1].endswith("in force now"), str(lines))
        # a stored version that was changed, and one that is gone
        whole = open(stored).read(); open(stored, "w").write(whole.replace("6mo", "9mo")); sekisho("policy", "replay", "--dir", o.dir, code=8); sekisho("basis", "list", "--dir", o.dir, code=8)
        os.rename(stored, stored + ".x"); sekisho("basis", "list", "--dir", o.dir, code=8); open(stored, "w").write(whole)
        # policy/current is a copy: whoever writes it changes nothing
        open(o.dir + "/centre/policy/current", "w").write("00" * 32 + "\n"); o.request("P-4", more=("--for", "150d")); expect(o.replay()["agree"], "current is set right")

def a_policy_binds_orders():
    """Caps of measures and quorums of orders are policy too: a stricter one refuses what the program alone would let through, and old orders stay as they were decided. rule: POLICY-3"""
    from orders import Desk, TEXT
    if not shutil.which("ssh-keygen"): return print("note: no ssh-keygen")
    with Folder() as f:
        d = Desk(f); load = lambda path, code=0: sekisho("policy", "load", path, "--dir", d.dir, "--key", d.key("chair"), code=code)
        load(f"{POLICY}/lab.yaml"); d.draft("o1"); d.order("ben", "evidence", "o1", "--why", "x"); d.order("fumi", "legal", "o1", "--why", "x"); d.order("ayu", "submit", "o1"); d.approve("fumi", "o1"); d.approve("dan", "o1")
        expect(d.state("o1") == "approved", d.state("o1"))
        text = open(f"{POLICY}/lab.yaml").read().replace("version: 2026-11-30.1", "version: strict")
        text = re.sub(r"(measure: rpz\n    longest: )7d(\n    urgent: )24h", r"\g<1>12h\g<2>none", text); open(f + "/strict.yaml", "w").write(re.sub(r"(level: medium\n    rule: count\n    present: )2", r"\g<1>3", text))
        load(f + "/strict.yaml"); done = d.draft("o2", code=40); expect("lives 12h" in done.err or "live 12h at most" in done.err, done.err)
        d.draft("o2", text=[w if w != "24h" else "11h" for w in TEXT] ); d.order("ben", "evidence", "o2", "--why", "x"); d.order("fumi", "legal", "o2", "--why", "x"); d.order("ayu", "submit", "o2")
        d.approve("fumi", "o2"); d.approve("dan", "o2"); expect(d.state("o2") == "voting", "two are not enough now"); d.approve("chika", "o2"); expect(d.state("o2") == "approved", d.state("o2"))
        load(f"{POLICY}/lab.yaml"); done = json.loads(sekisho("policy", "replay", "--dir", d.dir, "--json").out); expect(done["agree"] and done["acts"] > 12, str(done))
        done = json.loads(sekisho("policy", "replay", "--dir", d.dir, "--json", "--under", f + "/strict.yaml", code=8).out); expect(done["differ"] > 0, str(done))
        sekisho("centre", "openings", "--dir", d.dir, "-o", f + "/openings"); run(VERIFY, "--openings", f + "/openings", d.dir + "/centre/ledger")

def the_act_of_2025():
    """The Japanese act: not in force, refused with the date; a laboratory loads it, oversight acknowledges it, and what is to come is simulated."""
    with Folder() as f:
        sekisho("centre", "init", "--dir", f + "/x", "--profile", "jp-2025", code=26)
        o = Office(f, policy=None)
        o.request("J-0", code=4)                                                           # no policy at all
        expect("waits" in o.do("lena", "policy", "load", f"{POLICY}/jp-2025.yaml").out, "waits for oversight"); o.request("J-0", code=4)
        o.do("lena", "policy", "ack", code=29); expect("in force" in o.do("chair", "policy", "ack").out, "acknowledged"); o.do("m1", "policy", "ack", code=34)
        o.approve("J-1"); o.workspace("J-1"); o.basis("otto", "activate", "J-1", "--workspace", f + "/ws"); expect(o.show("J-1")["simulated"], "marked")
        # sectors alone need nobody's acknowledgement; a quorum does
        text = open(f"{POLICY}/jp-2025.yaml").read(); open(f + "/s.yaml", "w").write(text.replace('"electric power"', '"electricity"')); open(f + "/q.yaml", "w").write(text.replace("keep: 90d", "keep: 80d"))
        expect("in force" in o.do("lena", "policy", "load", f + "/s.yaml").out, "sectors"); expect("waits" in o.do("lena", "policy", "load", f + "/q.yaml").out, "retention")
        o.do("chair", "policy", "withdraw"); expect(o.replay()["agree"], "replay"); o.proved()
        wide = {"present: 3\n    chair": "present: 2\n    chair", "keep: 90d": "keep: 91d", "longest: 7d": "longest: 8d", "classes: [FF]": "classes: [FF, FD]", "effective_from: 2027-11-22": "effective_from: 2026-11-22"}
        for old, new in wide.items():
            open(f + "/w.yaml", "w").write(text.replace(old, new, 1)); done = sekisho("policy", "check", f + "/w.yaml", code=35); expect(re.match(r"sekisho: .*w\.yaml:\d+:\d+: ", done.err), done.err)
        sekisho("policy", "check", f"{POLICY}/jp-2025.yaml")

def database_in_hand():
    with Folder() as f:
        o = Office(f); o.approve("D-1")
        db = sqlite3.connect(o.dir + "/centre/acts.db"); tables = [r[0] for r in db.execute("select name from sqlite_master where type='table'")]
        table = next(t for t in tables if "act" in t); columns = [r[1] for r in db.execute(f"pragma table_info({table})")]
        blob = next(c for c in columns if c in ("note", "text", "body")); rows = db.execute(f"select rowid, {blob} from {table}").fetchall()
        row = next(r for r in rows if (r[1] if isinstance(r[1], bytes) else r[1].encode()).find(b'"event":"approve"') >= 0)
        changed = (row[1] if isinstance(row[1], bytes) else row[1].encode()).replace(b'"event":"approve"', b'"event":"refused"'); db.execute(f"update {table} set {blob}=? where rowid=?", (changed if isinstance(row[1], bytes) else changed.decode(), row[0])); db.commit(); db.close()
        sekisho("basis", "show", "D-1", "--dir", o.dir, code=8); sekisho("policy", "replay", "--dir", o.dir, code=8); sekisho("centre", "check", "--dir", o.dir, code=8)

if __name__ == "__main__":
    main(whole_life, refused_requests, time_is_over, an_agreement, a_team, elsewhere, policies, a_policy_binds_orders, the_act_of_2025, database_in_hand)
