#!/usr/bin/env python3
"""Several sensors behind one page: findings of all of them in one list, each with its campaign and its case, in English and Japanese; and changes made from a terminal, which event streams tell.
usage: desk_page.py [--sabotage]
--sabotage: the case is linked to another finding than the page is asked about; it must turn red."""
import re, sys
import reports, web
from lib import *

SABOTAGE = "--sabotage" in sys.argv
OURS, NOON = "192.0.2.", 1795348800  # 2026-11-22T12:00:00Z
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def capture(path, talks):
    """Hosts of ours ask servers outside for names by TLS: (hour, host, server, name)."""
    timed = []
    for hour, host, server, name in talks:
        when = NOON + hour * 3600
        timed += [(when + i * 0.01, ether(p)) for i, p in enumerate(tcp_talk(f"{OURS}{host}", 20000 + hour, server, 443, out=client_hello(name), back=b"x" * 200))]
    return write_pcap(path, [frame for _, frame in timed], times=[when for when, _ in timed])


def workspace(c, name, talks):
    f = os.path.join(c.f, name)
    os.mkdir(f)
    # The first of two names at one address and the second elsewhere: those are a campaign.
    place = make_workspace(c.dir, name, profile="own-network", border=make_border(f + "/border.skb", rest="foreign"), extra=["--role", "party", "--names"])
    open(f + "/names.txt", "w").write("".join(f"{name}\n" for _, _, _, name in talks))
    sekisho("selectors", "import", "--workspace", place, f + "/names.txt")
    sekisho("watch", "--workspace", place, capture(f + "/a.pcap", talks))
    return place


class Page(web.Centre):
    def __init__(self, f):
        super().__init__(f, [("anna", "nco", "analyst"), ("ayu", "nco", "analyst"), ("rep", "o-operator", "reporter"), ("dan", "o-npa", "approver"), ("mia", "o-carrier", "approver"), ("fumi", "o-mod", "legal")],
                         ("operator", "carrier", "npa", "mod"), kind="own_network")
        self.places = {"north": workspace(self, "north", [(0, 10, "198.51.100.7", "a.bad-one.example"), (1, 11, "198.51.100.7", "b.bad-two.example"), (5, 12, "203.0.113.30", "z.alone.example")]),
                       "south": workspace(self, "south", [(2, 20, "5.6.7.8", "x.other.example"), (3, 21, "23.4.5.6", "y.third.example"), (4, 22, "45.33.32.156", "w.fourth.example")])}
        self.token = self.session("anna", "anna")
        self.serve(*sum((["--workspace", place] for place in self.places.values()), []))
    def of(self, path, code=200):
        r = self.get("/api/v1/" + path, self.token, headers=web.PURPOSE)
        expect(r.status == code, f"{path}: {r.status} {r.text[:400]}"); return r.json
    def pages(self, query):
        got, page = [], None
        while page is None or page["next"]:
            page = self.of("findings?" + query + (f"&cursor={page['next']}" if page else "")); got += page["items"]
            expect(len(got) < 100, "pages without an end")
        return got


def every_sensor_is_listed(c):
    alone = {name: c.of(f"findings?workspace={name}") for name in c.places}
    for name, place in c.places.items():
        listed = json.loads(sekisho("findings", "--workspace", place, "--json").out)
        expect(sorted(f["id"] for f in listed) == sorted(f["id"] for f in alone[name]["items"]) and len(listed) == 3, f"{name}: {alone[name]}")
        expect(all(f["workspace"] == name for f in alone[name]["items"]), "whose they are")
    both = c.of("findings")
    expect(both["total"] == 6 and both["total_is"] == "exact" and both["next"] is None, str(both))
    for sort, key in (("last", lambda f: f["last"]), ("first", lambda f: f["first"]), ("severity", lambda f: f["severity"])):
        whole = [(f["workspace"], f["id"]) for f in c.of(f"findings?sort={sort}")["items"]]
        expect(sorted(whole) == sorted((f["workspace"], f["id"]) for f in both["items"]), f"{sort}: {whole}")
        for limit in (1, 2, 5):
            paged = c.pages(f"sort={sort}&limit={limit}")
            expect([(f["workspace"], f["id"]) for f in paged] == whole, f"{sort}, {limit} a page: {paged}")
            expect([key(f) for f in paged] == sorted((key(f) for f in paged), reverse=True), f"the order of {sort}")
    bars = c.of("findings/histogram?buckets=10"); expect(sum(bars["counts"]) == 6, str(bars))
    expect(sum(c.of("findings/histogram?workspace=south")["counts"]) == 3, "one sensor's")
    found = c.of("findings?q=x.other.example"); expect([f["workspace"] for f in found["items"]] == ["south"], str(found))
    for bad in ("cursor=b", "cursor=b_b_b", "cursor=z_0-1", "cursor=_"): c.of("findings?" + bad, code=400)
    c.of("findings?workspace=nowhere", code=404); c.of("campaigns?workspace=nowhere", code=404)


