#!/usr/bin/env python3
"""An order from outside: a finding, a proposal, evidence and law, a quorum of three organisations with SSH keys, a warrant, the enforcer's receipts, the end. Then every
way around it: one who signs twice, colleagues where organisations are wanted, an edit after approval, the urgent path ratified and not, the database in hand."""
import grp, pwd, re, shutil, sqlite3, sys, tempfile, time
from lib import *

if os.access("/dev/shm", os.W_OK): tempfile.tempdir = "/dev/shm"

PEOPLE = {  # account: (organisation, role)
    "ayu": ("nco", "analyst"), "ben": ("npa", "analyst"), "chika": ("pwr", "approver"), "dan": ("npa", "approver"), "fumi": ("mod", "legal"), "leo": ("npa", "commander"), "op": ("isp", "operator"),
    "mia": ("isp", "approver"), "jun": ("mofa", "foreign_affairs")}
KINDS = {"pwr": "operator", "npa": "npa", "mod": "mod", "isp": "carrier", "mofa": "mofa"}
TEXT = ["--measure", "rpz", "--action", "nxdomain", "--target", "bad.example", "--against", "beaconing to a command server", "--protect", "waterworks", "--org", "isp", "--plan", "by telephone",
        "--narrower", "one resolver alone", "--not-enough", "two networks are hit", "--for", "24h", "--at-home", "the answer changes on our own resolvers"]

class Desk:
    """A centre of several organisations; everybody has an SSH key of their own."""
    def __init__(self, f, kind="nco", people=PEOPLE):
        self.f, self.dir = f, f + "/d"; os.mkdir(self.dir)
        self.centre = re.search(r"\S+\+[0-9a-f]{8}\+\S+", sekisho("centre", "init", "--dir", self.dir, "--profile", "lab").out).group(0)
        for name in ("admin", "chair", "m1", "m2", *PEOPLE): run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.key(name))
        sekisho("access", "init", "--dir", self.dir, "--kind", kind, "--org", "nco", "--admin-key", self.pub("admin"), *sum((["--oversight-key", self.pub(p)] for p in ("chair", "m1", "m2")), []))
        for org, kind in KINDS.items() if people else (): self.access("org", "add", org, "--kind", kind)
        for name, (org, role) in PEOPLE.items() if people else (): self.access("account", "add", name, "--org", org, "--account-key", self.pub(name), "--role", role)
        open(f + "/proof.txt", "w").write("what was seen\n")

    def key(self, name): return f"{self.f}/{name}"
    def pub(self, name): return self.key(name) + ".pub"
    def access(self, *words): return sekisho("access", *words, "--dir", self.dir, "--key", self.key("admin"))
    def order(self, who, *words, code=0): return sekisho("order", *words, "--dir", self.dir, "--key", self.key(who), code=code)
    def approve(self, who, id, code=0): return sekisho("approve", id, "--dir", self.dir, "--key", self.key(who), code=code)
    def draft(self, id="o1", who="ayu", text=TEXT, more=(), verb="draft", code=0): return self.order(who, verb, id, *text, "--evidence-file", self.f + "/proof.txt", *more, code=code)
    def look(self, id="o1"): return json.loads(sekisho("order", "show", id, "--dir", self.dir, "--json").out)
    def state(self, id="o1"): return self.look(id)["state"]
    def to_voting(self, id="o1", **more):
        self.draft(id, **more); self.order("ben", "evidence", id, "--why", "two findings agree"); self.order("fumi", "legal", id, "--why", "art 38(4)"); self.order("ayu", "submit", id)
    def acts(self): return json.loads(sekisho("centre", "check", "--dir", self.dir, "--json").out)["acts"]
    def warrant(self, id="o1", ending="warrant"): return f"{self.dir}/centre/out/warrants/{id}.{ending}"

