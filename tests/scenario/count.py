#!/usr/bin/env python3
"""The count-only selector from outside: somebody who plans a measure asks a sensor how many hosts of our own talk to its target. A number comes back, and goes into an order as a band; no host is
in any file, log or answer, and the search would find one; what nobody signed, what is too wide, too long or too often is refused. With --sabotage a host is planted, and this must end red."""
import re, time
from lib import *
from basis import Office

SABOTAGE = "--sabotage" in sys.argv
ASK = ("--for", "6h", "--why", "phishing our staff", "--purpose", "damage_prevention")
HOSTS = [f"192.0.2.{i}" for i in range(30, 150)]          # whom nobody may ever name

def traffic(f, hosts=HOSTS, few=3, name="c.pcap"):
    packets = [p for i, h in enumerate(hosts) for p in tcp_talk(h, 5000 + i, "203.0.113.9", 443, client_hello("www.bad.example"), b"y")]
    packets += [p for i, h in enumerate(hosts[:few]) for p in tcp_talk(h, 6000 + i, "198.51.100.9", 443, client_hello("notbad.example"), b"y")]
    packets += [udp(h, 4000, "198.51.100.53", 53, dns_query("mail.asked.example")) for h in hosts[:40]]
    return write_pcap(f"{f}/{name}", [ether(p) for p in packets])

def count(w, *words, code=0, **more): return sekisho("order", "count", *words, "--workspace", w, code=code, **more)
def ask(w, id, *targets, extra=ASK, code=0): return count(w, "request", id, *sum((["--target", t] for t in targets), []), *extra, code=code)
def shown(w, id): return json.loads(count(w, "show", id, "--json").out)
def near(found, exact): expect(abs(found - exact) <= 4 * 0.01625 * exact + 1, f"{found} is not about {exact}")

def leaves(w): return b"".join(open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(w + "/ledger") for n in names)

def search(folder, secrets, but=()):
    """Files below the folder that hold one of these, as text or as an address's bytes."""
    found = []
    for d, _, names in os.walk(folder):
        for n in names:
            path = os.path.join(d, n)
            if path in but: continue
            data = open(path, "rb").read()
            for s in secrets:
                if s.encode() in data or (re.fullmatch(r"[0-9.]+", s) and socket.inet_aton(s) in data): found.append((path, s))
    return found

def a_number_and_nothing_else():
    with Folder() as f:
        w = make_workspace(f, extra=("--detectors", "count.only")); cap = traffic(f); said = []
        for id, targets in (("net", ["203.0.113.0/24"]), ("name", ["bad.example"]), ("few", ["198.51.100.9"]), ("asked", ["asked.example"]), ("both", ["198.51.100.9", "bad.example", "203.0.113.0/24"])):
            said.append(ask(w, id, *targets).out)
            expect(shown(w, id)["state"] == "asked" and shown(w, id)["band"] == "unknown", "what nobody counted is unknown")
        seen, done = watch_json(w, cap); check_equation(seen["account"]); expect(seen["findings"] == [] and seen["account"]["selected"] == 0, "a count selects nothing")
        for id, exact in (("net", 120), ("name", 120), ("asked", 40), ("both", 120)): near(shown(w, id)["hosts"], exact); expect(shown(w, id)["begun"] == 1, str(shown(w, id)))
        few = shown(w, "few"); expect("hosts" not in few and few["band"] == "< 10", str(few)); expect("fewer than 10" in count(w, "show", "few").out, "a small number is told")
        said += [count(w, "list").out, count(w, "show", "net").out, done.out, done.err]; verify_both(w + "/ledger")
        ledger = leaves(w); expect(ledger.count(b'"kind":"counts"') >= 1 and b"bad.example" not in ledger and b"203.0.113" not in ledger and b"phishing" not in ledger, "what the ledger tells of counts")
        # nobody's address is anywhere; the search finds one that is planted
        if SABOTAGE: open(w + "/counts/planted", "w").write(HOSTS[7])
        expect(search(w, HOSTS) == [] and not any(h in s for s in said for h in HOSTS), f"{search(w, HOSTS)}")
        open(w + "/sealed/planted", "wb").write(b"x" + socket.inet_aton(HOSTS[9]) + b"y"); expect(len(search(w, HOSTS)) == 1, "the search does not see"); os.remove(w + "/sealed/planted")
        for n in os.listdir(w + "/counts"): expect(os.stat(f"{w}/counts/{n}").st_mode & 0o77 == 0, f"{n} can be read by others")
        # another run begins anew and says so; with more workers it is the same number
        watch_json(w, traffic(f, HOSTS[:50], name="d.pcap"), extra=("--workers", "2")); near(shown(w, "net")["hosts"], 50); expect(shown(w, "net")["begun"] == 2, str(shown(w, "net")))
        expect("began anew" in count(w, "show", "net").out, "anew")
        count(w, "end", "net"); expect(shown(w, "net")["state"] == "ended", "ended"); count(w, "end", "net", code=2); watch_json(w, cap, extra=("--again",))
        near(shown(w, "net")["hosts"], 50); near(shown(w, "name")["hosts"], 120)

