#!/usr/bin/env python3
"""Names: what one tells by itself, whose list of brands a run takes, and that of what detectors look at no more goes out than the registered domain of what they say."""
from lib import *

def ask(*words, **more): return [json.loads(line) for line in sekisho("names", "--json", *words, **more).out.splitlines()]

def command():
    made, real, alike = ask("kq3vhz8wpxt2mbn.info", "www.example.co.jp", "WWW.RAKUTEM.co.jp.")
    expect(made["above_1_in_100"] and abs(sum(made["terms"].values()) - made["score"]) < 0.02, f"the terms are not the score: {made}")
    expect(real["registered"] == "example.co.jp" and real["suffix"] == "co.jp" and not real["above_1_in_100"] and "likeness" not in real, str(real))
    expect(alike["registered"] == "rakutem.co.jp" and alike["likeness"] == "edit" and alike["brand"] == "rakuten", str(alike))
    expect([a["name"] for a in ask("-", stdin=b"a.example.com\n\nb.example.com\n")] == ["a.example.com", "b.example.com"], "names of standard input")
    done = sekisho("names", "bad..name", "good.com", code=10); expect("bad..name" in done.err and "good.com" in done.out, done.err + done.out)
    sekisho("names", code=2); sekisho("names", "--brands-list", "a.com", code=2)
    with Folder() as f:
        open(f + "/brands.txt", "w").write(sekisho("names", "--brands-list").out)
        expect(ask("--brands", f + "/brands.txt", "paypa1.com")[0]["brand"] == "paypal", "the printed list is no list")
        open(f + "/bad.txt", "w").write("kikumoto kikumoto.co.jp\nab\n")
        expect(f + "/bad.txt:2" in sekisho("names", "--brands", f + "/bad.txt", "a.com", code=10).err, "no line is named")

def capture(f):
    names = ("www.rakutem.co.jp", "kikum0to.top", "www.quietname.com", "secret.part.quietname.com")
    frames = [p for i, n in enumerate(names) for p in tcp_talk(f"192.0.2.{5 + i}", 5000 + i, "198.51.100.9", 443, client_hello(n), b"y")]
    frames += [udp("192.0.2.20", 4000 + i, "198.51.100.53", 53, dns_query(f"{i:02d}bcdfghjk7mnpqrst8vwxz9bcdfghj7klmnp8qrstvwxz2bcdfghjk3.{i:02d}canary.carrier.com", ident=i, kind=16)) for i in range(30)]
    return write_pcap(f + "/c.pcap", [ether(p) for p in frames], step=0.2)

def found(w, cap, *extra):
    result, _ = watch_json(w, cap, extra=("--again", *extra))
    return sorted((x["kind"], x["matched"]) for x in result["findings"])

def lists():
    with Folder() as f:
        w, cap = make_workspace(f), capture(f)
        tunnel = ("dns.tunnel", "carrier.com")
        expect(found(w, cap) == [tunnel, ("lookalike", "rakutem.co.jp")], f"with the program's list: {found(w, cap)}")
        open(w + "/brands.txt", "w").write("# ours\nkikumoto kikumoto.co.jp\n")
        expect(found(w, cap) == [tunnel, ("lookalike", "kikum0to.top")], "with the workspace's list")
        open(f + "/known.txt", "w").write("kikumoto kikumoto.co.jp kikum0to.top\nrakuten\n")
        expect(found(w, cap, "--brands", f + "/known.txt") == [tunnel, ("lookalike", "rakutem.co.jp")], "with a list of the command line")
        open(w + "/brands.txt", "w").write("kikumoto co.jp\n")
        done = sekisho("watch", "--workspace", w, "--again", cap, code=10); expect("brands.txt:1" in done.err and "co.jp" in done.err, done.err)

def nothing_more():
    """Sabotage: the registered domain of what was said must be found, so that the search can."""
    with Folder() as f:
        w, cap = make_workspace(f), capture(f)
        result, done = watch_json(w, cap, extra=("--eve", f + "/eve.json"))
        text = open(f + "/eve.json").read() + json.dumps(result) + done.err + sekisho("findings", "--workspace", w).out + sekisho("observations", "--workspace", w, "--json").out
        expect("carrier.com" in text and "rakutem.co.jp" in text, "what was said is not told")
        for canary in ("quietname", "secret.part", "canary.carrier", "bcdfghjk7mnp"): expect(canary not in text, f"{canary} went out")

main(command, lists, nothing_more)