def one_finding_wherever_it_is(c):
    for f in c.of("findings")["items"]:
        shown = c.of("findings/" + f["id"])
        expect(shown["id"] == f["id"] and shown["sentence"] == f["sentence"], f"{f['workspace']}: {shown}")
        expect(c.of(f"findings/{f['id']}?workspace={f['workspace']}")["id"] == f["id"], "named")
        c.of(f"findings/{f['id']}?workspace={'north' if f['workspace'] == 'south' else 'south'}", code=404)


def two_languages(c):
    english, japanese = c.of("findings")["items"], c.of("findings?lang=ja")["items"]
    for e, j in zip(english, japanese):
        expect(e["id"] == j["id"] and e["matched"] == j["matched"], "the same finding")
        for text in (j["sentence"], j["why"], *j["else"]): expect(JAPANESE.search(text) and "{" not in text, text)
        for text in (e["sentence"], e["why"], *e["else"]): expect(not JAPANESE.search(text) and "{" not in text, text)
        expect(e["subject"] in j["sentence"] and e["matched"] in j["sentence"], j["sentence"])
        place = c.places[e["workspace"]]
        said = sekisho("explain", e["id"], "--workspace", place, "--lang", "ja").out
        expect(j["sentence"] in said and "何が起きたか" in said and "台帳" in said, said)
        expect(not any(words in said for words in ("What ", "Why ", "Evidence", "In the ledger", "Seen ", "Collected", "severity", " bytes")), said)
        expect(e["sentence"] in sekisho("explain", e["id"], "--workspace", place).out, "English is what it was")
        expect(c.of(f"findings/{e['id']}?lang=ja")["why"] == j["why"], "one, in Japanese")
    sekisho("explain", english[0]["id"], "--workspace", c.places["north"], "--lang", "fr", code=2)
    c.of("findings?lang=fr", code=400)


def campaigns_are_named(c):
    web.wait(lambda: c.of("campaigns")["age_s"] is not None, "campaigns are never computed")
    listed = c.of("campaigns")["items"]; expect({x["workspace"] for x in listed} == {"north"} and len(listed) == 1, str(listed))
    expect(c.of("campaigns?workspace=south")["items"] == [], "none in the south")
    told = {(f["workspace"], f["matched"]): f["campaign"] for f in c.of("findings")["items"]}
    expect(all(campaign in (None, listed[0]["id"]) for campaign in told.values()), str(told))
    expect(sorted(m for (w, m), campaign in told.items() if campaign is not None) == ["bad-one.example", "bad-two.example"] or
           sorted(m for (w, m), campaign in told.items() if campaign is not None) == ["a.bad-one.example", "b.bad-two.example"], str(told))
    shown = c.of(f"campaigns/{listed[0]['id']}?workspace=north&lang=ja")
    members = next(v for v in shown.values() if isinstance(v, list) and v and "sentence" in v[0])
    expect(len(members) == 2 and all(JAPANESE.search(f["sentence"]) for f in members), str(shown)[:600])


def cases_are_named_and_told(c):
    stream = web.Stream(c, c.token)
    findings = c.of("findings"); expect(findings["cases_known"] and all(f["case"] is None for f in findings["items"]), str(findings))
    asked, other = findings["items"][0]["id"], findings["items"][1]["id"]
    sekisho("case", "open", "--title", "from a terminal", "--dir", c.dir, "--key", c.key("ayu"))
    stream.hears("case", "c-0001")
    sekisho("case", "link", "c-0001", "finding", other if SABOTAGE else asked, "--dir", c.dir, "--key", c.key("ayu"))
    def named(): return {f["id"]: f["case"] for f in c.of("findings")["items"]}
    web.wait(lambda: "c-0001" in named().values(), lambda: f"no finding names the case: {named()}")
    expect(named()[asked] == "c-0001" and list(named().values()).count("c-0001") == 1, str(named()))
    # a report and an order, from a terminal too
    path = c.f + "/report.json"; open(path, "w").write(json.dumps(reports.first(org="CI One", regime=())))
    done = json.loads(sekisho("report", "submit", path, "--dir", c.dir, "--key", c.key("rep"), "--json").out)
    stream.hears("report", done["id"])
    sekisho("order", "draft", "o1", *web.DRAFT, "--evidence-file", path, "--dir", c.dir, "--key", c.key("ayu"))
    stream.hears("order", "o1")
    expect(not any(kind == "measure" for kind, _ in stream.got), f"a draft is no measure: {stream.got}")
    expect(all(set(data) <= {"id", "count", "size"} for _, data in stream.got), f"an event says more than that something changed: {stream.got}")
    stream.close()


def all_of_it():
    with Folder() as f, Page(f) as c:
        for test in (every_sensor_is_listed, one_finding_wherever_it_is, two_languages, campaigns_are_named, cases_are_named_and_told):
            test(c); print("ok  ", test.__name__, flush=True)


if __name__ == "__main__": main(all_of_it)