def its_time():
    """Packet time: what comes after the count's life counts no more."""
    with Folder() as f:
        w = make_workspace(f, extra=("--detectors", "count.only")); ask(w, "short", "203.0.113.0/24", extra=("--for", "60s", *ASK[2:]))
        frames = [ether(p) for i, h in enumerate(HOSTS) for p in tcp_talk(h, 5000 + i, "203.0.113.9", 443, b"x", b"y")]
        times = [1_790_000_000 + (i * 0.01 if i < len(frames) // 2 else 600 + i * 0.01) for i in range(len(frames))]
        watch_json(w, write_pcap(f + "/c.pcap", frames, times=times)); got = shown(w, "short"); near(got["hosts"], 60); expect(got["state"] == "counted" and 30 < got["seconds"] <= 60, str(got))

def refused():
    with Folder() as f:
        w = make_workspace(f, extra=("--detectors", "count.only")); cap = traffic(f)
        for targets in (["203.0.112.0/23"], ["2001:db8::/32"], ["example"], ["BAD.example"], [], [f"a{i}.example" for i in range(17)]): ask(w, "x", *targets, code=2)
        for extra in (("--for", "25h", *ASK[2:]), ("--for", "0s", *ASK[2:]), ASK[2:], ("--for", "1h", "--purpose", "damage_prevention"), (*ASK[:4],)): ask(w, "x", "bad.example", extra=extra, code=2)
        expect("purpose" in ask(w, "x", "bad.example", extra=(*ASK[:5], "curiosity"), code=None).err, "any purpose")
        for id in ("../x", ".x", "X", "x" * 60): ask(w, id, "bad.example", code=2)
        ask(w, "one", "bad.example"); ask(w, "one", "bad.example", code=2)
        # by whom: another key; another's note; one that was changed
        os.mkdir(f + "/other"); other = make_workspace(f + "/other", extra=("--detectors", "count.only")); ask(other, "theirs", "203.0.113.0/24")
        ask(w, "y", "bad.example", extra=(*ASK, "--key", other + "/keys/approver.key"), code=29)
        shutil.copy(other + "/counts/theirs.request", w + "/counts/theirs.request")
        text = open(w + "/counts/one.request").read(); open(w + "/counts/forged.request", "w").write(text.replace('"one"', '"forged"').replace("bad.example", "aad.example"))
        open(w + "/counts/other.request", "w").write(text)  # good, and of another name
        done = watch_json(w, cap)[1]; near(shown(w, "one")["hosts"], 120)
        for id in ("theirs", "forged", "other"): expect(not os.path.exists(f"{w}/counts/{id}.json") and id in done.err, f"{id}: {done.err}")
        expect("bad.example" not in done.err and "203.0.113" not in done.err, done.err)
        # a number that nobody's sensor told of this request
        told = json.load(open(w + "/counts/one.json")); told["request"] = "00" * 32; open(w + "/counts/one.json", "w").write(json.dumps(told, separators=(",", ":"), sort_keys=True) + "\n"); count(w, "show", "one", code=8)
        # how often
        os.mkdir(f + "/often"); often = make_workspace(f + "/often", extra=("--detectors", "count.only"))
        for i in range(12): ask(often, f"n{i}", "bad.example")
        ask(often, "n12", "bad.example", code=44); count(often, "end", "n3"); ask(often, "n12", "bad.example", code=44)
        # where names are not read they are not counted, rather than counted as none
        done = watch_json(often, traffic(f, name="e.pcap"), extra=("--heads", "off"))[1]; expect("heads are not read" in done.err and shown(often, "n1")["band"] == "unknown", done.err)
        # a basis that does not name it
        os.mkdir(f + "/plain"); plain = make_workspace(f + "/plain"); ask(plain, "x", "bad.example", code=29)
        # our own network is no target
        os.mkdir(f + "/own"); own = make_workspace(f + "/own", extra=("--detectors", "count.only", "--own", "192.0.2.0/24"), profile="lab"); ask(own, "x", "192.0.2.0/25", code=2)

def for_an_order():
    with Folder() as f:
        w = make_workspace(f, extra=("--detectors", "count.only")); cap = traffic(f); ask(w, "ready", "203.0.113.0/24"); watch_json(w, cap); ask(w, "later", "203.0.113.0/24"); ask(w, "name", "bad.example")
        d = f + "/d"; os.mkdir(d); sekisho("centre", "init", "--dir", d, "--profile", "own-network")
        for name in ("admin", "alice", "bob"): sekisho("access", "key", "new", f"{f}/{name}.key", "--name", name)
        sekisho("access", "init", "--dir", d, "--kind", "own_network", "--admin-key", f + "/admin.key.pub")
        for name in ("alice", "bob"): sekisho("access", "account", "add", name, "--org", "host", "--account-key", f"{f}/{name}.key.pub", "--role", "approver", "--dir", d, "--key", f + "/admin.key")
        open(f + "/proof", "w").write("seen\n")
        def draft(id, *more, code=0, target="203.0.113.0/24", measure=("nftables", "drop")):
            return sekisho("order", "draft", id, "--dir", d, "--key", f + "/alice.key", "--measure", measure[0], "--action", measure[1], "--target", target, "--against", "phishing", "--important", "mail", "--org", "host", "--plan",
                           "by telephone", "--narrower", "one host", "--not-enough", "many are hit", "--for", "2h", "--at-home", "our own gateways", "--evidence-file", f + "/proof", "--workspace", w, *more, code=code)
        def look(id): return json.loads(sekisho("order", "show", id, "--dir", d, "--json").out)["blast"]
        draft("o1", "--count", "ready"); got = look("o1"); expect(got["hosts"] == "100-999" and "count ready: counted for" in got["source"], str(got))
        text = sekisho("order", "show", "o1", "--dir", d).out; expect("hosts 100-999" in text and "count ready: counted for" in text and not any(h in text for h in HOSTS) and "120" not in text, text)
        draft("o2", "--count", "later"); expect(look("o2")["hosts"] == "unknown" and "told no number" in look("o2")["source"], "unknown stays unknown")
        draft("o3"); expect(look("o3")["hosts"] == "unknown" and "source" not in look("o3"), str(look("o3")))
        draft("o4", "--count", "name", code=2); done = draft("o4", "--count", "none", code=None); expect(done.returncode != 0 and "there is none" in done.err, done.err)
        watch_json(w, cap, extra=("--again",)); draft("o5", "--count", "name", target="*.bad.example", measure=("rpz", "nxdomain")); expect(look("o5")["hosts"] == "100-999", str(look("o5")))
        verify_both(d + "/centre/ledger")

def over_the_api(f, o, w):
    """The same question through the centre's page: the client signs what the server prepared, and another role is refused before anything is made."""
    log = open(f + "/serve.out", "wb"); server = subprocess.Popen([SEKISHO, "serve", "--dir", o.dir, "--workspace", w, "--listen", "127.0.0.1:0", "--password-alone"], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not (found := re.search(rb"http://[a-z0-9.]+:\d+", open(f + "/serve.out", "rb").read())): expect(server.poll() is None and time.monotonic() < until, "no server: " + open(f + "/serve.out").read()); time.sleep(0.05)
        open(f + "/pw", "w").write("a long and quiet sentence\n"); os.chmod(f + "/pw", 0o600)
        def remote(who, *words, code=0): os.makedirs(f"{f}/home-{who}", exist_ok=True); return sekisho("--server", found.group(0).decode(), *words, code=code, env={"HOME": f"{f}/home-{who}", "XDG_CONFIG_HOME": ""})
        for who in ("anna", "lena"): o.do(who, "access", "factor", "password", who, "--password-file", f + "/pw"); remote(who, "login", who, "--password-file", f + "/pw")
        asked = ("order", "count", "request", "w-1", "--target", "bad.example", "--for", "6h", "--why", "phishing our staff")
        remote("lena", *asked, "--key", o.key("lena"), code=29); expect(not os.path.exists(w + "/counts/w-1.request"), "not allowed, and asked")
        remote("anna", *asked, "--key", o.key("anna")); expect(json.loads(remote("anna", "order", "count", "show", "w-1", "--json").out)["state"] == "asked", "asked over the API")
        expect("w-1" in remote("anna", "order", "count", "list", "--json").out, "listed"); remote("anna", "order", "count", "end", "w-1", "--key", o.key("anna")); expect(shown(w, "w-1")["state"] == "ended", "ended over the API")
    finally:
        server.terminate(); server.wait(60); log.close()

def of_a_centre():
    """The question is an act in the docket, whose words do not tell the target; only who may propose asks, for the purpose, and so often. rule: COUNT-3"""
    with Folder() as f:
        o = Office(f); o.request("B-1", more=("--detectors", "count.only"), kind="df"); o.basis("lena", "review", "B-1")
        for p in ("m1", "chair", "m2"): o.basis(p, "approve", "B-1")
        o.workspace("B-1"); w = f + "/ws"; o.basis("otto", "activate", "B-1", "--workspace", w)
        def asks(who, id, *targets, code=0): return count(w, "request", id, *sum((["--target", t] for t in targets), []), *ASK, "--dir", o.dir, "--key", o.key(who), code=code)
        asks("lena", "c-1", "bad.example", code=29); expect(not os.path.exists(w + "/counts/c-1.request"), "it was not allowed, and was written")
        asks("anna", "c-1", "bad.example"); watch_json(w, traffic(f)); near(json.loads(count(w, "show", "c-1", "--json").out)["hosts"], 120)
        count(w, "end", "c-1", "--dir", o.dir, "--key", o.key("lena"), code=29); count(w, "end", "c-1", "--dir", o.dir, "--key", o.key("anna"))
        ledger = leaves(o.dir + "/centre"); expect(b'"event":"count"' in ledger and b'"event":"count_end"' in ledger and b"purpose.damage_prevention" in ledger and b"bad.example" not in ledger and b"phishing" not in ledger, "acts")
        # signed elsewhere: the statement says what is asked, and another question cannot be put under it
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f + "/ssh"); o.do("admin", "access", "key", "add", "anna", f + "/ssh.pub", "--cosign", o.key("anna")); st = f + "/st"
        here = lambda id, *words, code=0: count(w, "request", id, *words, "--dir", o.dir, code=code)
        said = here("c-2", "--target", "bad.example", *ASK, "--to-sign", st, "--by", f + "/ssh.pub").out; expect("ssh-keygen -Y sign" in said and not os.path.exists(w + "/counts/c-2.request"), said)
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "sekisho-act", "-f", f + "/ssh", st); hand = ("--signature", st + ".sig", "--by", f + "/ssh.pub")
        whole = open(st).read(); open(f + "/st2", "w").write(whole.replace("bad.example", "aad.example")); here("c-2", "--statement", f + "/st2", *hand, code=3); here("c-3", "--statement", st, *hand, code=2)
        expect(not os.path.exists(w + "/counts/c-2.request"), "what nobody signed was asked"); here("c-2", "--statement", st, *hand); here("c-2", "--statement", st, *hand, code=2)
        watch_json(w, traffic(f), extra=("--again",)); near(shown(w, "c-2")["hosts"], 120)
        count(w, "end", "c-2", "--dir", o.dir, "--to-sign", st + "e"); expect(shown(w, "c-2")["state"] != "ended", "nobody signed the end"); run("ssh-keygen", "-q", "-Y", "sign", "-n", "sekisho-act", "-f", f + "/ssh", st + "e")
        count(w, "end", "c-2", "--dir", o.dir, "--statement", st + "e", "--signature", st + "e.sig", "--by", f + "/ssh.pub"); expect(shown(w, "c-2")["state"] == "ended", "ended")
        over_the_api(f, o, w)
        for i in range(9): asks("anna", f"d-{i}", "bad.example")
        asks("anna", "d-11", "bad.example", code=44); asks("arno", "d-11", "bad.example")
        o.proved(); verify_both(w + "/ledger")

if __name__ == "__main__": main(a_number_and_nothing_else, *(() if SABOTAGE else (its_time, refused, for_an_order, of_a_centre)))
