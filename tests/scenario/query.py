#!/usr/bin/env python3
"""findings, observations, flows, lookup: table, CSV and JSON agree; lookup says why not; nothing of it stands in clear on disk; an erased day is told."""
import csv, glob, hashlib, io
from lib import *

INSIDE, OUTSIDE, OTHER = "192.0.2.10", "198.51.100.20", "203.0.113.30"
DAY = 86400

def watched(folder):
    workspace = make_workspace(folder)
    listed = os.path.join(folder, "list.txt")
    with open(listed, "w") as f: f.write(f"{OUTSIDE}\nbad.example\n")
    sekisho("selectors", "import", "--workspace", workspace, "--all-flows", listed)
    frames = [ether(p) for p in tcp_talk(INSIDE, 40000, OUTSIDE, 443, client_hello("www.bad.example"))]
    frames += [ether(udp(INSIDE, 5000 + i, OTHER, 53, dns_query("quiet.example"))) for i in range(5)]
    late = [ether(p) for p in tcp_talk(INSIDE, 40001, OUTSIDE, 443)]
    times = [1_790_000_000 + i for i in range(len(frames))] + [1_790_000_000 + DAY + i for i in range(len(late))]
    capture = write_pcap(os.path.join(folder, "a.pcap"), frames + late, times=times)
    sekisho("watch", "--workspace", workspace, capture)
    return workspace

def ask(workspace, command, *words): return sekisho(command, "--workspace", workspace, *words)

def ask_json(workspace, command, *words): return json.loads(ask(workspace, command, "--json", *words).out)

def forms_agree():
    with Folder() as folder:
        workspace = watched(folder)
        for command, count in (("flows", 7), ("observations", 2)):
            rows = ask_json(workspace, command)
            expect(len(rows) == count, f"{command}: {len(rows)} rows, expected {count}")
            expect(all(r["simulated"] for r in rows), f"{command}: a lab row is not marked")
            lines = list(csv.DictReader(io.StringIO(ask(workspace, command, "--csv").out)))
            expect([r["id"] for r in rows] == [r["id"] for r in lines], f"{command}: CSV and JSON differ")
            expect(len(ask(workspace, command).out.splitlines()) == count + 1, f"{command}: the table has other rows")
        findings = ask_json(workspace, "findings")
        expect({f["matched"] for f in findings} >= {OUTSIDE}, f"findings: {findings}")
        expect(len(list(csv.DictReader(io.StringIO(ask(workspace, "findings", "--csv").out)))) == len(findings), "findings: CSV and JSON differ")

def options_narrow():
    with Folder() as folder:
        workspace = watched(folder)
        expect(len(ask_json(workspace, "flows", "--limit", "3")) == 3, "--limit")
        expect(len(ask_json(workspace, "flows", "--value", OTHER)) == 5, "--value ADDRESS")
        expect(len(ask_json(workspace, "flows", "--value", "203.0.113.0/24")) == 5, "--value PREFIX")
        expect(len(ask_json(workspace, "observations", "--value", "bad.example")) == 1, "--value DOMAIN")
        expect(len(ask_json(workspace, "flows", "--class", "FD")) == 0, "--class")
        expect(len(ask_json(workspace, "flows", "--kind", "udp")) == 5, "--kind")
        expect(len(ask_json(workspace, "observations", "--since", f"@{1_790_000_000 + DAY // 2}")) == 1, "--since")
        expect(len(ask_json(workspace, "observations", "--until", f"@{1_790_000_000 + DAY // 2}")) == 1, "--until")
        for words in (["--class", "XX"], ["--since", "yesterday"], ["--limit", "0"], ["--limit", "many"], ["stray"], ["--nonsense"]):
            done = sekisho("flows", "--workspace", workspace, *words, code=2)
            expect("usage: sekisho flows" in done.err, f"{words}: {done.err}")
        sekisho("flows", code=2)
        sekisho("lookup", "--workspace", workspace, code=2)

def lookup_says_why():
    with Folder() as folder:
        workspace = watched(folder)
        def why(value): return ask_json(workspace, "lookup", value)[0]
        hit = why(OUTSIDE)
        expect(hit["seen"] and hit["observations"] == 2 and hit["selected_by"] == "address", hit)
        expect(why(OTHER)["flows"] == 5, "a flow under flow.all alone")
        expect(why("BAD[.]example")["seen"], "defanged and upper case")
        expect("does not name it" in " ".join(why("203.0.113.99")["why"]), "not in the set")
        expect("domestic" in " ".join(why("192.0.2.99")["why"]), "domestic")
        expect("does not know its side" in " ".join(why("8.8.8.8")["why"]), "unknown side")
        parent = ask(workspace, "lookup", "mail.bad.example").out
        expect("not seen" in parent and "bad.example" in parent, parent)
        both = ask(workspace, "lookup", OUTSIDE, "203.0.113.99").out
        expect(f"{OUTSIDE}: seen in 2 observations" in both and "203.0.113.99: not seen" in both, both)

HASSH, JA3, JA3S, SHA1, SHA256 = "e7d705a3286e19ea42f587b344ee6866", "769" + "d" * 29, "15af977ce25de452b96affa2addb1036", "a9" * 20, "5b" * 32

