#!/usr/bin/env python3
"""Damage reports from outside: a statutory life from the early warning to the final in several regimes, clocks and reminders, triggers, duplicates, who sees what, small numbers, attachments, copies for
others (each judged here a second time), and what is told when somebody changes the database."""
import copy, csv, datetime, io, re, shutil, socket, sqlite3, stat, subprocess, sys, tempfile, time
from access import Centre
from lib import *

GO = os.path.exists(VERIFY_GO)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
def ago(**of): return (NOW - datetime.timedelta(**of)).strftime("%Y-%m-%dT%H:%M:%SZ")
def plus(text, **of): return (datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ") + datetime.timedelta(**of)).strftime("%Y-%m-%dT%H:%M:%SZ")

class Office(Centre):
    """The central office hosts; ministries, an operator and a second one, a carrier, police, forces, a supplier beside it. Made once for each policy; each test has a copy."""
    made = {}
    def __init__(self, folder, policy="jp-2025"):
        if policy not in Office.made: Office.made[policy] = tempfile.mkdtemp(prefix="sekisho-test-"); self.make(Office.made[policy], policy)
        shutil.copytree(Office.made[policy], folder, dirs_exist_ok=True); self.folder, self.dir = folder, folder + "/d"
    def make(self, folder, policy):
        super().__init__(folder, watched=False)
        for org, kind in (("acme", "operator"), ("beta", "operator"), ("wire", "carrier"), ("npa", "npa"), ("mod", "mod"), ("meti", "ministry"), ("fsa", "ministry"), ("ppc", "ministry"), ("csirt", "ministry"),
                          ("maker", "vendor"), ("ally", "ally"), ("council", "council")):
            self.act("admin", "org", "add", org, "--kind", kind); name = "u_" + org
            self.key_new(name); self.act("admin", "account", "add", name, "--org", org, "--role", "reporter", "--account-key", self.pub(name))
        self.inspector()
        self.key_new("nina"); self.act("admin", "account", "add", "nina", "--org", "host", "--role", "reporter", "--account-key", self.pub("nina"))
        if policy:
            sekisho("policy", "load", f"{ROOT}/policy/{policy}.yaml", "--dir", self.dir, "--key", self.key("paul"))
            sekisho("policy", "ack", "--dir", self.dir, "--key", self.key("chair"), code=None)
    def report(self, who, *words, code=0, **more): return sekisho("report", *words, "--dir", self.dir, "--key", self.key(who), code=code, **more)
    def asked(self, who, *words): return json.loads(self.report(who, *words, "--json").out)
    def file(self, document, name="r.json"):
        path = f"{self.folder}/{name}"; json.dump(document, open(path, "w")); return path
    def submit(self, who, document, code=0):
        done = self.report(who, "submit", self.file(document), "--json", code=code)
        return json.loads(done.out) if code == 0 else done
    def ledger(self): return self.dir + "/centre/ledger"
    def verify(self, code=0):
        path = self.folder + "/openings.jsonl"; sekisho("centre", "openings", "--dir", self.dir, "-o", path)
        done = run(VERIFY, self.ledger(), "--openings", path, "--json", code=code)
        if GO: run(VERIFY_GO, self.ledger(), "--openings", path, code=code)
        return json.loads(done.out) if code == 0 else done
    def db(self): return sqlite3.connect(self.dir + "/centre/reports.db")

def first(form="ransomware", regime=("jp_act_art5",), stage="initial", org="Acme Power K.K.", aware=None, **more):
    return {"form_kind": form, "report_stage": stage, "regime": list(regime), "org": {"name": org, "id": org.split()[0].lower(), "sector": "power"}, "contact": {"role": "CSIRT"}, "aware_at": aware or ago(hours=1), **more}

def whole(document):
    """Everything that a final knows."""
    d = copy.deepcopy(document); d["report_stage"] = "final"
    d["org"].update(address="Tokyo 1-1"); d["contact"].update(phone="+81 3 0000 0000")
    d.update(occurred_at={"earliest": ago(days=2), "latest": ago(days=1)}, service_level_deviation="no", summary="A file server was encrypted.\nIt was restored from backups.", root_cause="an unpatched gateway",
             affected_assets=[{"class": "access_control_server", "product": "FileServ", "version": "2.1", "asset_id": "srv-7"}], impact={"confidentiality": "none", "integrity": "limited", "availability": "limited"},
             response_actions=[{"action": "isolated", "ts": ago(hours=20)}], recurrence_prevention="patched within three days")
    if d["form_kind"] != "ddos": d.update(intrusion_vector=["vuln", "vpn"])
    if d["form_kind"] == "ransomware": d.update(ransom={"kind": "encrypt", "family": "Exampleware", "payment": {"made": "no"}}, backup_state="intact")
    if d["form_kind"] == "ddos": d.update(ddos={"kind": ["T1498.002"], "mitigation": ["scrub"], "peak_bps": 40_000_000_000})
    return d

# rule: FORM-1 FORM-2
def what_is_no_report():
    with Folder() as f:
        good, path = first(), f + "/r.json"
        def refused(document, *words):
            if not isinstance(document, str): document = json.dumps(document)
            open(path, "w").write(document); done = sekisho("report", "check", path, code=10); line = done.err
            expect(line.count("\n") == 1 and path in line and all(w in line for w in words), f"{words}: {line}")
        def but(**change): d = copy.deepcopy(good); d.update(change); return d
        open(path, "w").write(json.dumps(good)); sekisho("report", "check", path)
        refused("", "no JSON"); refused("[]", "one object"); refused("{", "too early"); refused(json.dumps(good) + "x", "no JSON"); refused(json.dumps(good)[:-1] + ',"aware_at":"2026-11-01"}', "twice")
        refused(but(form_kind="spam"), "form_kind", "ddos"); refused(but(report_stage="x"), "report_stage"); refused(but(nonsense=1), "nonsense", "schema"); refused(but(version=3), "version", "the centre gives it")
        refused(but(aware_at="unknown"), "aware_at", "known"); refused(but(aware_at="yesterday"), "aware_at", "RFC 3339"); refused(but(aware_at={"earliest": ago(hours=1), "latest": ago(hours=2)}), "aware_at")
        refused(but(ddos={"kind": ["T1498"]}), "ddos", "ransomware"); refused(but(affected_assets=[{"class": "core"}, {"class": "toaster"}]), "affected_assets[1].class", "core"); refused(but(users_affected=-1), "users_affected")
        refused(but(users_affected={"min": 9, "max": 3}), "users_affected"); refused(but(consent_share_npa="yes"), "consent_share_npa", "true or false"); refused(but(cve=["CVE-1"]), "cve[0]"); refused(but(ttp=["1486"]), "ttp[0]")
        refused(but(samples=["AB"]), "samples[0]"); refused(but(org={"name": "x\u0000y"}), "org.name"); refused(but(org={"id": "x"}), "org.name", "missing"); refused(but(summary="a" * 40000), "summary")
        refused(but(data_types=["x"] * 257), "data_types", "256"); refused(but(impact={"availability": 1.5}), "impact.availability", "fraction"); refused(but(timeline=[{"text": "x"}]), "timeline[0].ts", "missing")
        for name in [k for k in whole(good) if k not in good]:
            final = whole(good); final.pop(name); refused(final, name, "follow_up" if name not in () else "")
            final = whole(good); final[name] = "unknown"
            refused(final, name, "final")
        open(path, "w").write(json.dumps(whole(good))); sekisho("report", "check", path)
        # The sabotage twin: this loop sees a final that knows everything.
        try: refused(whole(good), "x")
        except Failed: pass
        else: raise Failed("what is good was refused, and nobody saw")
        # schema and template come of the same table
        fields = json.loads(sekisho("report", "schema", "--json").out)["fields"]
        for form in ("ddos", "ransomware", "other"):
            blank = json.loads(sekisho("report", "template", "--form", form).out); names = {x["name"] for x in fields if form in x["forms"] and not x["of"] and x["need"] != "centre"}
            expect(set(blank) == names - {"report_id"}, f"template of {form}: {set(blank) ^ names}")
            blank.update(aware_at=ago(hours=1)); blank["org"]["name"] = "x"; open(path, "w").write(json.dumps(blank)); sekisho("report", "check", path)
        expect(all(x[k][lang] for x in fields for k in ("label", "help") for lang in ("en", "ja")), "a field without words")

# rule: FORM-3 FORM-6 FORM-9
def a_life():
    with Folder() as f:
        c = Office(f); aware = ago(hours=30)
        d = first(regime=("jp_act_art5", "nis2", "jp_personal_data"), aware=aware, stage="early_warning", malicious_suspected="yes")
        for who, code in (("anna", 29), ("u_meti", 29), ("u_npa", 29), ("stranger", 4), ("insp", 29)): c.submit(who, d, code=code)
        bad = copy.deepcopy(d); bad["regime"] = ["nis3"]; expect("regime[0]" in c.submit("u_acme", bad, code=10).err, "an unknown regime")
        bad = copy.deepcopy(d); bad["aware_at"] = plus(ago(), days=2); expect("future" in c.submit("u_acme", bad, code=10).err, "the future")
        bad = copy.deepcopy(d); bad["org"]["sector"] = "magic"; expect("org.sector" in c.submit("u_acme", bad, code=10).err, "an unknown sector")
        bad = copy.deepcopy(d); bad["recipients"] = ["nobody"]; expect("recipients[0]" in c.submit("u_acme", bad, code=10).err, "an unknown recipient")
        got = c.submit("u_acme", d); rid = got["id"]
        expect(got["version"] == 1 and re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", rid) and f"\n{got['receipt']['leaf'] + 1}\n" in got["receipt"]["checkpoint"], f"{got}")
        clock = lambda got, regime, what: next((k for k in got["clocks"] if (k["regime"], k["what"]) == (regime, what)), None)
        early = clock(got, "nis2", "early_warning"); expect(early["state"] == "done" and early["due"] == plus(aware, hours=24) and early["in_time"] is False and early["to"] == ["csirt"], f"{early}")
        expect(clock(got, "nis2", "second")["state"] == "due" and clock(got, "nis2", "second")["due"] == plus(aware, hours=72) and clock(got, "nis2", "final") is None, f"{got['clocks']}")
        expect(clock(got, "jp_act_art5", "first")["promptly"] and clock(got, "jp_act_art5", "final")["due"] == plus(aware, days=30), f"{got['clocks']}")
        expect(clock(got, "jp_personal_data", "final") is None and clock(got, "jp_personal_data", "final_malicious")["due"] == plus(aware, days=60), "malice gives sixty days")
        # what was not asked for is not a step
        d["report_id"] = rid; d["report_stage"] = "supplemental"; c.submit("u_acme", d, code=34)
        d["report_stage"] = "initial"; c.submit("u_beta", d, code=4); c.submit("nina", d, code=29); got = c.submit("u_acme", d)
        expect(got["version"] == 2 and clock(got, "nis2", "second")["state"] == "done" and clock(got, "nis2", "second")["in_time"], f"{got}")
        expect(clock(got, "nis2", "final")["due"][:7] != clock(got, "nis2", "final")["since"][:7], f"a month after the second: {clock(got, 'nis2', 'final')}")
        d["report_stage"] = "follow_up"; d["status"] = "contained"; c.submit("u_acme", d)
        d["report_stage"] = "final"; expect("a final report knows it" in c.submit("u_acme", d, code=10).err, "a final that does not know")
        got = c.submit("u_acme", whole(d)); expect(got["state"] == "complete" and all(k["state"] == "done" for k in got["clocks"]), f"{got}")
        d["report_stage"] = "follow_up"; c.submit("u_acme", d, code=34); c.submit("u_acme", whole(d))
        shown = c.asked("u_acme", "show", rid); expect(shown["version"] == 5 and [v["stage"] for v in shown["versions"]] == ["early_warning", "initial", "follow_up", "final", "final"] and shown["versions"][4]["supersedes"] == 4, f"{shown['versions']}")
        expect(c.asked("u_acme", "show", rid, "--version", "1")["stage"] == "early_warning" and shown["ledger_receipt"]["leaf"] > 0 and shown["fields"]["aware_at"] == aware, "an older version")
        c.report("u_acme", "show", rid, "--version", "9", code=4)
        # what the leaves say: words of tables, and nothing of the report
        leaves = b"".join(open(os.path.join(r, n), "rb").read() for r, _, ns in os.walk(c.ledger()) for n in ns)
        for word in (b"stage.early_warning", b"stage.final", b"form.ransomware", b"regime.nis2"): expect(word in leaves, f"{word} is in no leaf")
        for secret in (b"Acme", b"FileServ", rid.encode(), b"u_acme"): expect(secret not in leaves, f"{secret} stands in the ledger")
        for name in ("reports.db", "acts.db"): expect(b"FileServ" not in open(f"{c.dir}/centre/{name}", "rb").read() and b"Acme" not in open(f"{c.dir}/centre/{name}", "rb").read(), f"{name} can be read")
        for name in ("reports.db", "keys/report.key"): expect(stat.S_IMODE(os.stat(f"{c.dir}/centre/{name}").st_mode) == 0o600, name)
        seen = c.verify()["opened"]; expect({k["kind"]: k["judged"] for k in seen["kinds"]}["report"], f"{seen}")
        # a session acts as its account
        expect([r["id"] for r in c.asked("u_acme", "list", "--regime", "nis2", "--q", "acme")] == [rid] and not c.asked("u_acme", "list", "--state", "warned"), "list")

def reminders():
    with Folder() as f:
        c = Office(f); aware = ago(hours=2); c.submit("u_acme", first(regime=("switzerland",), aware=aware, stage="early_warning")); c.submit("u_acme", first(regime=("nis2",), aware=aware, stage="early_warning"))
        at = lambda since, until: [(r["regime"], r["what"], r["reminder"]) for r in json.loads(sekisho("report", "due", "--remind", "--since", since, "--at", until, "--json", "--dir", c.dir).out)]
        t = lambda **of: plus(aware, **of)
        # each once: 72 h have a quarter of 18 h before and after
        want = [("nis2", "second", "before", t(hours=54)), ("nis2", "second", "due", t(hours=72)), ("nis2", "second", "overdue", t(hours=90)), ("switzerland", "final", "before", t(days=13)), ("switzerland", "final", "due", t(days=14)), ("switzerland", "final", "overdue", t(days=15))]
        for regime, what, kind, when in want:
            expect(at(plus(when, minutes=-10), plus(when, seconds=-1)) == [] and at(plus(when, seconds=-1), plus(when, minutes=10)) == [(regime, what, kind)] and at(when, plus(when, minutes=10)) == [], f"{regime} {what} {kind}")
        expect(len(at(aware, t(days=40))) == len(want), "each reminder once")
        late = json.loads(sekisho("report", "due", "--late", "--at", t(days=20), "--json", "--dir", c.dir).out); expect([(r["regime"], r["state"]) for r in late] == [("nis2", "late"), ("switzerland", "late")], f"{late}")
        expect("title" not in late[0] and "Acme" not in json.dumps(late), "who only has the files is told a title"); expect(len(c.asked("u_acme", "due")) == 2 and c.asked("u_beta", "due") == [], "due, by who asks")
        sekisho("report", "due", "--remind", "--dir", c.dir, code=2)

# rule: FORM-11
def reminders_by_mail():
    """A real mail server of our own: each reminder is sent once, to whoever owes the report, says nothing of it, and is an entry with an act of the centre."""
    sys.path.insert(0, ROOT + "/tests/netns"); import email, email.policy; from drive import SINK
    if run("/usr/bin/python3", "-c", "import aiosmtpd", code=None).returncode != 0: return print("note: python3-aiosmtpd is not installed")
    with Folder() as f:
        c = Office(f); box, parties = f + "/box", f + "/parties"; os.mkdir(box); open(f + "/sink.py", "w").write(SINK); port = free_port()
        a = c.submit("u_acme", first(regime=("nis2",), aware=ago(hours=80), stage="early_warning", summary="a secret of the plant"))["id"]; b = c.submit("u_beta", first(regime=("nis2",), aware=ago(hours=100), stage="early_warning", org="Beta K.K."))["id"]
        c.submit("u_wire", first(regime=("switzerland",), aware=ago(hours=2), stage="early_warning", org="Wire K.K."))  # nothing of it is due yet
        def serve():
            p = subprocess.Popen(["/usr/bin/python3", f + "/sink.py", box, "127.0.0.1", str(port)], stdout=subprocess.PIPE); expect(p.stdout.readline() == b"ready\n", "no mail server"); return p
        def remind(code=0, *more): return sekisho("report", "remind", "--server", f"tcp:127.0.0.1:{port}", "--from", "cert@centre.example", "--parties", parties, "--dir", c.dir, *more, code=code)
        mails = lambda: [email.message_from_bytes(open(f"{box}/{n}", "rb").read(), policy=email.policy.default) for n in sorted(os.listdir(box)) if n.endswith(".eml")]
        def entries(): sekisho("centre", "openings", "--dir", c.dir, "-o", f + "/o.jsonl"); return sum(json.loads(l)["note"].count('"event":"remind"') for l in open(f + "/o.jsonl"))
        open(parties, "w").write("acme  ciso@acme.example  en\n"); remind(7); expect(mails() == [] and entries() == 0, "no server, and something was sent or written down")
        server = serve(); shutil.copytree(c.dir, f + "/before")
        try:
            done = remind(4); expect("nobody is registered there as 'beta'" in done.err and "1 sent" in done.out and len(mails()) == 1 and entries() == 1, f"{done.out} {done.err}")
            m = mails()[0]; text = m.get_content(); expect(m["To"] == "ciso@acme.example" and m["From"] == "cert@centre.example" and m["Auto-Submitted"] == "auto-generated" and a in text and "nis2, second" in text and "X-Sekisho-Order" not in m, str(m))
            expect(not any(w in str(m) + text for w in ("secret", "Acme Power", "encrypt")), "the letter says what the report says")
            remind(4); expect(len(mails()) == 1 and entries() == 1, "a reminder was sent twice")
            open(parties, "a").write("beta  gone@beta.example  ja\n"); expect("550" in remind(4).err and len(mails()) == 1 and entries() == 1, "refused for good, and on record as sent")
            open(parties, "w").write("acme  ciso@acme.example  en\nbeta  csirt@beta.example  ja\n"); done = json.loads(remind(0, "--json").out); expect([(x["id"], x["to"], x["reminder"]) for x in done] == [(b, "beta", "overdue")] and "queued as" in done[0]["answer"], str(done))
            expect("被害報告" in mails()[1]["Subject"] and "期限を過ぎています" in mails()[1].get_content() and entries() == 2, str(mails()[1])); expect("0 sent" in remind().out and len(mails()) == 2, "twice")
            shown = c.asked("u_acme", "show", a); expect(len(shown["versions"]) == 1 and shown["state"] == "warned", "a reminder is no version of a report"); c.submit("u_acme", {**first(regime=("nis2",), aware=ago(hours=80), stage="follow_up"), "report_id": a})
            found = c.verify(); expect(found["verified"], str(found)); verify_both(c.ledger()); sekisho("centre", "check", "--dir", c.dir)
            # a crash between the mail server and the ledger: the letter comes again, under the same Message-ID
            shutil.rmtree(c.dir); shutil.copytree(f + "/before", c.dir); remind(); expect({m["Message-ID"] for m in mails()[:2]} == {m["Message-ID"] for m in mails()[2:]} and len(mails()) == 4, "another message")
            for wrong in (("--from", "no address"), ("--helo", "two words"), ("--server", "udp:127.0.0.1:25")): remind(2, *wrong)
        finally: server.terminate(); server.wait(20)

# rule: FORM-4
def triggers():
    ask = lambda *w: json.loads(sekisho("report", "trigger", "--json", *w).out)
    table = {(r["trigger"], r["class"]): r["duty"] for r in ask("--table")}; expect(len(table) == 72 and sum(table.values()) == 3 * 6 + 2 * 9, f"{table}")
    for (trigger, klass), duty in table.items(): expect(ask("--class", klass, "--trigger", trigger)["duty"] == duty, f"{trigger} {klass}")
    day = ("--at", "2027-03-31")
    expect(not ask("--class", "core", "--trigger", "compromise", "--designated", "2026-10-01", *day)["duty"] and ask("--class", "core", "--trigger", "compromise", "--designated", "2026-09-30", *day)["duty"], "six months")
    expect(not ask("--class", "core", "--trigger", "compromise", "--specified", "2026-12-01", *day)["duty"], "a change of rules")
    expect(ask("--class", "core", "--trigger", "compromise", "--attempted-only")["duty"] and not ask("--class", "nearest_firewall", "--trigger", "compromise", "--attempted-only")["duty"], "attempted obstruction")
    sekisho("report", "trigger", "--class", "toaster", "--trigger", "compromise", code=2)
    with Folder() as f:
        # which exclusions are in force is the policy's to say
        c = Office(f, policy=None); text = open(f"{ROOT}/policy/jp-2025.yaml").read().replace("    except: [attempted_obstruction, six_months_after_designation]\n", "    except: [attempted_obstruction]\n"); open(f + "/p.yaml", "w").write(text)
        young = ("--class", "core", "--trigger", "compromise", "--designated", "2027-03-01", *day, "--dir", c.dir); expect(not ask(*young)["duty"], "the act's own")
        sekisho("policy", "load", f + "/p.yaml", "--dir", c.dir, "--key", c.key("paul")); sekisho("policy", "ack", "--dir", c.dir, "--key", c.key("chair"), code=None); expect(ask(*young)["duty"], "a policy without that exclusion")

# rule: FORM-7
def duplicates():
    with Folder() as f:
        c = Office(f); ioc = {"type": "ipv4", "value": "198.51.100.7"}
        a = c.submit("u_acme", first(iocs=[ioc], affected_assets=[{"asset_id": "srv-7"}]))["id"]
        got = c.submit("u_acme", first(iocs=[ioc, {"type": "domain", "value": "evil.example"}], aware=ago(hours=3), affected_assets=[{"asset_id": "SRV-7"}])); b = got["id"]
        expect([(p["a"], p["b"], p["score"]) for p in got["duplicates"]] == [(a, b, 100)] and "1 indicators in common +20" in got["duplicates"][0]["why"], f"{got['duplicates']}")
        other = c.submit("u_beta", first(org="Beta Gas", iocs=[ioc], aware=ago(hours=3)))["id"]; old = c.submit("u_acme", first(iocs=[ioc], aware=ago(days=20)))["id"]
        pairs = c.asked("nina", "duplicates"); expect([(p["a"], p["b"]) for p in pairs] == [(a, b)], f"{pairs}")
        expect(c.asked("u_beta", "duplicates") == [], "another's reports"); c.report("u_beta", "merge", a, b, code=4); c.report("u_npa", "merge", a, b, code=4)
        case = c.asked("nina", "merge", a, b)["case"]; expect(c.asked("nina", "duplicates") == [] and {r["id"]: r["case"] for r in c.asked("nina", "list")} == {a: case, b: case, other: None, old: None}, "merged")
        before = c.acts(); c.asked("nina", "merge", a, b); expect(c.acts() == before, "merged twice"); expect(c.asked("nina", "merge", a, old)["case"] == case and {r["id"] for r in c.asked("nina", "list", "--case", case)} == {a, b, old}, "a third")
        c.report("nina", "merge", old, "--apart"); expect({r["id"] for r in c.asked("nina", "list", "--case", case)} == {a, b}, "apart"); expect(c.asked("u_acme", "show", a)["case"] == case, "the reference"); c.verify()

# rule: FORM-5
def who_sees_what():
    with Folder() as f:
        c = Office(f); everybody = ("u_acme", "u_beta", "u_wire", "u_npa", "u_mod", "u_meti", "u_fsa", "u_ppc", "u_maker", "u_ally", "u_council", "nina", "rita", "insp")
        def seers(rid):
            out = {}
            for who in everybody:
                hit = [r for r in c.asked(who, "list") if r["id"] == rid]
                if hit: out[who] = hit[0]["seen"]
                done = c.report(who, "show", rid, "--json", code=0 if hit else 4)
                if hit and hit[0]["seen"] == "gist": expect("Acme" not in done.out and "secret words" not in done.out and "srv-7" not in done.out, f"{who} sees more than the gist")
                if hit and hit[0]["seen"] == "gist": c.report(who, "export", rid, "--as", "jp-json", code=29)
            return out
        full = dict(summary="secret words", affected_assets=[{"asset_id": "srv-7"}])
        office = {"nina": "full", "rita": "full"}; own = {"u_acme": "full"}; ministry = {"u_meti": "full"}
        expect(seers(c.submit("u_acme", first(**full))["id"]) == {**own, **office, **ministry}, "the act's own recipients")
        expect(seers(c.submit("u_acme", first(regime=(), **full))["id"]) == own, "a voluntary report without consents")
        rid = c.submit("u_acme", first(regime=(), consent_share_nco=True, **full))["id"]; expect(seers(rid) == {**own, **office, "u_mod": "gist"}, f"consent for the office: {seers(rid)}")
        rid = c.submit("u_acme", first(regime=(), consent_share_npa=True, **full))["id"]; expect(seers(rid) == {**own, "u_npa": "full"}, "consent for the police")
        rid = c.submit("u_acme", first(regime=(), consent_share_npa=True, consent_share_nco=True, tlp="red", **full))["id"]; expect(seers(rid) == own, "TLP:RED is for those who are named")
        rid = c.submit("u_acme", first(consent_share_npa=True, handling_opinion={"restrict": "recipients_only", "text": "no further"}, **full))["id"]; expect(seers(rid) == {**own, **office, **ministry}, "recipients only")
        rid = c.submit("u_acme", first(regime=("jp_personal_data",), recipients=["maker", "mod"], **full))["id"]; expect(seers(rid) == {**own, "u_ppc": "full", "u_maker": "gist", "u_mod": "full"}, f"named: {seers(rid)}")
        # consent is taken back with the next version
        d = first(regime=(), consent_share_npa=True, **full); d["report_id"] = c.submit("u_acme", d)["id"]; c.asked("u_npa", "show", d["report_id"]); d["consent_share_npa"] = False; c.submit("u_acme", d); c.report("u_npa", "show", d["report_id"], code=4)
        # partners: only with consent, and never red
        rid = c.submit("u_acme", first(**full))["id"]; c.report("nina", "export", rid, "--as", "stix", code=29); c.report("u_acme", "export", rid, "--as", "stix")
        rid = c.submit("u_acme", first(consent_share_ally=True, **full))["id"]; c.report("nina", "export", rid, "--as", "stix"); rid = c.submit("u_acme", first(consent_share_ally=True, tlp="red", **full))["id"]; c.report("nina", "export", rid, "--as", "stix", code=29)

# rule: FORM-10
def copies():
    with Folder() as f:
        c = Office(f); d = whole(first(consent_share_ally=True, tlp="green", handling_opinion={"text": "no further"}, iocs=[{"type": "ipv4", "value": "198.51.100.7", "first": ago(days=1)}, {"type": "file_name", "value": "it's \\x"}, {"type": "other", "value": "x"}],
                                       ttp=["T1486", "T1498.001"], cve=["CVE-2026-12345"], weakness="=cmd|' /C calc'!A0")); rid = c.submit("u_acme", d)["id"]
        text = c.report("u_acme", "export", rid, "--as", "jp-csv").out; rows = list(csv.reader(io.StringIO(text))); expect(rows[0] == ["項番", "区分", "項目", "内容"] and all(len(r) == 4 for r in rows), text)
        expect({r[0] for r in rows[1:]} == {"", *"1234567"} and ["4", "影響を受けた電子計算機", "電子計算機 1 - 区分", "アクセス制御サーバ"] in rows and any(r[2] == "概要" and "\n" in r[3] for r in rows), text)
        expect(not any(cell[:1] in "=+-@" for r in rows for cell in r if cell) , "a spreadsheet could run it"); expect(any(r[2] == "認知日時" and r[3].endswith("+09:00") for r in rows), "Japan's time")
        jp = json.loads(c.report("u_acme", "export", rid, "--as", "jp-json").out); expect(jp["様式"] == "ランサムウェア事案" and jp["段階"] == "確報" and {x.get("項番") for x in jp["記載事項"]} == {None, 1, 2, 3, 4, 5, 6, 7}, f"{jp}")
        nis2 = json.loads(c.report("u_acme", "export", rid, "--as", "nis2").out); expect(nis2["stage"] == "final_report" and nis2["threat_or_root_cause"] == d["root_cause"] and nis2["indicators_of_compromise"][0]["value"] == "198.51.100.7" and nis2["tlp"] == "green", f"{nis2}")
        circia = json.loads(c.report("u_acme", "export", rid, "--as", "circia").out); expect(circia["ransom"]["family"] == "Exampleware" and circia["covered_entity"]["name"] == d["org"]["name"] and circia["handling_opinion"] == {"text": "no further"}, f"{circia}")
        bundle = json.loads(c.report("nina", "export", rid, "--as", "stix").out); check_stix(bundle)
        expect(json.loads(c.report("u_acme", "export", rid, "--as", "stix").out) == bundle, "two exports differ"); kinds = [o["type"] for o in bundle["objects"]]
        expect({k: kinds.count(k) for k in set(kinds)} == {"identity": 1, "incident": 1, "attack-pattern": 2, "vulnerability": 1, "indicator": 2, "malware": 1, "relationship": 6}, f"{kinds}")
        expect(any(o.get("pattern") == "[file:name = 'it\\'s \\\\x']" for o in bundle["objects"]), "a pattern is not escaped")
        c.report("u_acme", "export", rid, "--as", "pdf", code=2); c.report("u_acme", "export", rid, "--as", "nis2", "-o", f + "/out"); expect(json.load(open(f + "/out")) == nis2, "-o")
        for bend in (lambda o: o.pop("spec_version"), lambda o: o.update(id="x"), lambda o: o.update(created="yesterday")):
            bad = copy.deepcopy(bundle); bend(bad["objects"][1])
            try: check_stix(bad)
            except Failed: continue
            raise Failed("a bundle that is none was taken")

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
NEEDED = {"identity": {"name": str}, "incident": {"name": str}, "attack-pattern": {"name": str, "external_references": list}, "vulnerability": {"name": str, "external_references": list}, "malware": {"is_family": bool},
          "indicator": {"pattern": str, "pattern_type": str, "valid_from": str}, "relationship": {"relationship_type": str, "source_ref": str, "target_ref": str}}
TLP = {"613f2e26-407d-48c7-9eca-b8e91df99dc9", "34098fce-860f-48ae-8e50-ebd3cc5e41da", "f88d31f6-486f-44da-b317-01333bde0b82", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"}
def check_stix(bundle):
    """What OASIS' schemas of STIX 2.1 ask of these objects."""
    ident = lambda kind: rf"{kind}--[0-9a-f]{{8}}-[0-9a-f]{{4}}-[1-5][0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}"
    expect(set(bundle) == {"type", "id", "objects"} and bundle["type"] == "bundle" and re.fullmatch(ident("bundle"), bundle["id"]), "bundle"); ids = {o["id"] for o in bundle["objects"]}
    expect(len(ids) == len(bundle["objects"]), "an id twice")
    for o in bundle["objects"]:
        expect(o.get("spec_version") == "2.1" and re.fullmatch(ident(o["type"]), o["id"]) and re.fullmatch(STAMP, o["created"]) and re.fullmatch(STAMP, o["modified"]) and o["created"] <= o["modified"], f"{o}")
        for member, kind in NEEDED[o["type"]].items(): expect(isinstance(o.get(member), kind), f"{o['type']}.{member}: {o}")
        for ref in [v for k, v in o.items() if k.endswith("_ref")]: expect(ref in ids, f"{ref} is not in the bundle")
        expect(all(re.fullmatch(ident("marking-definition"), m) and m.split("--")[1] in TLP for m in o["object_marking_refs"]), "markings"); expect(all(x["source_name"] for x in o.get("external_references", [])), "references")
        if "valid_from" in o: expect(re.fullmatch(STAMP, o["valid_from"]), "valid_from")

# rule: FORM-8
def small_numbers():
    with Folder() as f:
        c = Office(f); year = str(NOW.year)
        def hand_in(sector, form, times, **more):
            for _ in range(times): d = first(form=form, **more); d["org"]["sector"] = sector; c.submit("u_acme", d)
        hand_in("power", "ddos", 10); hand_in("power", "ransomware", 2); hand_in("finance", "ddos", 11); hand_in("finance", "ransomware", 10); hand_in("gas", "ddos", 1, handling_opinion={"restrict": "no_statistics"})
        got = c.asked("nina", "statistics", "--year", year); k = got["k"]; rows = {r["sector"]: r["counts"] for r in got["rows"]}; expect(k == 10 and got["columns"] == ["ddos", "ransomware", "total"] and "gas" not in rows, f"{got}")
        expect(rows == {"power": [None, None, 12], "finance": [None, None, 21], "total": [21, 12, 33]}, f"two are hidden, and what would give them away: {rows}")
        expect("fewer" not in c.report("nina", "statistics").out and " 2\n" not in c.report("nina", "statistics").out, "a small number"); expect(c.asked("u_npa", "statistics")["rows"] == [{"sector": "total", "counts": [0]}], "of what one sees")
        c.report("nina", "statistics", "--since", "2026-01-01", "--year", "1", code=2)

def attachments():
    with Folder() as f:
        c = Office(f); rid = c.submit("u_acme", first())["id"]; evil = f + "/x.html"; open(evil, "wb").write(b"<script>alert(1)</script>\0\xff")
        got = c.asked("u_acme", "attach", rid, evil); c.report("u_acme", "attach", rid, evil, code=2); c.report("u_beta", "attach", rid, evil, code=4); c.report("nina", "attach", rid, evil, code=29)
        c.report("u_acme", "attach", rid, evil, "--name", "../../etc/passwd\n", code=2); c.report("u_acme", "attach", rid, evil, "--name", ".hidden", code=2)
        open(f + "/big", "wb").write(b"x" * ((8 << 20) + 1)); c.report("u_acme", "attach", rid, f + "/big", code=4)
        shown = c.asked("nina", "show", rid)["attachments"]; expect([(a["name"], a["size"], a["sha256"]) for a in shown] == [("x.html", 27, got["sha256"])], f"{shown}")
        c.report("nina", "attachment", rid, str(shown[0]["number"]), "-o", f + "/back"); expect(open(f + "/back", "rb").read() == open(evil, "rb").read() and not os.stat(f + "/back").st_mode & 0o111, "handed back")
        c.report("nina", "attachment", rid, got["sha256"][:12], "-o", f + "/back"); c.report("nina", "attachment", rid, "99", code=4); c.report("u_beta", "attachment", rid, "2", code=4)
        for i in range(15): open(f + "/n", "w").write(str(i)); c.report("u_acme", "attach", rid, f + "/n")
        open(f + "/n", "w").write("one more"); c.report("u_acme", "attach", rid, f + "/n", code=4)
        expect(b"<script>" not in open(c.dir + "/centre/reports.db", "rb").read(), "an attachment lies open"); expect(json.loads(sekisho("report", "check", "--json", "--dir", c.dir).out) == {"reports": 1, "entries": 17}, "check"); c.verify()

# rule: FORM-9
def who_can_write_to_the_database():
    with Folder() as told: each_lie(told)

def each_lie(told):
    c = Office(told, policy=None); a = c.submit("u_acme", first(regime=()))["id"]; b = c.submit("u_beta", first(regime=(), org="Beta"))["id"]; open(told + "/n", "w").write("x"); c.report("u_acme", "attach", a, told + "/n")
    c.asked("u_acme", "list"); sekisho("report", "check", "--dir", c.dir)
    def lie(what, sql, words, seen_by_list=True):
        with Folder() as f:
            shutil.copytree(told, f, dirs_exist_ok=True); c = Office.__new__(Office); c.folder, c.dir = f, f + "/d"
            with c.db() as db: sql(db, a, b)
            db.close()
            done = sekisho("report", "check", "--dir", c.dir, code=None); expect(done.returncode == (8 if words else 0) and (not words or (words in done.err and (a in done.err or b in done.err))), f"{what}: {done.returncode} {done.err}")
            if words: expect(c.report("u_acme", "list", code=None).returncode == (8 if seen_by_list else 0), what)
            else: expect(len(c.asked("u_acme", "list")) == 1, what)
            if words and seen_by_list: c.submit("u_acme", first(regime=()), code=8)
    lie("a body changed", lambda db, a, b: db.execute("UPDATE entry SET body = zeroblob(length(body)) WHERE report = ? AND number = 1", (a,)), "not what its act commits to", seen_by_list=False)
    lie("a head changed", lambda db, a, b: db.execute("UPDATE entry SET head = CAST(substr(head, 1, length(head) - 1) || x'00' AS BLOB) WHERE report = ?", (a,)), "not what its act commits to")
    lie("an entry taken away", lambda db, a, b: db.execute("DELETE FROM entry WHERE report = ? AND number = 2", (a,)), "it is gone")
    lie("heads exchanged", lambda db, a, b: db.execute("UPDATE entry SET head = (SELECT head FROM entry WHERE report = ?) WHERE report = ? AND number = 1", (b, a)), "not what its act commits to")
    lie("bodies exchanged", lambda db, a, b: db.execute("UPDATE entry SET body = (SELECT body FROM entry WHERE report = ?) WHERE report = ? AND number = 1", (b, a)), "not what its act commits to", seen_by_list=False)
    # an entry without an act is nothing; the sabotage twin of this: the same call sees no lie where there is none
    lie("an entry added", lambda db, a, b: db.execute("INSERT INTO entry SELECT 'somebody-elses', 1, head, body FROM entry WHERE report = ? AND number = 1", (a,)), "")
    lie("nothing", lambda db, a, b: None, "")
    with Folder() as f:
        c = Office(f, policy=None); c.submit("u_acme", first(regime=())); os.rename(c.dir + "/centre/reports.db", f + "/db"); c.report("u_acme", "list", code=8); c.submit("u_acme", first(regime=()), code=8)
        os.unlink(c.dir + "/centre/reports.db"); os.rename(f + "/db", c.dir + "/centre/reports.db"); c.asked("u_acme", "list"); os.chmod(c.dir + "/centre/keys/report.key", 0o644); c.report("u_acme", "list", code=7); os.chmod(c.dir + "/centre/keys/report.key", 0o600)
        os.rename(c.dir + "/centre/keys/report.key", f + "/key"); c.report("u_acme", "list", code=4); c.submit("u_acme", first(regime=()), code=4); open(c.dir + "/centre/keys/report.key", "wb").write(bytes(32)); os.chmod(c.dir + "/centre/keys/report.key", 0o600); c.report("u_acme", "list", code=9)

def own_network():
    """A team alone: no policy, no clocks, and everything is its own."""
    with Folder() as f:
        c = Centre(f, "own_network", watched=False); c.act("admin", "role", "grant", "rita", "reporter"); open(f + "/r.json", "w").write(json.dumps(first(regime=())))
        got = json.loads(sekisho("report", "submit", f + "/r.json", "--dir", c.dir, "--key", c.key("rita"), "--json").out); expect(got["clocks"] == [] and got["state"] == "reported", f"{got}")
        sekisho("report", "submit", "-", "--stage", "follow_up", "--id", got["id"], "--dir", c.dir, "--key", c.key("rita"), stdin=json.dumps({k: v for k, v in first(regime=()).items() if k != "report_stage"}).encode())
        text = sekisho("report", "show", got["id"][:8], "--dir", c.dir, "--key", c.key("anna"), "--lang", "ja").out; expect("事業者" in text and "Acme" in text, text)

def free_port():
    with socket.socket() as s: s.bind(("127.0.0.1", 0)); return s.getsockname()[1]

def over_http():
    """The same over the API: what a browser does, with a session's token."""
    import http.client, time, urllib.parse
    with Folder() as f:
        c = Office(f); port = free_port(); secret = f + "/pw"; open(secret, "w").write("correct horse battery\n"); os.chmod(secret, 0o600); tokens = {}
        for who in ("u_acme", "nina", "u_beta"):
            c.act(who, "factor", "password", who, "--password-file", secret); sekisho("access", "session", "begin", who, "--dir", c.dir, "--password-file", secret, "--token-file", f"{f}/{who}.token")
            tokens[who] = open(f"{f}/{who}.token").read().strip()
        sekisho("report", "list", "--dir", c.dir, code=2); expect(json.loads(sekisho("report", "list", "--json", "--dir", c.dir, env={"SEKISHO_SESSION": tokens["u_acme"]}).out) == [], "a session"); sekisho("report", "list", "--dir", c.dir, env={"SEKISHO_SESSION": "x" * 43}, code=37)
        with open(f + "/log", "w") as log: server = subprocess.Popen([SEKISHO, "serve", "--dir", c.dir, "--listen", f"127.0.0.1:{port}", "--password-alone"], stdout=log, stderr=log)
        try:
            def call(method, path, who=None, body=None, raw=None, status=200):
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=60); headers = {"Authorization": "Bearer " + tokens[who]} if who else {}
                if body is not None: raw, headers["Content-Type"] = json.dumps(body), "application/json"
                elif raw is not None: headers["Content-Type"] = "application/octet-stream"
                line.request(method, "/api/v1/" + path, raw, headers); got = line.getresponse(); data = got.read()
                expect(got.status == status, f"{method} {path}: {got.status}, expected {status}: {data[:600]}"); got.data = data; line.close()
                return got
            for _ in range(600):
                try: call("GET", "openapi.json"); break
                except OSError: expect(server.poll() is None, open(f + "/log").read()); time.sleep(0.05)
            schema = json.loads(call("GET", "reports/schema", who="u_beta").data); expect({"name", "type", "help", "label", "group", "forms", "final"} <= set(schema["fields"][0]) and len(schema["stages"]) == 6, "schema")
            call("GET", "reports", status=401); call("POST", "reports", who="nina", body={"stage": "initial", "fields": first()}, status=403)
            said = json.loads(call("POST", "reports", who="u_acme", body={"stage": "final", "fields": {k: v for k, v in first().items() if k != "report_stage"}}, status=422).data)["error"]; expect(said["exit"] == 10 and said["line"].startswith("report: ") and "final report knows it" in said["line"], f"{said}")
            got = json.loads(call("POST", "reports", who="u_acme", body={"stage": "initial", "fields": {k: v for k, v in first().items() if k != "report_stage"}}).data); rid = got["id"]; expect(got["version"] == 1 and got["receipt"]["leaf"] > 0 and got["clocks"], f"{got}")
            call("POST", "reports", who="u_acme", body={"stage": "follow_up", "id": rid, "fields": {k: v for k, v in first().items() if k != "report_stage"}})
            for _ in range(3): c.submit("u_acme", first(regime=("nis2", "jp_act_art5")))
            ids, cursor = [], ""
            while cursor is not None:
                page = json.loads(call("GET", "reports?limit=2" + (f"&cursor={cursor}" if cursor else ""), who="u_acme").data); ids += [r["id"] for r in page["items"]]; cursor = page["next"]; expect(len(page["items"]) <= 2, "limit")
            expect(len(ids) == len(set(ids)) == 4 and ids[-1] == rid, f"pages: {ids}"); expect(len(json.loads(call("GET", "reports?regime=nis2", who="u_acme").data)["items"]) == 3, "filter"); expect(json.loads(call("GET", "reports", who="u_beta").data)["items"] == [], "another's")
            call("GET", "reports/" + rid, who="u_beta", status=404); expect(json.loads(call("GET", f"reports/{rid}?version=1", who="nina").data)["fields"]["form_kind"] == "ransomware", "show")
            evil = b"<script>alert(1)</script>\0\xff"; call("POST", f"reports/{rid}/attachments?name=x.html", who="u_acme", raw=evil)
            number = json.loads(call("GET", "reports/" + rid, who="nina").data)["attachments"][0]["number"]; back = call("GET", f"reports/{rid}/attachments/{number}", who="nina")
            expect(back.data == evil and back.headers["Content-Type"] == "application/octet-stream" and back.headers["Content-Disposition"].startswith("attachment") and back.headers["X-Content-Type-Options"] == "nosniff", f"{back.headers}")
            csv_ = call("GET", f"reports/{rid}/export?as=jp-csv", who="nina"); expect(csv_.data.decode().startswith("項番,") and csv_.headers["Content-Type"] == "application/octet-stream", "export"); call("GET", f"reports/{rid}/export?as=stix", who="nina", status=403)
            for path in ("reports/duplicates", "reports/statistics", "reports/due"): json.loads(call("GET", path, who="nina").data)
            case = json.loads(call("POST", "reports/merge", who="nina", body={"id": ids[:2]}).data)["case"]; expect({r["id"] for r in json.loads(call("GET", "reports?case=" + case, who="nina").data)["items"]} == set(ids[:2]), "merge")
        finally:
            server.terminate(); server.wait(30)

TESTS = [what_is_no_report, a_life, reminders, reminders_by_mail, triggers, duplicates, who_sees_what, copies, small_numbers, attachments, who_can_write_to_the_database, own_network, over_http]
if __name__ == "__main__":
    chosen = [t for t in TESTS if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]]
    try:
        for test in chosen: test(); print("ok", test.__name__, flush=True)
    finally:
        for folder in Office.made.values(): shutil.rmtree(folder, ignore_errors=True)
