#!/usr/bin/env python3
"""Sessions, Community IDs, fingerprints, names, HTTP and SSH heads, protocols by content and industrial functions against what other programs say of the same
captures (net/arkime, net/ja4, net/ndpi, net/suricata-verify, net/ics): the share that agrees, and every disagreement under its reason. `reference.py
--markdown` prints the tables of docs/accuracy.md; `--update` writes them there."""
import collections, copy, hashlib
from lib import *
from judges import JUDGES, MEASURES, Tally, compare_arkime, compare_foxio, compare_functions, compare_ndpi, compare_suricata

# Percent, as measured and rounded down to a tenth: less is a regression, more is to be written here.
FLOORS = {"count": 86.7, "session": 90.1, "flow": 97.4, "community_id": 94.4, "packets": 96.1, "bytes": 96.1, "each_way": 96.1, "initiator": 99.4, "ja3": 89.2, "ja4": 96.4,
          "sni": 92.8, "tls": 77.4, "dns": 100.0, "app": 95.3, "ja3s": 92.5, "tls_version": 96.1, "hassh": 100.0, "hassh_server": 100.0, "ssh_software": 100.0,
          "http_method": 98.3, "http_status": 100.0, "http_host": 100.0, "foxio_ja4": 99.2, "foxio_sni": 100.0, "ndpi_ja3": 100.0, "ndpi_ja4": 52.7, "ndpi_sni": 100.0,
          "ndpi_app": 87.7, "suricata_app": 98.6, "suricata_value": 98.3, "functions": 75.0, "writes": 100.0}

def watch_set(name, folder):
    """Every capture of a set, each watched alone: {file: (result, flows)}. Special ranges are foreign, all flows are kept, names are whole."""
    table, workspace = os.path.join(folder, "lab.skb"), os.path.join(folder, name)
    if not os.path.exists(table): sekisho("border", "build", "--foreign", "0.0.0.0/0", "--foreign", "::/0", "-o", table)
    sekisho("init", "--workspace", workspace, "--profile", "lab", "--border", table, "--names")
    sekisho("selectors", "import", "--workspace", workspace, "--all-flows")
    results, owner, seen = {}, [], {}
    for file in sorted(os.listdir(need_shared("net", name))):
        if not file.endswith((".pcap", ".pcapng", ".cap")): continue
        with open(need_shared("net", name, file), "rb") as f: content = hashlib.sha256(f.read()).digest()
        if content in seen: results[file] = results[seen[content]]; continue   # equal files are watched once
        seen[content] = file
        result, done = watch_json(workspace, need_shared("net", name, file), code=None, extra=("--again", "--flows", "16384"), timeout=60)
        expect(done.returncode == 0 or result["errors"], f"{file}: exit code {done.returncode} without a line")
        check_equation(result["account"]); check_equation(result["account_bytes"])
        results[file] = (result, [])
        owner += [file] * result["ledger"]["intervals"]
    for flow in json.loads(sekisho("flows", "--workspace", workspace, "--json").out): results[owner[flow["interval"]]][1].append(flow)
    verify_both(os.path.join(workspace, "ledger"))
    return results

def truth(name):
    """{file: [lines]} of a set's expected.jsonl, or of functions.tsv."""
    lines = collections.defaultdict(list)
    if name == "ics":
        for line in open(need_shared("net", name, "functions.tsv")).readlines()[1:]:
            file, _, src, dst, dnp3, modbus = line.rstrip("\n").split("\t")
            lines[file].append({"src": src, "dst": dst, "app": "dnp3" if dnp3 else "modbus", "function": int(dnp3 or modbus)})
        return lines
    for line in open(need_shared("net", name, "expected.jsonl")):
        line = json.loads(line); lines[line["pcap"]].append(line)
    return lines

def compare(watched, theirs):
    tally = Tally()
    for name, judge in (("arkime", compare_arkime), ("ja4", compare_foxio), ("ndpi", compare_ndpi), ("suricata-verify", compare_suricata), ("ics", compare_functions)):
        for file, (result, flows) in sorted(watched[name].items()): judge(tally, file, result, theirs[name].get(file, []), flows)
    return tally

