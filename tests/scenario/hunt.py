#!/usr/bin/env python3
"""hunt: the same talk found in a capture and in the logs of other tools; the gate before everything; the store; exits and totals."""
import gzip, re, signal, time
from lib import *

INSIDE, OTHER_INSIDE, BAD, QUIET, TRANSIT = "192.0.2.10", "192.0.2.11", "198.51.100.66", "203.0.113.30", "203.0.113.31"
LIST = f"{BAD}\nbad.example\n"

def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as f: f.write(text if isinstance(text, bytes) else text.encode())
    return path

def base(folder):
    return make_border(os.path.join(folder, "b.skb")), write(folder, "list.txt", LIST)

def hunt(table, listed, *files, extra=(), **more):
    return json.loads(sekisho("hunt", "--border", table, "--selectors", listed, "--json", *extra, *files, **more).out)

def found(answer): return {(h["indicator"], h["own"], h["outside"]) for h in answer["hits"]}

def closes(counts):
    total = counts["admitted"] + sum(counts["erased"].values()) + counts["no_pair"] + counts["malformed"]
    expect(counts["total"] == total, f"the totals do not close: {counts}")

def talks():
    """What crosses: a hit by address, one by server name, one by DNS, one quiet talk; and domestic ones that name the same name."""
    frames = [*tcp_talk(INSIDE, 40000, BAD, 443, client_hello("fine.example")), *tcp_talk(INSIDE, 40001, QUIET, 443, client_hello("www.bad.example")),
              udp(INSIDE, 5000, QUIET, 53, dns_query("bad.example")), udp(INSIDE, 5001, TRANSIT, 53, dns_query("fine.example")),
              udp(INSIDE, 5002, OTHER_INSIDE, 53, dns_query("bad.example")), *tcp_talk(INSIDE, 40002, OTHER_INSIDE, 443, client_hello("bad.example"))]
    return [ether(f) for f in frames]

def zeek(path, fields, rows):
    return f"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n#fields\t" + "\t".join(fields) + "\n" + "".join("\t".join(map(str, r)) + "\n" for r in rows)

ID = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"]
CONN = [(INSIDE, 40000, BAD, 443, "tcp"), (INSIDE, 40001, QUIET, 443, "tcp"), (INSIDE, 5000, QUIET, 53, "udp"), (INSIDE, 5001, TRANSIT, 53, "udp"),
        (INSIDE, 5002, OTHER_INSIDE, 53, "udp"), (INSIDE, 40002, OTHER_INSIDE, 443, "tcp")]
DNS = [(INSIDE, 5000, QUIET, 53, "bad.example"), (INSIDE, 5001, TRANSIT, 53, "fine.example"), (INSIDE, 5002, OTHER_INSIDE, 53, "bad.example")]
SSL = [(INSIDE, 40000, BAD, 443, "fine.example"), (INSIDE, 40001, QUIET, 443, "www.bad.example"), (INSIDE, 40002, OTHER_INSIDE, 443, "bad.example")]
WANTED = {(BAD, INSIDE, BAD), ("bad.example", INSIDE, QUIET)}

def zeek_logs(folder, as_json):
    paths = []
    for name, last, rows in (("conn", "proto", CONN), ("dns", "query", DNS), ("ssl", "server_name", SSL)):
        rows = [(1790000000.5, "C1", *r) for r in rows]
        text = "".join(json.dumps(dict(zip(ID + [last], r))) + "\n" for r in rows) if as_json else zeek(name, ID + [last], rows)
        paths.append(write(folder, f"{name}{'.json' if as_json else ''}.log", text))
    return paths

