#!/usr/bin/env python3
"""Findings, campaigns and the border on the page, against the commands; each look a row of the book before it, an act of the centre after it, in the inspector's log and under both verifiers;
a book that somebody changed; event streams that hear of new intervals and findings. rule: BOOK-1
usage: looks.py [--sabotage]
--sabotage: a row of the book is changed behind everybody's back, and nobody is asked whether that is told; it must turn red."""
import re, signal, socket, sqlite3, sys, time, urllib.parse
import access, web
from lib import *

SABOTAGE = "--sabotage" in sys.argv
PASSWORD = "correct horse battery staple"


class Place(access.Centre):
    """A workspace of a team's own network with something found in it, its centre, a server in front, and anna, who is signed in."""
    def __init__(self, f):
        super().__init__(f, kind="own_network"); self.inspector()
        open(f + "/pw", "w").write(PASSWORD + "\n"); os.chmod(f + "/pw", 0o600)
        self.act("anna", "factor", "password", "anna", "--password-file", f + "/pw")
        sekisho("access", "session", "begin", "anna", "--password-file", f + "/pw", "--token-file", f + "/token", "--dir", self.dir)
        self.token = open(f + "/token").read().strip()
        out = open(f + "/serve.out", "wb")
        self.server = subprocess.Popen([SEKISHO, "serve", "--dir", self.dir, "--workspace", self.dir, "--listen", "127.0.0.1:0"], stdout=out, stderr=open(f + "/serve.log", "wb"))
        web.wait(lambda: b"serving" in open(f + "/serve.out", "rb").read(), lambda: open(f + "/serve.log").read(), alive=self.server)
        self.port = int(re.search(r"localhost:(\d+)", open(f + "/serve.out").read()).group(1))

    def __enter__(self): return self
    def __exit__(self, *_):
        self.server.send_signal(signal.SIGTERM)
        try: self.server.wait(60)
        except subprocess.TimeoutExpired: self.server.kill(); raise Failed("the server does not end")
    ask = web.Centre.ask
    def get(self, path, code=200, purpose=True):
        r = self.ask("GET", "/api/v1/" + path, token=self.token, headers={"X-Sekisho-Purpose": "damage_prevention"} if purpose else {})
        expect(r.status == code, f"{path}: {r.status} {r.text[:400]}"); return r.json
    def book(self): return json.loads(sekisho("centre", "book", "--dir", self.dir, "--json").out)["looks"]
    def check(self, code=0):
        done = sekisho("centre", "check", "--dir", self.dir, "--json", code=code); return json.loads(done.out) if code == 0 else done
    def command(self, *words): return json.loads(sekisho(*words, "--workspace", self.dir, "--json", "--purpose", "damage_prevention", "--key", self.key("anna")).out)

def the_page_says_what_commands_say(c):
    listed = c.command("findings"); page = c.get("findings")
    expect(sorted(f["id"] for f in listed) == sorted(f["id"] for f in page["items"]) and len(listed) != 0, f"findings: {listed} {page}")
    expect(page["total"] == len(listed) and page["total_is"] == "exact" and page["next"] is None and page["erased"] == page["locked"] == 0, str(page))
    for f in page["items"]:
        same = next(l for l in listed if l["id"] == f["id"])
        expect(all(same[k] == f[k] for k in ("kind", "class", "count", "first", "last", "sentence", "why", "matched", "subject")), f"{same} {f}")
        expect(f["confidence"] == same["confidence_percent"] and ["none", "low", "medium", "high"][f["severity"]] == same["severity"] and f["else"] == [same["doubt"]], str(f))
    one, ids = None, []
    while True:   # one at a time, each once
        one = c.get("findings?limit=1" + (f"&cursor={one['next']}" if one else "")); ids += [f["id"] for f in one["items"]]
        if one["next"] is None: break
    expect(ids == [f["id"] for f in page["items"]], "pages of one")
    first = page["items"][0]
    for asked in (first["id"], first["matched"], first["subject"], first["kind"], first["kind"].split(".")[0]):
        expect(first["id"] in [f["id"] for f in c.get("findings?q=" + urllib.parse.quote(asked))["items"]], f"the search box: {asked}")
    expect(c.get("findings?q=nobody.example")["items"] == [] and c.get("findings?kind=none.such")["total"] == 0, "what is not there")
    bars = c.get("findings/histogram?buckets=10"); expect(sum(bars["counts"]) == page["total"] == sum(map(sum, bars["by_kind"].values())) and len(bars["t"]) == len(bars["counts"]) <= 10, str(bars))
    c.get("findings?cursor=0-1", code=400); c.get("findings?q=x&value=y", code=400); c.get("findings?class=XX", code=400)
    expect(c.get("findings/" + first["id"]) == c.command("explain", first["id"]), "one finding")
    campaigns = c.get("campaigns"); said = c.command("campaign", "list", "--all")
    # Heat is of the moment at which they were computed, which findings ask for already.
    for x in campaigns["items"]: expect(x.pop("workspace") == "ws", str(campaigns))
    for x, y in zip(campaigns["items"], said): expect(abs(x.pop("heat") - y.pop("heat")) < 0.001, f"{campaigns} {said}")
    expect(campaigns["items"] == said and campaigns["age_s"] is not None and not campaigns["computing"], f"{campaigns} {said}")
    live = c.get("border/live", purpose=False); e = live["equation"]
    expect(e["pending_before"] + e["received"] == e["gate_erased"] + e["select_erased"] + e["selected"] + e["capture_lost"] + e["pending_after"] and e["received"] > 0, str(e))
    expect(sum(k["frames"] for k in live["classes"].values()) <= e["received"] and live["countries"] is None and live["links"][0]["name"] == "file", str(live))
    expect(len(c.get("border/series?since=2000-01-01&points=7", purpose=False)["series"]["t"]) == 7, "a series")

