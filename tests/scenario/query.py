#!/usr/bin/env python3
"""findings, observations, flows, lookup: table, CSV and JSON agree; lookup says why not; nothing of it stands in clear on disk; an erased day is told."""
import csv, glob, io
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

main(forms_agree, options_narrow, lookup_says_why, an_empty_workspace_answers, nothing_stands_in_clear, an_erased_day_is_told)