def lookup_of_hashes_and_pages():
    """Values of every kind that are hexadecimal digits: named by the set or not, with and without their kind; and a URL by its hash."""
    with Folder() as folder:
        workspace, listed = make_workspace(folder), os.path.join(folder, "hashes.txt")
        with open(listed, "w") as f: f.write(f"hassh:{HASSH}\nja3:{JA3}\nja3s:{JA3S}\ncert_sha1:{SHA1}\ncert_sha256:{SHA256}\nhttp://pages.example/a/B?q=1\n")
        sekisho("selectors", "import", "--workspace", workspace, listed)
        def ask_one(value): return ask_json(workspace, "lookup", value)[0]
        page = "url:" + hashlib.sha256(b"pages.example/a/B").hexdigest()
        for value, selector, line in ((HASSH, "hassh:" + HASSH, 1), ("hassh:" + HASSH, "hassh:" + HASSH, 1), (JA3, JA3, 2), ("ja3:" + JA3, JA3, 2), (JA3S.upper(), "ja3s:" + JA3S, 3), (SHA1, "cert_sha1:" + SHA1, 4),
                                      (":".join([SHA256[:2]] * 32), "cert_sha256:" + SHA256, 5), (page, page, 6), (page[4:], page, 6),
                                      ("hxxp[:]//Pages[.]example/a/B?other=2", page, 6), ("pages.example/a/B", page, 6)):
            got = ask_one(value)
            expect(got["in_selector_set"] and (got["selector"], got["origin"]) == (selector, f"hashes.txt:{line}"), f"{value}: {got}")
        # Another kind of the same digits, another page, another case of the path, and what is no value of any kind.
        for value in ("hassh_server:" + HASSH, "ja3:" + HASSH, "c" * 32, "pages.example/a/b", "pages.example", "192.0.2.1/33", "url:" + HASSH, "x" * 255):
            expect(not ask_one(value)["in_selector_set"], value)
        told = ask(workspace, "lookup", "http://pages.example/z").out
        expect("http://pages.example/z: not seen" in told and "a page is found only where" in told, told)
        expect(ask_one("[2001:db8:1::1]")["side"] == "domestic", "an IPv6 address in brackets")
        for value in ("", "x" * 256, "http://pages.example/" + "x" * 4096): sekisho("lookup", "--workspace", workspace, value, code=2)

def lookup_finds_pages_that_hit():
    """A request for a page that a selector names, and one that none does; the record is found by the URL, by its hash and by what the finding shows."""
    with Folder() as folder:
        workspace, listed = make_workspace(folder), os.path.join(folder, "pages.txt")
        with open(listed, "w") as f: f.write("http://pages.example/bad\n")
        sekisho("selectors", "import", "--workspace", workspace, listed)
        def request(path): return f"GET {path} HTTP/1.1\r\nHost: pages.example\r\n\r\n".encode()
        frames = [ether(p) for at, path in enumerate(("/bad?x=1", "/good")) for p in tcp_talk(INSIDE, 40000 + at, OUTSIDE, 80, request(path))]
        sekisho("watch", "--workspace", workspace, write_pcap(os.path.join(folder, "a.pcap"), frames))
        finding = ask_json(workspace, "findings")[0]
        expect(finding["kind"] == "indicator.url", finding)
        for value in ("http://pages.example/bad", finding["matched"], finding["matched"][4:]):
            got = ask_json(workspace, "lookup", value)[0]
            expect(got["observations"] == 1 and got["findings"] == 1 and got["selected_by"] == "url", f"{value}: {got}")
        expect(not ask_json(workspace, "lookup", "http://pages.example/good")[0]["seen"], "a page that no selector named")
        told = ask(workspace, "explain", finding["id"]).out
        expect("hash of the page" in told and "1 observation of this value" in told, told)
        # Looking back: what a URL selector selected is found again, a page that none named is not, and that is said.
        def back(page):
            new = os.path.join(folder, "new.txt")
            with open(new, "w") as f: f.write(page + "\n")
            return sekisho("hunt", "--stored", "--workspace", workspace, "--selectors", new, "--json")
        expect(len(json.loads(back("http://pages.example/bad").out)["hits"]) == 1, "the page that hit")
        none = back("http://pages.example/good")
        expect(json.loads(none.out)["hits"] == [] and "no page" in none.err, none.err)

def an_empty_workspace_answers():
    with Folder() as folder:
        workspace = make_workspace(folder)
        for command in ("findings", "observations", "flows"): expect(ask_json(workspace, command) == [], command)
        expect("Nothing was watched" in ask(workspace, "lookup", OUTSIDE).out, "lookup")
        sekisho("findings", "--workspace", os.path.join(folder, "none"), code=4)

def nothing_stands_in_clear():
    with Folder() as folder:
        workspace = watched(folder)
        needles = [b"bad.example", OUTSIDE.encode(), INSIDE.encode(), socket.inet_aton(OUTSIDE), socket.inet_aton(INSIDE), b"40000"]
        def found(): return [(n, p) for p in glob.glob(os.path.join(workspace, "store", "**"), recursive=True) if os.path.isfile(p) for n in needles if n in open(p, "rb").read()]
        expect(not found(), f"in clear: {found()}")
        with open(os.path.join(workspace, "store", "planted"), "wb") as f: f.write(b"x" + socket.inet_aton(INSIDE))
        expect(found(), "a planted address was not found: this test cannot fail")

def an_erased_day_is_told():
    with Folder() as folder:
        workspace = watched(folder)
        first, second = sorted(p for p in glob.glob(os.path.join(workspace, "keys", "basis", "*", "*.key")) if "blind" not in p)
        os.unlink(first)
        done = ask(workspace, "flows", "--json")
        expect(len(json.loads(done.out)) == 1 and "6 flows lie under days" in done.err, done.err)
        gone = ask_json(workspace, "lookup", OTHER)[0]
        expect(not gone["seen"] and gone["erased_flows"] == 5 and "erased" in " ".join(gone["why"]), gone)

main(forms_agree, options_narrow, lookup_says_why, lookup_of_hashes_and_pages, lookup_finds_pages_that_hit, an_empty_workspace_answers, nothing_stands_in_clear, an_erased_day_is_told)