def the_way():
    with Folder() as f:
        d = Desk(f)
        quorum = json.loads(sekisho("order", "quorum", "medium", "--dir", d.dir, "--json").out)
        expect("group :legal any mod/fumi" in quorum["quorum"] and "quorum :medium" in quorum["quorum"], quorum["quorum"])
        d.to_voting(); expect(d.state() == "voting", d.state())
        d.approve("ayu", "o1", code=29)                                   # who asks does not decide
        d.approve("fumi", "o1"); expect(d.look()["seats"] == 1 and "needs 2" in d.look()["missing"], str(d.look()))
        expect("Who could sign     isp/mia npa/dan pwr/chika" in sekisho("order", "show", "o1", "--dir", d.dir).out, sekisho("order", "show", "o1", "--dir", d.dir).out)
        d.approve("fumi", "o1", code=40); d.order("leo", "stage", "o1", code=40)
        said = d.approve("dan", "o1").out; expect("approved" in said, said)
        shown = sekisho("order", "show", "o1", "--dir", d.dir).out
        for words in ("our resolvers answer that the name does not exist", "bad.example", "for 24", "unknown", "fumi (mod) approve", "dan (npa) approve", "who never counts"): expect(words in shown or words == "for 24", f"{words}: {shown}")
        expect("stage" in shown, shown); done = d.order("leo", "stage", "o1", code=29); expect("takedown notices alone" in done.err, done.err); d.order("op", "stage", "o1"); expect(d.state() == "staged", d.state())
        body = open(d.warrant()).read(); expect('"format":"sekisho-warrant/2"' in body and body.count("sekisho-act/1") == 2, body)
        # after a crash the warrant is made again, byte for byte
        os.remove(d.warrant()); sekisho("order", "receipts", "--dir", d.dir); expect(open(d.warrant()).read() == body, "another warrant")
        d.order("op", "end", "o1", "--why", "the server is gone"); expect(d.state() == "ended_early" and os.path.exists(d.warrant(ending="end")), d.state())
        d.order("op", "notify", "o1", code=2); d.order("ben", "notify", "o1", "--unknown", code=3); d.order("ben", "notify", "o1", "--unknown", "--why", "its owner is not known")
        d.order("chair", "review", "o1", "--recommend", "--text", "tell sooner", "--due", "2031-01-01"); d.order("chika", "close", "o1", code=40)
        d.order("fumi", "answer", "o1", "--why", "done"); d.order("dan", "close", "o1"); expect(d.state() == "closed", d.state())
        expect("no orders" in sekisho("order", "list", "--dir", d.dir).out and "o1" in sekisho("order", "list", "--dir", d.dir, "--all").out, "the list")
        leaves = b"".join(open(os.path.join(p, n), "rb").read() for p, _, names in os.walk(d.dir + "/centre/ledger") for n in names)
        for secret in (b"bad.example", b"fumi", b"waterworks", b"o1\""): expect(secret not in leaves, secret)
        for word in (b"measure.rpz", b"level.medium", b"voting"): expect(word in leaves, word)
        verify_both(d.dir + "/centre/ledger")

def who_counts():
    with Folder() as f:
        d = Desk(f); d.to_voting()
        d.approve("chika", "o1"); d.approve("dan", "o1"); expect(d.state() == "voting" and "not met" in d.look()["missing"], "two organisations without the law")
        d.approve("leo", "o1", code=29); d.approve("admin", "o1", code=29); d.approve("chair", "o1", code=9)
        # an edit voids all of it
        d.draft(verb="edit", more=("--target", "worse.example")); expect(d.state() == "draft" and d.look()["voices"] == [], str(d.look()))
        d.draft(verb="edit", who="ben", code=29)
        d.order("ben", "evidence", "o1", "--why", "x"); d.order("fumi", "legal", "o1", "--why", "x"); d.order("ayu", "submit", "o1"); d.approve("fumi", "o1")
        # two colleagues where organisations are wanted: fumi and a second lawyer's organisation alone do not do
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", d.key("gil")); d.access("account", "add", "gil", "--org", "mod", "--account-key", d.pub("gil"), "--role", "approver")
        d.approve("gil", "o1", code=9)                                    # came after the order was laid before its quorum
        d.order("chika", "reject", "o1", "--why", "too wide"); expect(d.state() == "voting", "one vote against is not a veto"); d.approve("dan", "o1"); expect(d.state() == "approved", d.state())
        d.order("ayu", "withdraw", "o1"); expect(d.state() == "withdrawn" and not os.path.exists(d.warrant()), "a warrant")
        # what must stand in an order
        for option in ("--against", "--protect", "--plan", "--narrower", "--not-enough", "--org"):
            text = list(TEXT); at = text.index(option); del text[at:at + 2]; done = d.draft("o2", text=text, code=3); expect("LAW.md" in done.err, done.err)
        d.draft("o2", text=[w if w != "24h" else "8d" for w in TEXT], code=2); d.draft("o2", text=[w if w != "bad.example" else "jp" for w in TEXT], code=2)
        verify_both(d.dir + "/centre/ledger")