def each_look_is_a_row_and_an_act(c):
    c.book(); before = c.check(); expect(before["looks_waiting"] == 0, str(before))
    c.get("findings", code=403, purpose=False); c.get("findings?value=198.51.100.9"); c.get("lookup?value=198.51.100.9"); c.get("border/live", purpose=False)
    now = c.check(); expect(now["looks"] == before["looks"] and now["looks_waiting"] == 2, f"{before} {now}")   # the command's own row, and the handler's
    rows = [r for r in c.log() if r["event"] == "look"]
    expect([("leaf" in r, r["account"], r["purpose"]) for r in rows[-2:]] == [(False, "anna", "damage_prevention")] * 2 and "198.51.100.9" in rows[-2]["what"], str(rows[-2:]))
    expect(c.book() == 2 and c.book() == 0, "committed to once")
    now = c.check(); expect(now["looks"] == before["looks"] + 2 and now["looks_waiting"] == 0, str(now))
    rows = c.log(); expect({r["event"]: "leaf" in r for r in rows} == {"read": True, "look": True, "search": True}, f"both forms: {rows}")
    rows = c.log("insp", "--what", "value=198.51.100.9"); expect([r["event"] for r in rows if r["account"] == "anna"] == ["look"], str(rows))
    c.log("admin", code=29)
    db = open(c.dir + "/centre/book.db", "rb").read() + (open(c.dir + "/centre/book.db-wal", "rb").read() if os.path.exists(c.dir + "/centre/book.db-wal") else b"")
    expect(b"anna" not in db and b"198.51.100.9" not in db, "the book is sealed")
    openings = c.folder + "/openings"; sekisho("centre", "openings", "--dir", c.dir, "-o", openings)
    for program in (VERIFY, VERIFY_GO):
        done = run(program, "--openings", openings, c.dir + "/centre/ledger"); expect(re.search(r"looks.*\b%d\b" % now["looks"], done.out), f"{program}: {done.out}")

def a_changed_book_is_told(c):
    db = sqlite3.connect(c.dir + "/centre/book.db", isolation_level=None)
    for lie in ("UPDATE look SET time = time + 1 WHERE number = 2", "DELETE FROM look WHERE number = 1", "UPDATE mark SET committed = 9999"):
        db.execute("BEGIN"); db.execute("CREATE TABLE kept AS SELECT * FROM look"); mark = db.execute("SELECT committed FROM mark").fetchone()[0]; db.execute(lie); db.execute("COMMIT")
        if not SABOTAGE: done = c.check(code=8); expect("book.db" in done.err, done.err); c.log(code=8)
        else: c.check()
        db.execute("BEGIN"); db.execute("DELETE FROM look"); db.execute("INSERT INTO look SELECT * FROM kept"); db.execute("DROP TABLE kept"); db.execute("UPDATE mark SET committed = ?", (mark,)); db.execute("COMMIT")
    c.check()

def streams_hear_of_it(c):
    s = socket.create_connection(("127.0.0.1", c.port)); s.settimeout(60)
    s.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {c.token}\r\n\r\n".encode()); got = b""
    while b": here" not in got: got += s.recv(65536)
    time.sleep(1.2)   # the server has looked at store and ledger at least once since it started
    watch_json(c.dir, write_pcap(c.folder + "/more.pcap", [ether(p) for p in tcp_talk("192.0.2.77", 5001, "198.51.100.9", 443, client_hello("www.evil.example"), b"y")]))
    while not (b"event: border" in got and b"event: finding" in got): got += s.recv(65536)
    s.close(); expect(b"198.51.100" not in got and b"192.0.2" not in got and b"evil" not in got, "an event says more than that something is new")
    expect(c.get("findings")["total"] > 2, "and it is there")

def observations_go_on_by_cursor(c):
    watch_json(c.dir, write_pcap(c.folder + "/many.pcap", [ether(p) for i in range(60) for p in tcp_talk("192.0.2.77", 6000 + i, "198.51.100.9", 443, b"x")], step=60))   # eight hours
    seen, one = [], None
    while True:   # observations go on by cursor, however many there are
        one = c.get("observations?limit=7" + (f"&cursor={one['next']}" if one else "")); seen += one["items"]; expect(1 <= len(one["items"]) <= 7 and one["total"] is None, str(one))
        if one["next"] is None: break
    expect(seen == c.command("observations", "--limit", "9999") and len(seen) > 60 and c.get("observations?limit=200")["items"] == seen, f"observations: {seen}")
    c.get("observations?cursor=i1", code=400); c.get("observations?cursor=1-2-g", code=400)
    expect([o["id"] for o in c.command("observations", "--after", seen[0]["place"])] == [o["id"] for o in seen[1:]], "the command's own option")

def main():
    with Folder() as f, Place(f) as c:
        for test in (the_page_says_what_commands_say, each_look_is_a_row_and_an_act, a_changed_book_is_told, streams_hear_of_it, observations_go_on_by_cursor): test(c); print(f"ok {test.__name__}", flush=True)

if __name__ == "__main__": main()
