#!/usr/bin/env python3
"""Mute, explain and syslog: a false positive is counted and not shown, for a reason and until a day; one finding is explained in plain sentences; a logger is told."""
import re, socket, threading, time
from lib import *

LIST = "evil.example\n198.51.100.9\n"
def capture(f): return write_pcap(f + "/c.pcap", [ether(p) for p in (*tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, client_hello("www.evil.example"), b"y"),
                                                                    *tcp_talk("192.0.2.6", 5001, "198.51.100.9", 443, b"x", b"y"),
                                                                    udp("192.0.2.5", 4000, "203.0.113.1", 53, dns_query("a.b.evil.example")))])

def setup(f, **more):
    w = make_workspace(f, **more); open(f + "/list.txt", "w").write(LIST); sekisho("selectors", "import", "--workspace", w, f + "/list.txt")
    return w, capture(f)

def findings(w, *extra): return json.loads(sekisho("findings", "--workspace", w, "--json", *extra).out)

def mute_a_value():
    with Folder() as f:
        w, cap = setup(f); first, _ = watch_json(w, cap); before = findings(w)
        expect(len(before) >= 3 and first["findings_muted"] == 0, str(before))
        said = sekisho("mute", "198.51.100.9", "--for", "30d", "--why", "our own scanner", "--workspace", w).out
        expect("our own scanner" in said and "198.51.100.9" in said, said)
        after = findings(w); hidden = [x for x in before if x["matched"] == "198.51.100.9"]
        expect(after == [x for x in before if x not in hidden] and len(hidden) == 2, "the wrong findings are hidden")
        done = sekisho("findings", "--workspace", w); expect("2 findings are muted" in done.err and "list.txt:2" not in done.out, done.err + done.out)
        shown = findings(w, "--muted"); expect(len(shown) == len(before) and sum(x.get("muted", False) for x in shown) == 2, "--muted does not show them")
        # a new run: same account, same store; no alert, no finding, and a count
        again, done = watch_json(w, cap, extra=("--again", "--eve", f + "/eve.json"))
        expect(again["account"] == first["account"] and again["findings_muted"] == 2 and not any(x["matched"] == "198.51.100.9" for x in again["findings"]), str(again["findings"]))
        alerts = [json.loads(l) for l in open(f + "/eve.json") if '"alert"' in l]
        expect(alerts and all(a["sekisho"]["matched"] != "198.51.100.9" for a in alerts if a["event_type"] == "alert"), "a muted finding raised an alert")
        text = sekisho("watch", "--workspace", w, "--again", cap).out; expect("2 findings are muted" in text and "closes" in text, text)
        loud, _ = watch_json(w, cap, extra=("--again", "--muted")); expect(loud["findings_muted"] == 0 and len(loud["findings"]) == len(before), "watch --muted")
        listed = json.loads(sekisho("mute", "list", "--workspace", w, "--json").out)
        expect(len(listed) == 1 and listed[0]["why"] == "our own scanner" and listed[0]["active"], str(listed))
        sekisho("mute", "end", listed[0]["id"][:6], "--workspace", w); expect(len(findings(w)) == len(before), "an ended mute still mutes")
        expect("Nothing" in sekisho("mute", "list", "--workspace", w).out, "an ended mute is listed"); verify_both(w + "/ledger")
        leaves = b"".join(open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(w + "/ledger") for n in names)
        expect(leaves.count(b'"kind":"mutes"') >= 2 and b"our own scanner" not in leaves and b"198.51.100.9" not in leaves, "what the ledger says of mutes")

def mute_one_finding():
    with Folder() as f:
        w, cap = setup(f); watch_json(w, cap); before = findings(w); one = next(x for x in before if x["subject"] == "192.0.2.6")
        sekisho("mute", one["id"][:8], "--for", "7d", "--why", "known", "--workspace", w)
        expect([x["id"] for x in findings(w)] == [x["id"] for x in before if x["id"] != one["id"]], "another finding is hidden")

def an_end_that_comes():
    with Folder() as f:
        w, cap = setup(f); watch_json(w, cap); n = len(findings(w))
        sekisho("mute", "evil.example", "--for", "2s", "--why", "short", "--workspace", w); hidden = len(findings(w))
        time.sleep(2.2); expect(hidden < n and len(findings(w)) == n, "an expired mute did not end by itself")
        expect("ENDED" in sekisho("mute", "list", "--workspace", w).out, "the list does not say that it ended")

def a_mute_that_nobody_signed():
    with Folder() as f:
        w, cap = setup(f); watch_json(w, cap); n = len(findings(w))
        sekisho("mute", "evil.example", "--for", "30d", "--why", "one", "--workspace", w)
        note = open(w + "/mutes.note").read(); open(w + "/mutes.note", "w").write(note.replace("evil.example", "198.51.100.9"))
        done = sekisho("findings", "--workspace", w, "--json"); expect(len(json.loads(done.out)) == n and "mutes.note" in done.err, f"an altered mute mutes: {done.err}")
        result, done = watch_json(w, cap, extra=("--again",), code=None); expect(result["findings_muted"] == 0 and "mutes.note" in done.err and done.returncode == 8, "watch believed it")