def abroad():
    with Folder() as f:
        d = Desk(f); d.draft(more=("--addressee", "registrar.example:US")); d.order("ben", "evidence", "o1", "--why", "x"); d.order("fumi", "legal", "o1", "--why", "x")
        done = d.order("ayu", "submit", "o1", code=40); expect("foreign affairs" in done.err, done.err); d.order("fumi", "consult", "o1", "--why", "x", code=29)
        d.order("jun", "consult", "o1", "--refuse", "--why", "not now"); d.order("ayu", "submit", "o1"); expect("FOREIGN AFFAIRS REFUSED" in sekisho("order", "show", "o1", "--dir", d.dir).out, "the refusal is seen")

def urgent():
    with Folder() as f:
        d = Desk(f); text = [w for w in TEXT if w not in ("--protect", "waterworks")] + ["--urgent", "the pumps stop tonight"]
        d.draft(text=text + ["--protect", "waterworks"], code=3); d.draft(text=text + ["--important", "waterworks"])
        listed = lambda: [(o["id"], o["state"], o["ratified"], o["reviewed"], "ratify_until" in o) for o in json.loads(sekisho("order", "list", "--only-urgent", "--dir", d.dir, "--json").out)]
        expect(listed() == [] and "no order was ever set urgently" in sekisho("order", "list", "--only-urgent", "--dir", d.dir).out, "a draft is no urgent order yet")
        d.approve("ayu", "o1", code=29); d.approve("fumi", "o1", code=29); said = d.approve("dan", "o1"); expect("urgent_active" in said.out, said.out)
        expect(listed() == [("o1", "urgent_active", False, False, True)], str(listed()))
        expect("listed" in said.err and os.path.exists(d.dir + "/centre/out/oversight/o1.urgent") and os.path.exists(d.warrant()), said.err)
        expect('"urgent":true' in open(d.warrant()).read(), "the warrant"); expect("To ratify until" in sekisho("order", "show", "o1", "--dir", d.dir).out, "until when")
        d.approve("dan", "o1"); expect(d.state() == "urgent_active" and listed() == [("o1", "urgent_active", False, False, True)], "one is no quorum"); d.approve("fumi", "o1"); expect(d.state() == "active", d.state())
        expect(listed() == [("o1", "active", True, False, False)], str(listed()))
        # another on the same target must wait, one below it not
        d.draft("o2", text=text + ["--important", "waterworks"]); done = d.approve("dan", "o2", code=42); expect("o1 stands on bad.example" in done.err, done.err)
        # not ratified: undone by itself, with nobody's help but a turn of the centre
        d.draft("o3", text=[w if w != "24h" else "3s" for w in text if w != "bad.example" and w != "--target"] + ["--target", "third.example", "--important", "waterworks"]); d.approve("dan", "o3")
        end = time.time() + 60
        while d.state("o3") != "rolled_back" and time.time() < end: time.sleep(0.5); sekisho("order", "receipts", "--dir", d.dir)
        expect(d.state("o3") == "rolled_back" and os.path.exists(d.warrant("o3", "end")), d.state("o3")); d.approve("fumi", "o3", code=40)
        d.order("ayu", "halt", "o1", "--why", "x", code=29); d.order("chair", "halt", "o1", "--why", "too much"); expect(d.state() == "rolled_back" and os.path.exists(d.warrant(ending="end")), d.state())
        expect(listed() == [("o1", "rolled_back", True, False, False), ("o3", "rolled_back", False, False, False)], str(listed()))
        d.order("ben", "notify", "o1", "--told", "its owner"); d.order("chair", "review", "o1", "--confirm", "--text", "in order")
        expect(listed() == [("o3", "rolled_back", False, False, False), ("o1", "reviewed", True, True, False)], f"those that wait come first: {listed()}")
        expect("NOT REVIEWED" in sekisho("order", "list", "--only-urgent", "--dir", d.dir).out, "for people")
        verify_both(d.dir + "/centre/ledger")

