#!/usr/bin/env python3
"""Oversight from outside: inspections with sealed answers, remarks with their days and a demand that suspends a basis, the openings of a real centre before both verifiers, the annual report
counted a second time by this file over the tiles, and the public page."""
import base64, html.parser, re, xml.etree.ElementTree
from access import Centre
from lib import *
from witness import entries

GO = os.path.exists(VERIFY_GO)

class Office(Centre):
    """A centre with an inspector, and what oversight does at it."""
    def __init__(self, folder, **more):
        super().__init__(folder, **more); self.inspector()
        self.key_new("paula"); self.act("admin", "account", "add", "paula", "--org", "host", "--role", "reporter", "--account-key", self.pub("paula"))
    def remark(self, who, *words, code=0): return sekisho("remark", *words, "--dir", self.dir, "--key", self.key(who), code=code)
    def inspect(self, who, *words, code=0): return sekisho("inspect", *words, "--dir", self.dir, "--key", self.key(who), code=code)
    def remarks(self, *words): return json.loads(sekisho("remark", "list", "--json", "--dir", self.dir, *words).out)
    def ledger(self): return self.dir + "/centre/ledger"
    def openings(self):
        path = self.folder + "/openings.jsonl"; sekisho("centre", "openings", "--dir", self.dir, "-o", path); return path
    def verify(self, code=0):
        """Both verifiers over ledger and openings; the first one's JSON."""
        path = self.openings()
        done = run(VERIFY, self.ledger(), "--openings", path, "--json", code=code)
        if GO: run(VERIFY_GO, self.ledger(), "--openings", path, code=code)
        return json.loads(done.out)

# rule: REMARK-2
def remarks_and_their_days():
    with Folder() as f:
        c = Office(f, watched=False)
        words = ("--about", "retention", "--to", "host", "--text", "tell when the days of March were erased")
        c.remark("anna", "issue", "r-1", "--kind", "notice", *words, "--due", "14d", code=29)
        c.remark("admin", "issue", "r-1", "--kind", "notice", *words, "--due", "14d", code=29)
        c.remark("stranger", "issue", "r-1", "--kind", "notice", *words, "--due", "14d", code=4)
        c.remark("insp", "issue", "r-1", "--kind", "threat", *words, "--due", "14d", code=3)
        c.remark("insp", "issue", "r-1", "--kind", "notice", *words, "--due", "2026-01-01", code=57)
        c.remark("insp", "issue", "r-1", "--kind", "notice", *words, "--due", "14d")
        c.remark("insp", "issue", "r-1", "--kind", "notice", *words, "--due", "14d", code=57)
        c.remark("insp", "answer", "r-1", "--text", "by oversight itself", code=29); c.remark("insp", "close", "r-1", "--text", "unanswered", code=57)
        c.remark("anna", "answer", "r-1", "--text", "an analyst does not answer", code=29)
        c.remark("paula", "answer", "r-1", "--text", "on the third of April")
        c.remark("insp", "insist", "r-1", "--text", "which days?", "--due", "500ms")
        got = c.remarks("--overdue")
        for _ in range(100):
            if got: break
            got = c.remarks("--overdue")
        expect([r["id"] for r in got] == ["r-1"] and got[0]["overdue"], f"overdue: {got}")
        c.remark("paula", "answer", "r-1", "--text", "all of them"); expect(not c.remarks("--overdue"), "answered, and still overdue")
        c.remark("paula", "close", "r-1", "--text", "by whom it is for", code=29); c.remark("insp", "close", "r-1", "--text", "good")
        c.remark("insp", "issue", "r-2", "--kind", "recommendation", "--about", "access", "--to", "host", "--text", "two factors", "--due", "30d"); c.remark("insp", "withdraw", "r-2", "--text", "moot")
        c.remark("insp", "issue", "r-3", "--kind", "notice", *words, "--due", "9d", "--suspend", "nothing", code=4)
        c.remark("paula", "file", "e-1", "--about", "record", "--text", "a log was kept a day too long"); c.remark("paula", "assess", "e-1", "--text", "fine", code=29)
        c.remark("insp", "assess", "e-1", "--text", "no harm"); c.remark("insp", "close", "e-1", "--self", "--text", "done")
        expect([(r["id"], r["state"]) for r in c.remarks()] == [("r-1", "closed"), ("r-2", "withdrawn")] and [r["state"] for r in c.remarks("--self")] == ["closed"], f"{c.remarks()}")
        expect("notice" in sekisho("remark", "words").out and "r-1" in sekisho("remark", "show", "r-1", "--dir", c.dir).out, "words and show")
        seen = c.verify()["opened"]
        expect({k["kind"]: k["judged"] for k in seen["kinds"]} == {"org": True, "account": True, "remark": True, "selfreport": True}, f"{seen}")
        # elsewhere: the statement goes to another machine, and its signature comes back
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", f + "/ssh"); c.act("chair", "key", "add", "insp", f + "/ssh.pub", also=("m1", "m2", "insp"))
        c.remark("insp", "issue", "r-4", "--kind", "demand", *words, "--due", "9d", "--to-sign", f + "/s"); run("ssh-keygen", "-q", "-Y", "sign", "-n", "sekisho-act", "-f", f + "/ssh", f + "/s")
        text = next(k["key"] for a in c.show("key", "list") if a["id"] == "insp" for k in a["keys"] if k["key"].startswith("SHA256"))
        sekisho("remark", "issue", "r-4", "--kind", "demand", *words, "--due", "9d", "--dir", c.dir, "--statement", f + "/s", "--signature", f + "/s.sig", "--by", text)
        expect(c.remarks()[-1]["state"] == "issued", "signed elsewhere")
        c.verify()