def wrong_calls():
    with Folder() as f:
        w, cap = setup(f); watch_json(w, cap)
        for words in (("x", "--for", "30d"), ("x", "--why", "y"), ("x", "--for", "30d", "--why", " "), ("x", "--for", "0s", "--why", "y"), ("x", "--for", "9999d", "--why", "y"), (), ("a", "b")):
            sekisho("mute", *words, "--workspace", w, code=2)
        sekisho("mute", "abcdef", "--for", "1d", "--why", "y", "--workspace", w, code=4); sekisho("mute", "end", "ffff", "--workspace", w, code=4)
        for words in (("--csv",), ("--limit", "3"), ("--class", "FD"), ("--since", "1h")): sekisho("explain", "abcdef12", "--workspace", w, *words, code=2)
        sekisho("explain", "--workspace", w, code=2); sekisho("explain", "zz", "--workspace", w, code=2); sekisho("explain", "abcdef12", "--workspace", w, code=4)
        expect(not os.path.exists(w + "/mutes.note"), "a refused mute left a file")
        # before anything was watched, and for a value that nobody has seen
        fresh = make_workspace(f, "fresh"); done = sekisho("mute", "2001:DB8::1", "--for", "1d", "--why", "y", "--workspace", fresh)
        expect("2001:db8::1" in done.out and "until now" in done.err, done.out + done.err); verify_both(fresh + "/ledger")
        sekisho("selectors", "import", "--workspace", fresh, f + "/list.txt"); watch_json(fresh, cap); verify_both(fresh + "/ledger")

def explain():
    with Folder() as f:
        w, cap = setup(f); watch_json(w, cap)
        for x in findings(w):
            text, data = sekisho("explain", x["id"][:10], "--workspace", w).out, json.loads(sekisho("explain", x["id"], "--workspace", w, "--json").out)
            for word in (x["id"], x["sentence"], x["why"], x["doubt"], x["matched"], "list.txt:", "sekisho mute", "sekisho-verify", "What else it could be", "basis", "Leaf"): expect(word in text, f"'{word}' is not said:\n{text}")
            expect(data["evidence"][0]["id"] == x["evidence"] and data["sentence"] == x["sentence"] and data["basis"]["kind"] == "lab", str(data))
            bundle = open(w + "/ledger/tile/entries/000.p/" + os.listdir(w + "/ledger/tile/entries/000.p")[0], "rb").read(); at = 0
            for _ in range(data["ledger"]["leaf"]): at += 2 + int.from_bytes(bundle[at:at + 2], "big")
            leaf = json.loads(bundle[at + 2:at + 2 + int.from_bytes(bundle[at:at + 2], "big")])
            expect(leaf["kind"] == "interval" and leaf["number"] == data["ledger"]["interval"], f"the leaf is another: {leaf}")
        sekisho("mute", x["matched"], "--for", "1d", "--why", "because so", "--workspace", w)
        expect("because so" in sekisho("explain", x["id"], "--workspace", w).out, "explain does not say that it is muted")

class Logger:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); self.socket.bind(path); self.socket.settimeout(0.5); self.lines = []
        self.thread = threading.Thread(target=self.read); self.going = True; self.thread.start()
    def read(self):
        while self.going:
            try: self.lines.append(self.socket.recv(65536).decode())
            except TimeoutError: pass
    def stop(self): self.going = False; self.thread.join(); self.socket.close(); return self.lines

LINE = re.compile(r'^<(\d+)>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S+) sekisho (\d+) (\S{1,32}) \[sekisho@32473((?: \w+="(?:[^"\\\]]|\\["\\\]])*")+)\] \ufeff(.*)$')

def syslog():
    with Folder() as f:
        w, cap = setup(f); logger = Logger(f + "/log")
        result, _ = watch_json(w, cap, extra=("--syslog", f + "/log")); lines = logger.stop()
        expect(len(lines) == len(result["findings"]) >= 3, f"{len(lines)} lines for {len(result['findings'])} findings")
        by_id = {x["id"]: x for x in result["findings"]}
        for line in lines:
            m = LINE.match(line); expect(m, f"not RFC 5424: {line!r}")
            data = dict(re.findall(r'(\w+)="((?:[^"\\\]]|\\.)*)"', m[6])); x = by_id.pop(data["id"])
            expect(int(m[1]) // 8 == 16 and m[5] == x["kind"] == data["kind"] and data["severity"] == x["severity"] and data["matched"] == x["matched"] and data["simulated"] == "true", line)
        sekisho("mute", "198.51.100.9", "--for", "1d", "--why", "known", "--workspace", w)
        os.remove(f + "/log"); logger = Logger(f + "/log"); watch_json(w, cap, extra=("--again", "--syslog", "unix:" + f + "/log")); lines = logger.stop()
        expect(lines and not any('matched="198.51.100.9"' in l for l in lines), "a muted finding was told")

def syslog_that_fails():
    with Folder() as f:
        w, cap = setup(f)
        sekisho("watch", "--workspace", w, cap, "--syslog", f + "/none", code=4); sekisho("watch", "--workspace", w, cap, "--syslog", "udp:192.0.2.1:514", code=2)
        sekisho("watch", "--workspace", w, cap, "--syslog", "/" + "x" * 200, code=2)
        deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); deaf.bind(f + "/deaf")  # takes a few lines and never reads them
        open(f + "/many.txt", "w").write("".join(f"203.0.113.{i}\n" for i in range(1, 250))); sekisho("selectors", "import", "--workspace", w, f + "/many.txt")
        many = write_pcap(f + "/m.pcap", [ether(udp("192.0.2.5", 4000 + i, f"203.0.113.{i % 249 + 1}", 99, b"x")) for i in range(249)] +
                          [ether(udp(f"192.0.2.{j}", 4000 + i, f"203.0.113.{i + 1}", 99, b"x")) for j in range(6, 10) for i in range(249)])
        began = time.time(); result, done = watch_json(w, many, extra=("--syslog", f + "/deaf"), code=7)
        expect("logger did not take" in done.err and time.time() - began < 20 and result["account"]["pending"] == 0, done.err); verify_both(w + "/ledger")

main(mute_a_value, mute_one_finding, an_end_that_comes, a_mute_that_nobody_signed, wrong_calls, explain, syslog, syslog_that_fails)