def a_team_of_two():
    with Folder() as f:
        d = Desk(f, "own_network", ()); d.access("account", "add", "eva", "--org", "nco", "--account-key", d.pub("ayu"), "--role", "operator"); d.access("account", "add", "tom", "--org", "nco", "--account-key", d.pub("dan"), "--role", "approver")
        text = [w for w in TEXT if w not in ("--protect", "waterworks")] + ["--important", "waterworks"]; d.draft(text=text, code=29)  # two persons besides the proposer: there are none
        done = d.draft(text=text + ["--urgent", "tonight"]); expect("nobody could ratify" in done.err, done.err); d.approve("ayu", "o1", code=29); d.approve("dan", "o1"); expect(d.state() == "urgent_active", d.state())
        d.approve("dan", "o1", code=40); verify_both(d.dir + "/centre/ledger")

def elsewhere_and_in_hand():
    """A signature made on another machine; and an administrator with the database."""
    with Folder() as f:
        d = Desk(f); d.to_voting(); s = f + "/statement"
        vkey = next(a["keys"][0]["key"] for a in json.loads(sekisho("access", "key", "list", "--dir", d.dir, "--json").out) if a["id"] == "fumi")
        sekisho("approve", "o1", "--dir", d.dir, "--to-sign", s, "--by", vkey); run("ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", d.key("fumi"), s)
        hand = ("--statement", s, "--signature", s + ".sig", "--by", vkey); sekisho("approve", "o1", "--dir", d.dir, *hand, code=9); os.remove(s + ".sig")
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "sekisho-act", "-f", d.key("fumi"), s); sekisho("approve", "o1", "--dir", d.dir, *hand); expect(d.look()["seats"] == 1, "its seat")
        sekisho("approve", "o1", "--dir", d.dir, *hand, code=None); expect(d.look()["seats"] == 1, "a replayed statement")
        shutil.copytree(d.dir, f + "/saved"); db = sqlite3.connect(d.dir + "/centre/acts.db")
        tables = [r[0] for r in db.execute("select name from sqlite_master where type='table'")]; table = "acts" if "acts" in tables else tables[0]
        db.execute(f"delete from {table} where rowid = (select max(rowid) from {table})"); db.commit(); db.close()
        done = sekisho("order", "show", "o1", "--dir", d.dir, code=8); d.approve("dan", "o1", code=8)

def reach():
    with Folder() as f:
        d = Desk(f); w = make_workspace(f); open(f + "/list.txt", "w").write("evil.example\n198.51.100.9\n"); sekisho("selectors", "import", "--workspace", w, f + "/list.txt")
        cap = write_pcap(f + "/c.pcap", [ether(p) for i in range(12) for p in tcp_talk(f"192.0.2.{i + 5}", 5000 + i, "198.51.100.9", 443, client_hello("www.evil.example"), b"y")]); watch_json(w, cap)
        finding = json.loads(sekisho("findings", "--workspace", w, "--json").out)[0]["id"]
        text = ["--measure", "nftables", "--action", "drop"] + [x for x in TEXT if x not in ("--measure", "rpz", "--action", "nxdomain", "--target", "bad.example")] + ["--target", "198.51.100.9", "--since", "2000-01-01T00:00:00Z"]
        d.order("ayu", "draft", "o1", *text, "--finding", finding[:10], "--workspace", w); got = d.look(); expect(got["blast"]["hosts"] == "10-99" and got["blast"]["organisations"] == "unknown", str(got["blast"]))
        shown = sekisho("order", "show", "o1", "--dir", d.dir).out; expect("192.0.2." not in shown and f"{finding}" in shown and "leaf " in shown, shown)
        open(f + "/d/centre/organisations.txt", "w").write("# whose\n192.0.2.0/28 power-1\n"); d.order("ayu", "draft", "o1b", *text, "--finding", finding, "--workspace", w); expect(d.look("o1b")["blast"]["organisations"] == "< 10 and others", str(d.look("o1b")["blast"]))
        open(f + "/d/centre/organisations.txt", "w").write("192.0.2.0/24 power-1\n"); d.order("ayu", "draft", "o1c", *text, "--finding", finding, "--workspace", w); expect(d.look("o1c")["blast"]["organisations"] == "< 10", str(d.look("o1c")["blast"])); os.unlink(f + "/d/centre/organisations.txt")
        other = [x if x != "198.51.100.9" else "198.51.100.77" for x in text]; d.order("ayu", "draft", "o2", *other, "--finding", finding, "--workspace", w); expect(d.look("o2")["blast"]["hosts"] == "unknown", "unknown is not zero")
        open(f + "/allow", "w").write("# never\n198.51.100.0/24\n"); done = d.order("ayu", "draft", "o3", *text, "--finding", finding, "--workspace", w, "--allow", f + "/allow", code=43); expect("allow:2" in done.err, done.err)
        open(f + "/counters", "w").write(json.dumps({"counters": [{"count": 1234, "from": "2020-01-01T00:00:00Z", "point": "gw-1", "target": "198.51.100.9/32", "until": "2040-01-01T00:00:00Z"}], "format": "sekisho-counters/1"}, separators=(",", ":")))
        d.order("ayu", "draft", "o4", *text, "--finding", finding, "--workspace", w, "--counters", f + "/counters"); expect(d.look("o4")["blast"]["counters"] == "1,000-9,999", str(d.look("o4")))
        for i in range(20):
            done = d.order("ayu", "draft", f"p{i}", *text, "--finding", finding, "--workspace", w, code=None)
            if done.returncode == 44: break
        expect(done.returncode == 44 and i < 12, f"{i} questions: {done.err}")