def a_look_is_an_act():
    with Folder() as f:
        c = Office(f)
        c.inspect("insp", "counters", "--in", "i-1", "--workspace", c.dir, code=57)
        for who, code in (("anna", 29), ("admin", 29), ("stranger", 4)): c.inspect(who, "begin", "i-1", "--occasion", "ongoing", code=code)
        c.inspect("insp", "begin", "i-1", "--occasion", "ongoing", "--text", "yearly")
        before = c.acts()
        said = c.inspect("insp", "counters", "--in", "i-1", "--workspace", c.dir).out; expect("received" in said and "recomputed to the signed root" in said, said)
        said = c.inspect("insp", "policy", "--in", "i-1").out; expect("compiled in" in said, said)
        said = c.inspect("insp", "selectors", "--in", "i-1", "--workspace", c.dir).out; expect("runs" in said, said)
        expect("0 provisions" in c.inspect("insp", "holders", "--in", "i-1").out and "0 urgent" in c.inspect("insp", "urgent", "--in", "i-1").out, "holders, urgent")
        proof = c.inspect("insp", "proof", "--in", "i-1", "--leaf", "2").out; expect(proof.startswith("c2sp.org/tlog-proof@v1\nindex 2\n"), proof)
        expect(c.acts() == before + 6, "a look without its act")
        c.inspect("anna", "counters", "--in", "i-1", "--workspace", c.dir, code=29); c.inspect("insp", "counters", "--workspace", c.dir, code=2)
        # a query inside: its answer is the inspector's alone
        for who, code in (("anna", 29), ("admin", 29), ("stranger", 4)):
            c.inspect(who, "query", "findings", "--in", "i-1", "--workspace", c.dir, "-o", f + "/no", code=code); expect(not os.path.exists(f + "/no"), f"{who} got an answer")
        done = c.inspect("insp", "query", "findings", "--in", "i-1", "--workspace", c.dir, "--value", "198.51.100.9", "-o", f + "/answer")
        sealed = open(f + "/answer", "rb").read()
        expect(b"198.51.100.9" not in sealed and "198.51.100.9" not in done.out + done.err and os.stat(f + "/answer").st_mode & 0o77 == 0, "the answer can be read")
        for leaf in entries(c.ledger()): expect(b"198.51.100.9" not in leaf, "the question stands in the ledger")
        answer = json.loads(sekisho("inspect", "open", f + "/answer", "--key", c.key("insp")).out); expect("198.51.100.9" in json.dumps(answer), f"{answer}")
        sekisho("inspect", "open", f + "/answer", "--key", c.key("admin"), code=9)
        open(f + "/bent", "wb").write(sealed[:-1] + bytes([sealed[-1] ^ 1])); sekisho("inspect", "open", f + "/bent", "--key", c.key("insp"), code=9)
        c.inspect("insp", "query", "access", "--in", "i-1", "-o", f + "/log"); expect(json.loads(sekisho("inspect", "open", f + "/log", "--key", c.key("insp")).out) is not None, "the access log")
        c.inspect("insp", "conclude", "i-1", "--result", "in_order"); c.inspect("insp", "policy", "--in", "i-1", code=57)
        expect([(i["id"], i["state"], i["result"]) for i in json.loads(sekisho("inspect", "list", "--json", "--dir", c.dir).out)] == [("i-1", "concluded", "in_order")], "list")
        c.verify()