def a_capture_and_its_logs_agree():
    with Folder() as folder:
        table, listed = base(folder)
        capture, eve = write_pcap(os.path.join(folder, "a.pcap"), talks()), os.path.join(folder, "eve.json")
        workspace = make_workspace(folder, border=table)
        sekisho("selectors", "import", "--workspace", workspace, listed)
        sekisho("watch", "--workspace", workspace, "--eve", eve, capture)
        findings = json.loads(sekisho("findings", "--workspace", workspace, "--json").out)
        watched = {(f["matched"], f["subject"], f["counterpart"]) for f in findings}
        expect({w[0] for w in watched} == {BAD, "bad.example"}, f"watch found {watched}")
        plain, packed = zeek_logs(folder, False), zeek_logs(folder, True)
        for what, files in (("the capture", [capture]), ("its EVE", [eve]), ("Zeek's logs", plain), ("Zeek's JSON", packed), ("all together", [capture, eve, *plain, *packed])):
            answer = hunt(table, listed, *files)
            expect(found(answer) == WANTED, f"{what}: {found(answer)}")
            for counts in (answer["records"], answer["frames"]): closes(counts)
        answer = hunt(table, listed, *plain)
        expect(answer["records"]["erased"] == {"domestic": 4} and answer["records"]["admitted"] == 8, answer["records"])
        hit = next(h for h in answer["hits"] if h["indicator"] == BAD)
        expect(hit["count"] == 2 and hit["first"] == "2026-09-21T14:13:20.500000Z" and hit["outside_port"] == 443 and hit["class"] == "DF", hit)
        expect(hit["examples"] == [f"{plain[0]}:7", f"{plain[2]}:7"] and hit["origin"] == "list.txt:1", hit)
        # The same by a compiled set, through a pipe, packed.
        expect(found(hunt(table, os.path.join(workspace, "selectors.set"), *plain)) == WANTED, "a compiled set")
        expect(found(hunt(table, listed, "-", stdin=gzip.compress(open(eve, "rb").read()))) == WANTED, "packed EVE on standard input")
        expect(found(hunt(table, listed, "-", stdin=gzip.compress(open(capture, "rb").read()))) == WANTED, "a packed capture on standard input")
        expect(found(hunt(table, listed, "-", stdin=open(capture, "rb").read())) == WANTED, "a capture on standard input")
        # A workspace has table, basis and selectors of its own.
        answer = json.loads(sekisho("hunt", "--workspace", workspace, "--json", *plain).out)
        expect(found(answer) == WANTED and answer["simulated"], "under a workspace")

def nfcapd_files_are_read_by_nfdump():
    if shutil.which("nfpcapd") is None or shutil.which("nfdump") is None:
        print("note: nfdump is not installed, its files are not tried"); return
    with Folder() as folder:
        table, listed = base(folder)
        capture, out = write_pcap(os.path.join(folder, "a.pcap"), talks()), os.path.join(folder, "nf")
        os.mkdir(out)
        run("nfpcapd", "-r", capture, "-l", out, code=None)
        files = [os.path.join(out, f) for f in os.listdir(out)]
        expect(files, "nfpcapd wrote nothing")
        answer = hunt(table, listed, *files)
        expect(found(answer) == {(BAD, INSIDE, BAD)}, f"nfcapd: {answer}")
        expect([f["format"] for f in answer["files"]] == ["nfcapd"] * len(files) and answer["records"]["erased"]["domestic"] >= 2, answer)
        closes(answer["records"])
        printed = run("nfdump", "-r", files[0], "-o", "csv").out
        answer = hunt(table, listed, write(folder, "nf.csv", printed))
        expect(found(answer) == {(BAD, INSIDE, BAD)} and answer["records"]["malformed"] == 0, f"nfdump -o csv: {answer}")
        done = sekisho("hunt", "--border", table, "--selectors", listed, files[0], env={"PATH": "/nonexistent"}, code=4)
        expect("nfdump" in done.err and "not installed" in done.err, done.err)
        broken = write(folder, "broken", open(files[0], "rb").read()[:100])
        done = sekisho("hunt", "--border", table, "--selectors", listed, broken, code=None)
        expect(done.returncode in (0, 10), done.err)

def domestic_records_are_never_reported():
    with Folder() as folder:
        table, listed = base(folder)
        pairs = [(INSIDE, OTHER_INSIDE), ("2001:db8:1::1", "2001:db8:1::2"), (INSIDE, "8.8.8.8"), ("10.0.0.1", INSIDE)]
        eve = "".join(json.dumps({"src_ip": a, "dest_ip": b, "event_type": "dns", "dns": {"rrname": "bad.example"}, "tls": {"sni": "bad.example"}}) + "\n" for a, b in pairs)
        plain = zeek("dns", ID + ["query"], [(1, "C", a, 1, b, 2, "bad.example") for a, b in pairs])
        flows = "src,dst,query\n" + "".join(f"{a},{b},bad.example\n" for a, b in pairs)
        for name, text in (("eve.json", eve), ("dns.log", plain), ("flows.csv", flows)):
            answer = hunt(table, listed, write(folder, name, text))
            expect(answer["hits"] == [] and answer["records"]["admitted"] == 0, f"{name}: {answer}")
            expect(sum(answer["records"]["erased"].values()) == len(pairs), f"{name}: {answer['records']}")
        # Under own-network, transit is not covered either.
        transit = write(folder, "t.csv", f"src,dst\n{QUIET},{BAD}\n")
        expect(len(hunt(table, listed, transit)["hits"]) == 1, "lab covers FF")
        answer = hunt(table, listed, transit, extra=("--profile", "own-network"))
        expect(answer["hits"] == [] and answer["records"]["erased"] == {"not_covered": 1} and not answer["simulated"], answer)