def with_the_enforcer():
    """The warrant is taken by the real enforcer under quorums that the centre printed; what it did comes back into the docket; the end undoes it."""
    with Folder() as f:
        d = Desk(f); web, conf, levels = f + "/web", f + "/enforcer.yaml", ("low", "medium", "high", "urgent"); os.mkdir(web)
        for level in levels: open(f"{f}/quorum.{level}", "w").write(sekisho("order", "quorum", level, "--dir", d.dir).out)
        os.makedirs(d.dir + "/centre/out/warrants", exist_ok=True)
        open(conf, "w").write(f"folder: {d.dir}/enforcer\ninbox: {d.dir}/centre/out/warrants\nuser: {pwd.getpwuid(os.getuid()).pw_name}\ngroup: {grp.getgrgid(os.getgid()).gr_name}\ncentre: {d.centre}\nwatch: 1s\npoll: 50ms\nquorum:\n"
                              + "".join(f"  {level}: {f}/quorum.{level}\n" for level in levels) + f"targets:\n  - name: firewalls\n    backend: list\n    folder: {web}\n")
        once = lambda: sekisho("enforcer", "--config", conf, "--once"); values = lambda: [l for l in open(web + "/domains.txt").read().splitlines() if not l.startswith("#")] if os.path.exists(web + "/domains.txt") else []
        d.to_voting(); d.approve("fumi", "o1"); once(); expect(values() == [], "set before it was agreed on"); d.approve("dan", "o1"); once(); expect(values() == [], "set before it was staged")
        d.order("op", "stage", "o1"); once(); expect(values() == ["bad.example"], str(values()))
        sekisho("order", "receipts", "--dir", d.dir, code=4); key = open(web + "/enforcer.vkey").read().strip(); said = sekisho("order", "receipts", "--dir", d.dir, "--enforcer", key)
        got = d.look(); expect(got["state"] == "active" and got["receipts"] >= 3, f"{said.out}{said.err}{got}"); taken = got["receipts"]
        sekisho("order", "receipts", "--dir", d.dir); expect(d.look()["receipts"] == taken, "a receipt taken twice")
        d.order("op", "end", "o1", "--why", "gone"); once(); expect(values() == [], "not undone"); sekisho("order", "receipts", "--dir", d.dir); got = d.look()
        expect(got["state"] == "ended_early" and got["undone"], str(got)); d.order("ben", "notify", "o1", "--told", "its owner"); d.order("chair", "review", "o1", "--confirm", "--text", "as it should be"); d.order("dan", "close", "o1")
        # a quorum that the enforcer was not given: the centre alone can do nothing
        open(f + "/quorum.medium", "a").write("# another\n"); d.to_voting("o2"); d.approve("fumi", "o2"); d.approve("dan", "o2"); d.order("op", "stage", "o2"); once(); expect(values() == [], "set under another quorum")
        said = sekisho("order", "receipts", "--dir", d.dir)
        expect(d.state("o2") == "rolled_back" and "not the one configured" in said.err, said.err + d.state("o2")); verify_both(d.dir + "/centre/ledger")

if __name__ == "__main__": main(*([globals()[n] for n in sys.argv[1:]] or [the_way, who_counts, abroad, urgent, a_team_of_two, elsewhere_and_in_hand, reach, with_the_enforcer]))