# ---- the report, a second time. rule: REPORT-1 REPORT-2 ----

def acts_of(ledger): return [(i, a) for i, e in enumerate(entries(ledger)) for a in [json.loads(e)] if a["kind"] == "act"]

def second_count(ledger, year):
    """Figures of the report by this file's own rules."""
    acts = [(i, a) for i, a in acts_of(ledger) if year_of(int(a["time_ns"])) == year]
    def some(test, key=None): return [i for i, a in acts if test(a)]
    out = {}
    for kind in ("ff", "fd", "df", "agreement"):
        word = lambda a, w="kind." + kind: a["matter"] == "basis" and w in a["words"]
        out[kind + ".requested"] = some(lambda a: word(a) and a["event"] == "request")
        out[kind + ".approved"] = some(lambda a: word(a) and (a["from"], a["to"]) == ("review", "approved"))
        out[kind + ".refused"] = some(lambda a: word(a) and (a["from"], a["to"]) == ("review", "refused"))
        out[kind + ".extension.requested"] = some(lambda a: word(a) and a["event"] == "extend")
        out[kind + ".extension.approved"] = some(lambda a: word(a) and (a["from"], a["to"]) == ("extending", "extended"))
        out[kind + ".extension.refused"] = some(lambda a: word(a) and (a["from"], a["to"]) == ("extending", "active"))
        out[kind + ".activated"] = some(lambda a: word(a) and a["event"] == "activate")
        out[kind + ".suspended.oversight"] = some(lambda a: word(a) and a["event"] == "suspend" and "by.oversight" in a["words"])
        for event, key in (("terminate", "terminated"), ("expire", "expired")): out[f"{kind}.{key}"] = some(lambda a: word(a) and a["event"] == event)
    matter = lambda m, e, *w: some(lambda a: a["matter"] == m and a["event"] == e and all(x in a["words"] for x in w))
    for w in ("ongoing", "occasional"): out["inspection." + w] = matter("inspection", "begin", "occasion." + w)
    out["inspection.looks"], out["inspection.queries"] = matter("inspection", "look"), matter("inspection", "query")
    for w in ("in_order", "remarks"): out["inspection." + w] = matter("inspection", "conclude", "result." + w)
    for w in ("notice", "demand", "recommendation"): out["remark." + w] = matter("remark", "issue", "kind." + w)
    out["remark.suspends"], out["remark.closed"] = matter("remark", "issue", "suspends"), matter("remark", "close")
    out["remark.answered"] = some(lambda a: a["matter"] == "remark" and a["event"] == "answer" and a["from"] == "issued")
    out["remark.late"] = some(lambda a: a["matter"] == "remark" and a["event"] == "answer" and a["from"] == "issued" and "late" in a["words"])
    for org in ("npa", "mod"):
        order = lambda e, *to: [i for i in matter("order", e, "org." + org) if not to or dict(acts)[i]["to"] in to]
        out[org + ".submitted"], out[org + ".approved"], out[org + ".urgent"] = order("submit"), order("approve", "approved"), order("urgent", "urgent_active")
        out[org + ".ratified"], out[org + ".reviewed"], out[org + ".halted"] = order("ratify", "active"), order("review"), order("halt")
    out["order.proposed"], out["order.approved"] = matter("order", "propose"), [i for i, a in acts if (a["matter"], a["event"], a["to"]) == ("order", "approve", "approved")]
    for event, key in (("file", "filed"), ("assess", "assessed"), ("close", "closed")): out["selfreport." + key] = matter("selfreport", event)
    out["access.search"], out["access.read"] = matter("access", "search"), matter("access", "read")
    return out

def year_of(ns):
    import datetime
    return datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc).year

class Page(html.parser.HTMLParser):
    """Is every element closed, every table captioned, every header scoped; and what must not be there is not."""
    VOID = {"meta", "link", "br", "img", "input", "hr"}
    def __init__(self, text):
        super().__init__(); self.open, self.tags, self.captions, self.attributes, self.headings = [], [], 0, [], []; self.feed(text); self.close()
        expect(not self.open, f"not closed: {self.open}")
    def handle_starttag(self, tag, attributes):
        self.tags.append(tag); self.attributes += [(tag, *a) for a in attributes]
        if tag not in self.VOID: self.open.append(tag)
        if re.fullmatch("h[1-6]", tag): self.headings.append(int(tag[1]))
        if tag == "th": expect(any(a[0] == "scope" for a in attributes), "a header cell without scope")
    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"); self.open.pop()