def grouped(tally):
    """{reason: Counter of measures}; the count of a capture stands under the reasons of its sessions."""
    groups = collections.defaultdict(collections.Counter)
    for d in tally.disagreements:
        if d.measure != "count": groups[d.reason or "WITHOUT A REASON"][d.measure] += 1
    return groups

def print_text(tally):
    for m in tally.all: print(f"  {MEASURES[m]:48} {tally.agree[m]:5} of {tally.all[m]:5}  {tally.share(m):6.2f} %")
    for reason, measures in sorted(grouped(tally).items(), key=lambda g: -sum(g[1].values())):
        print(f"  {sum(measures.values()):4}  {reason}"); print("       ", ", ".join(f"{m} {n}" for m, n in measures.most_common()))
    for d in tally.unexplained(): print("  unexplained:", d)

def markdown(tally):
    lines = ["| what | agree | of | share |", "|---|--:|--:|--:|"]
    lines += [f"| {MEASURES[m]} | {tally.agree[m]} | {tally.all[m]} | {tally.share(m):.2f} % |" for m in MEASURES]
    lines += ["", "| values | reason | where |", "|--:|---|---|"]
    for reason, measures in sorted(grouped(tally).items(), key=lambda g: (-sum(g[1].values()), g[0])):
        files = sorted({d.capture for d in tally.disagreements if d.reason == reason})
        counts = ", ".join(f"{m} {n}" for m, n in sorted(measures.items(), key=lambda m: (-m[1], m[0])))
        lines.append(f"| {sum(measures.values())} | {reason} | {counts} in {', '.join(files)} |")
    lines += ["", "| capture | sessions of Arkime | flows here |", "|---|--:|--:|"]
    lines += [f"| {d.capture} | {d.theirs} | {d.ours} |" for d in tally.disagreements if d.measure == "count"]
    return "\n".join(lines) + "\n"

PAGE = os.path.join(ROOT, "docs", "accuracy.md")
BEGIN, END = "<!-- reference.py --update writes from here -->\n", "<!-- to here -->\n"

def page_parts():
    text = open(PAGE).read()
    return text[:text.index(BEGIN) + len(BEGIN)], text[text.index(BEGIN) + len(BEGIN):text.index(END)], text[text.index(END):]

def page():
    """docs/accuracy.md says what is measured."""
    expect(page_parts()[1] == markdown(compare(WATCHED, TRUTH)), "docs/accuracy.md is out of date: tests/scenario/reference.py --update")

def agreement():
    tally = compare(WATCHED, TRUTH)
    print_text(tally)
    expect(not tally.unexplained(), f"{len(tally.unexplained())} disagreements have no reason")
    for measure, floor in FLOORS.items(): expect(tally.share(measure) >= floor, f"{MEASURES[measure]}: {tally.share(measure):.2f} %, was {floor} %")