def exits_and_words():
    with Folder() as folder:
        table, listed = base(folder)
        good = write(folder, "good.json", json.dumps({"src_ip": INSIDE, "dest_ip": BAD}) + "\n")
        bad = write(folder, "bad.json", '{"src_ip":\n' + json.dumps({"src_ip": INSIDE, "dest_ip": BAD}) + "\nnothing\n{}\n")
        def go(*words, **more): return sekisho("hunt", "--border", table, "--selectors", listed, *words, **more)
        expect(f"{bad}:1: the line is cut" in go(bad).out and f"{bad}:3: no JSON object" in go(bad).out, "malformed lines are named")
        expect("4 = 1 admitted + 0 erased unread + 1 without an address pair + 2 malformed" in go(bad).out, go(bad).out)
        go(good, "--exit-code", code=1)
        go(write(folder, "none.json", ""), "--exit-code", code=0)
        expect("no such file" in go("nowhere", good, code=4).err, "a missing file is named, the others are read")
        expect(BAD in go("nowhere", good, code=4).out, "the others are read")
        expect(f"is a directory; name the files in it: {folder}/*" in go(folder, code=4).err, "a folder")
        # Patterns that overlap, and links, count nothing twice; a copy is another file.
        os.link(good, good + ".1"); os.symlink(good, good + ".2"); write(folder, "copy.json", open(good).read())
        done = go(good, bad, good, good + ".1", good + ".2", os.path.join(folder, "copy.json"), "--json")
        expect(done.err.count("the same file as " + good + ", read once") == 3, done.err)
        answer = json.loads(done.out)
        expect([os.path.basename(f["path"]) for f in answer["files"]] == ["good.json", "bad.json", "copy.json"] and answer["records"]["total"] == 6, answer)
        expect("no log that hunt knows" in go(listed, code=10).err, "a list is no log")
        expect("ends inside a gz member" in go(write(folder, "cut.gz", gzip.compress(open(good, "rb").read() * 99)[:40]), code=3).err, "cut")
        for words in (["hunt"], ["hunt", good], ["hunt", "--selectors", listed, good], ["hunt", "--own", "192.0.2.0/24", good], ["hunt", "--stored", "--selectors", listed],
                      ["hunt", "--own", "192.0.2.1/24", "--selectors", listed, good], ["hunt", "--border", table, "--selectors", listed, good, "--threads", "0"],
                      ["hunt", "--border", table, "--selectors", listed, good, "--profile", "jp-2025"], ["hunt", "--border", table, "--selectors", listed, good, "--since", "1h"]):
            expect("usage: sekisho hunt" in sekisho(*words, code=2).err, words)
        empty = write(folder, "empty.txt", "# nothing\n")
        sekisho("hunt", "--border", table, "--selectors", empty, good, code=10)
        own = sekisho("hunt", "--own", "192.0.2.0/24", "--selectors", write(folder, "o", "9.9.9.9\n"), write(folder, "f.csv", f"src,dst\n{INSIDE},9.9.9.9\n"))
        expect("9.9.9.9" in own.out and not [f for f in os.listdir(folder) if f.startswith("sekisho-hunt")], own.out)

def threads_do_not_show():
    with Folder() as folder:
        table, listed = base(folder)
        rows = [f"{1790000000 + i},192.0.2.{i % 250},{BAD if i % 97 == 0 else QUIET if i % 3 else OTHER_INSIDE},{i % 60000}" + (",x" if i % 5003 == 0 else "") for i in range(200_000)]
        flows = write(folder, "flows.csv", "ts,src,dst,sport\n" + "\n".join(rows) + "\n")
        again = write(folder, "again.csv", open(flows).read())
        answers = [hunt(table, listed, flows, again, extra=("--threads", n)) for n in ("1", "2", "5")]
        for a in answers: a.pop("seconds")
        expect(answers[0] == answers[1] == answers[2], "the answer depends on the number of threads")
        closes(answers[0]["records"])
        expect(answers[0]["records"]["malformed"] > 0 and len(answers[0]["malformed"]) == 8, answers[0]["malformed"])
        expect(sum(h["count"] for h in answers[0]["hits"]) == answers[0]["records_hit"], "hits and records that hit")