def told_again():
    """The annual report is what a stranger counts; the page says the same, in both languages, and can be read by everybody."""
    with Folder() as f:
        c = Office(f)
        c.inspect("insp", "begin", "i-1", "--occasion", "occasional"); c.inspect("insp", "policy", "--in", "i-1"); c.inspect("insp", "query", "findings", "--in", "i-1", "--workspace", c.dir, "-o", f + "/a")
        c.inspect("insp", "conclude", "i-1", "--result", "remarks")
        for i, kind in enumerate(("notice", "demand", "demand", "recommendation")):
            c.remark("insp", "issue", f"r-{i}", "--kind", kind, "--about", "retention" if i else "access", "--to", "host", "--text", "<script>alert(1)</script>", "--due", "14d")
        c.remark("paula", "answer", "r-1", "--text", "yes"); c.remark("paula", "file", "e-1", "--about", "other", "--text", "x")
        year = year_of(int(acts_of(c.ledger())[0][1]["time_ns"]))
        report = json.loads(sekisho("report", "annual", "--year", str(year), "--format", "json", "--dir", c.dir).out)
        expect([i["item"] for i in report["items"]] == list(range(1, 15)) and report["simulated"] and report["acts"] == len(acts_of(c.ledger())), "the items")
        figures = {g["key"]: g for i in report["items"] for g in i["figures"]}
        again = second_count(c.ledger(), year); nonzero = 0
        for key, leaves in again.items():
            g = figures[key]
            if "fewer_than" in g:
                expect(0 < len(leaves) < g["fewer_than"] and "count" not in g and "leaves" not in g, f"{key}: held back {g}, counted {len(leaves)}"); continue
            expect("untold" in g or (g["count"] == len(leaves) and g["leaves"] == leaves), f"{key}: {g}, counted again {leaves}"); nonzero += bool(leaves)
        expect(nonzero >= 9, f"only {nonzero} figures are not 0"); expect(figures["access.read"].get("fewer_than") == report["k"], "a look at G1 by one person stands in public")
        expect(sorted((g["kind"], g["about"], g["count"]) for g in report["gists"]) == [("demand", "retention", 2), ("notice", "access", 1), ("recommendation", "retention", 1)], f"{report['gists']}")
        # sabotage: a leaf more or less, and the second count says so
        expect(second_count(c.ledger(), year)["remark.demand"] + [0] != figures["remark.demand"]["leaves"], "sabotage")
        english, japanese = (sekisho("report", "annual", "--year", str(year), "--lang", lang, "--dir", c.dir).out for lang in ("en", "ja"))
        expect("| demands | 2 |" in english and "| 要求 | 2 |" in japanese and "SIMULATED" in english and "模擬" in japanese, english)
        expect("| demands | 0 |" in sekisho("report", "annual", "--year", str(year - 1), "--dir", c.dir).out, "another year")
        key = json.loads(entries(c.ledger())[0])["key"]; sekisho("report", "annual", "--year", str(year), "--dir", c.dir, "--key", key)
        other = sekisho("witness", "key", "--name", "x", "--key", f + "/x").out.strip(); sekisho("report", "annual", "--year", str(year), "--dir", c.dir, "--key", other, code=9)
        # the page
        sekisho("report", "transparency", "--dir", c.dir, "-o", f + "/page")
        expect(sorted(os.listdir(f + "/page")) == ["checkpoint", "index.html", "index.ja.html", f"report-{year}.json", "style.css"], f"{os.listdir(f + '/page')}")
        for name, lang in (("index.html", "en"), ("index.ja.html", "ja")):
            text = open(f"{f}/page/{name}", encoding="utf-8").read(); page = Page(text)
            expect(("html", "lang", lang) in page.attributes and "script" not in page.tags and page.tags.count("table") == page.tags.count("caption") == 14, "language, script, captions")
            expect(not [a for a in page.attributes if a[1].startswith("on") or (a[1] in ("src", "href") and "//" in (a[2] or ""))], "a handler or a foreign resource")
            expect(page.headings[0] == 1 and all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:])) and page.tags.count("main") == 1, "headings")
            expect("default-src 'none'" in text and "198.51.100.9" not in text and "alert" not in text, "the policy of the page, or a text of somebody")
        style = open(f + "/page/style.css").read(); expect("prefers-color-scheme" in style and "@import" not in style and "url(" not in style, "the style")
        for ink, back in (("e6edf3", "0d1117"), ("9aa7b4", "0d1117"), ("79b8ff", "0d1117"), ("1b1f24", "ffffff"), ("4b5560", "ffffff"), ("0550ae", "ffffff")):
            expect(contrast(ink, back) >= 4.5, f"#{ink} on #{back}: {contrast(ink, back):.1f}")
        # the report does not believe a ledger that was bent
        path = c.ledger() + "/checkpoint"; good = open(path).read(); lines = good.split("\n"); lines[1] = str(int(lines[1]) - 1); open(path, "w").write("\n".join(lines))
        sekisho("report", "annual", "--year", str(year), "--dir", c.dir, code=9)