def sabotage():
    """One wrong value among theirs, or one flow lost among ours, is seen each time, in its measure, and finds no reason."""
    honest = compare(WATCHED, TRUTH)
    def lie(change):
        watched, theirs = copy.deepcopy(WATCHED), copy.deepcopy(TRUTH); change(watched, theirs); return compare(watched, theirs)
    def session(theirs): return next(s for s in theirs["arkime"]["badcurveball.pcap"])
    def having(theirs, *names): return next(s for file in sorted(theirs["arkime"]) for s in theirs["arkime"][file] if all(name in s for name in names) and s["pcap"] != "80211http.pcap")
    def checked(theirs): return theirs["suricata-verify"]["bug-2646-01.pcap"][0]["checks"][0]["match"]
    lies = {"ja4": lambda w, t: session(t).update(ja4=["t13d1615h2_46e7e9700bed_000000000000"]), "ja3": lambda w, t: session(t).update(ja3=["0" * 32]),
            "community_id": lambda w, t: session(t).update(community_id="1:AAAAAAAAAAAAAAAAAAAAAAAAAAA="), "packets": lambda w, t: session(t).update(packets=13),
            "bytes": lambda w, t: session(t).update(bytes=1), "each_way": lambda w, t: session(t).update(src_packets=6), "sni": lambda w, t: session(t).update(sni_hosts=["good.example"]),
            "session": lambda w, t: w["arkime"]["badcurveball.pcap"][1].clear(), "flow": lambda w, t: t["arkime"]["badcurveball.pcap"].clear(),
            "dns": lambda w, t: t["arkime"]["dns-mx.pcap"][0].update(protocols=["udp"]),
            "foxio_ja4": lambda w, t: t["ja4"]["badcurveball.pcap"][0].update({"JA4.1": "t13d1615h2_46e7e9700bed_000000000000"}),
            "ndpi_ja3": lambda w, t: t["ndpi"]["443-curl.pcap"][0]["flows"][0].update(ja3="0" * 32), "ndpi_ja4": lambda w, t: t["ndpi"]["443-curl.pcap"][0]["flows"][0].update(ja4="t13"),
            "ndpi_sni": lambda w, t: t["ndpi"]["443-curl.pcap"][0]["flows"][0].update(sni="good.example"),
            "foxio_sni": lambda w, t: t["ja4"]["badcurveball.pcap"][0].update(domain="good.example"),
            "app": lambda w, t: session(t).update(protocols=["ssh", "tcp"]), "ja3s": lambda w, t: session(t).update(ja3s=["0" * 32]),
            "tls_version": lambda w, t: session(t).update(tls_version=["SSLv3"]), "hassh": lambda w, t: having(t, "hassh").update(hassh=["0" * 32]),
            "hassh_server": lambda w, t: having(t, "hassh_server").update(hassh_server=["0" * 32]), "ssh_software": lambda w, t: having(t, "ssh_version").update(ssh_version=["ssh-2.0-x"]),
            "http_method": lambda w, t: having(t, "http_method").update(http_method=["BREW"]), "http_status": lambda w, t: having(t, "http_status").update(http_status=[418]),
            "http_host": lambda w, t: having(t, "http_method", "sni_hosts").update(sni_hosts=["good.example"]),
            "ndpi_app": lambda w, t: t["ndpi"]["443-curl.pcap"][0]["flows"][0].update(proto="SSH"),
            "suricata_app": lambda w, t: checked(t).update(event_type="ssh"), "suricata_value": lambda w, t: checked(t).update({"tls.fingerprint": "00:" * 19 + "00"}),
            "functions": lambda w, t: t["ics"]["dnp3__dnp3_read.pcap"][0].update(function=77),
            "writes": lambda w, t: t["ics"]["dnp3__dnp3_udp_write.pcap"][0].update(function=1)}
    def swap(s): s.update(src=s["dst"], dst=s["src"], sport=s["dport"], dport=s["sport"])
    lies |= {"tls": lambda w, t: session(t).update(protocols=["tcp"]), "initiator": lambda w, t: swap(session(t)), "count": lies["flow"]}
    expect(lies.keys() == MEASURES.keys(), f"no lie is told about {sorted(MEASURES.keys() - lies.keys())}")
    for measure, change in lies.items():
        told = lie(change)
        expect(any(d.measure == measure for d in told.unexplained()), f"a lie about {measure} was not seen")
        expect(told.agree[measure] < honest.agree[measure], f"a lie about {measure} does not lower its share")

if __name__ == "__main__":
    with Folder() as folder: WATCHED = {name: watch_set(name, folder) for name in JUDGES}
    TRUTH = {name: truth(name) for name in JUDGES}
    if "--markdown" in sys.argv: print(markdown(compare(WATCHED, TRUTH)), end=""); sys.exit(0)
    if "--update" in sys.argv:
        head, _, tail = page_parts(); text = markdown(compare(WATCHED, TRUTH))
        with open(PAGE, "w") as f: f.write(head + text + tail)
        sys.exit(0)
    main(agreement, sabotage, page)