def an_interrupt_ends_in_order():
    with Folder() as folder:
        table, listed = base(folder)
        for threads in ("1", "3"):
            child = subprocess.Popen([SEKISHO, "hunt", "--border", table, "--selectors", listed, "--threads", threads, "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            child.stdin.write((json.dumps({"src_ip": INSIDE, "dest_ip": BAD}) + "\n").encode() * 10); child.stdin.flush()
            time.sleep(2) # the pipe stays open: hunt waits for more
            child.send_signal(signal.SIGINT)
            answer = json.loads(child.communicate(timeout=20)[0])
            expect(child.returncode == 130 and answer["interrupted"] and answer["hits"][0]["count"] == 10, f"{threads} threads: {child.returncode} {answer}")

def looking_back():
    with Folder() as folder:
        table, listed = base(folder)
        workspace = make_workspace(folder, border=table, extra=("--names",))
        answer = json.loads(sekisho("hunt", "--stored", "--workspace", workspace, "--selectors", listed, "--json").out)
        expect(answer["hits"] == [] and answer["stored"]["flows"] == 0, "an empty store answers")
        sekisho("selectors", "import", "--workspace", workspace, "--all-flows")
        frames = talks() + [ether(udp(INSIDE, 10000 + i, TRANSIT, 123, b"x" * 48)) for i in range(300)]
        sekisho("watch", "--workspace", workspace, write_pcap(os.path.join(folder, "a.pcap"), frames))
        def back(text, *more):
            return json.loads(sekisho("hunt", "--stored", "--workspace", workspace, "--selectors", write(folder, "new.txt", text), "--json", *more).out)
        few, many = back(LIST), back(LIST + "".join(f"203.0.113.{i}\n" for i in range(100, 200)))
        expect(few["stored"]["way"] == "by_selector" and many["stored"]["way"] == "by_record", (few["stored"], many["stored"]))
        expect(found(few) == found(many) == WANTED, f"{found(few)} {found(many)}")
        key = lambda a: sorted((h["indicator"], h["kind"], h["count"], h["first"], h["last"], h["examples"]) for h in a["hits"])
        expect(key(few) == key(many), f"the two ways differ: {key(few)} {key(many)}")
        expect(back(LIST, "--since", "2030-01-01")["hits"] == [], "--since")
        # A prefix that no blind index answers for: every record is read.
        wide = back("203.0.113.24/29\n")
        expect(wide["stored"]["way"] == "by_record" and ("203.0.113.24/29", INSIDE, TRANSIT) in found(wide), wide["stored"])
        shown = json.loads(sekisho("flows", "--workspace", workspace, "--json").out)
        expect({e for h in few["hits"] for e in h["examples"]} <= {f["id"] for f in shown}, "examples are ids of stored flows")
        sekisho("hunt", "--stored", "--workspace", workspace, "--selectors", listed, "--exit-code", code=1)

def the_manual_names_every_column():
    names = re.findall(r'SK_LOG_COLUMN\("(\w+)"', open(os.path.join(ROOT, "src/sensor/logs/column.def")).read())
    page = re.findall(r"[a-z0-9]+", open(os.path.join(ROOT, "man/sekisho-hunt.1")).read().split(".Ss Columns of CSV")[1].split(".Sh JSON")[0])
    expect(len(names) > 80 and not set(names) - set(page), f"sekisho-hunt(1) lacks {sorted(set(names) - set(page))}")

def a_real_conn_log():
    path = need_shared("net", "attacks", "portscan-horizontal.conn.log")
    wanted, pairs = "195.113.214.219", []
    for line in open(path, encoding="utf-8"):
        if not line.startswith("#"):
            columns = line.split("\t"); pairs.append((columns[2], columns[4]))
    with Folder() as folder:
        listed = write(folder, "list.txt", wanted + "\n")
        answer = json.loads(sekisho("hunt", "--own", "10.0.0.0/8", "--selectors", listed, "--json", path).out)
        expect(answer["records"]["total"] == len(pairs), f"{answer['records']['total']} of {len(pairs)} records")
        expect(sum(h["count"] for h in answer["hits"]) == sum(wanted in p for p in pairs), "hits as counted by hand")
        closes(answer["records"])

main(a_capture_and_its_logs_agree, nfcapd_files_are_read_by_nfdump, domestic_records_are_never_reported, exits_and_words, threads_do_not_show, an_interrupt_ends_in_order, looking_back, the_manual_names_every_column, a_real_conn_log)