def contrast(a, b):
    def light(hexadecimal):
        parts = [int(hexadecimal[i:i + 2], 16) / 255 for i in (0, 2, 4)]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    x, y = sorted((light(a), light(b)), reverse=True)
    return (x + 0.05) / (y + 0.05)

def a_demand_suspends():
    """A demand that carries a suspension stops the sensor, and the basis' own matter says so."""
    import basis
    with Folder() as f:
        o = basis.Office(f); ws = f + "/ws"; o.approve("B-1"); o.workspace("B-1"); o.basis("otto", "activate", "B-1", "--workspace", ws)
        words = ("--about", "basis", "--to", "host", "--text", "stop, and tell why", "--due", "7d", "--suspend", "B-1")
        o.do("anna", "remark", "issue", "r-1", "--kind", "demand", *words, code=29); o.do("m1", "remark", "issue", "r-1", "--kind", "notice", *words, code=57)
        expect(o.stage("B-1") == "active" and not os.path.exists(ws + "/suspended"), "suspended by a remark that may not be")
        o.do("m1", "remark", "issue", "r-1", "--kind", "demand", *words)
        expect(o.stage("B-1") == "suspended" and "suspended by oversight" in open(ws + "/suspended").read(), "the sensor goes on")
        o.do("m1", "remark", "issue", "r-2", "--kind", "demand", *words, code=5)
        o.do("lena", "remark", "answer", "r-1", "--text", "the list was old"); o.do("chair", "remark", "close", "r-1", "--text", "good"); o.basis("m2", "resume", "B-1", "--as", "oversight", "--why", "answered")
        verify_both(o.dir + "/centre/ledger")
        year = year_of(int(acts_of(o.dir + "/centre/ledger")[0][1]["time_ns"]))
        figures = {g["key"]: g for i in json.loads(sekisho("report", "annual", "--year", str(year), "--format", "json", "--dir", o.dir).out)["items"] for g in i["figures"]}
        for key, leaves in second_count(o.dir + "/centre/ledger", year).items():
            if "count" in figures[key]: expect(figures[key]["leaves"] == leaves, f"{key}: {figures[key]}, counted again {leaves}")
        expect([figures[k]["count"] for k in ("ff.requested", "ff.approved", "ff.activated", "ff.suspended.oversight", "remark.suspends", "fd.requested")] == [1, 1, 1, 1, 1, 0], f"{figures}")

def orders_of_the_police():
    """Items 6 and 7: what the police proposed, who agreed, and that oversight looked at it afterwards."""
    import orders
    with Folder() as f:
        d = orders.Desk(f); ledger = d.dir + "/centre/ledger"
        d.draft("o1", who="ben"); d.order("ayu", "evidence", "o1", "--why", "x"); d.order("fumi", "legal", "o1", "--why", "x"); d.order("ben", "submit", "o1")
        for who in ("fumi", "chika"): d.approve(who, "o1")
        d.order("op", "stage", "o1"); d.order("op", "end", "o1", "--why", "x"); d.order("ayu", "notify", "o1", "--told", "its owner"); d.order("chair", "review", "o1", "--confirm", "--text", "fine")
        d.to_voting("o2", more=("--target", "other.example")); year = year_of(int(acts_of(ledger)[0][1]["time_ns"]))
        figures = {g["key"]: g for i in json.loads(sekisho("report", "annual", "--year", str(year), "--format", "json", "--dir", d.dir).out)["items"] for g in i["figures"]}
        for key, leaves in second_count(ledger, year).items():
            if "count" in figures[key]: expect(figures[key]["leaves"] == leaves, f"{key}: {figures[key]}, counted again {leaves}")
        expect([figures[k].get("count") for k in ("npa.submitted", "npa.approved", "npa.reviewed", "mod.submitted", "order.proposed", "order.reviewed")] == [1, 1, 1, 0, 2, 1], f"{figures}")
        verify_both(ledger)

if __name__ == "__main__": main(orders_of_the_police, a_demand_suspends, remarks_and_their_days, a_look_is_an_act, told_again)
