#!/usr/bin/env python3
"""sekisho selectors from the outside: accounts, refusals and their exit codes, all or nothing, and what a set finds in a capture."""
import gzip, json, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import *

def put(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as f: f.write(text.encode() if isinstance(text, str) else text)
    return path

def imported(workspace, *words, code=0):
    done = sekisho("selectors", "import", "--workspace", workspace, "--json", *words, code=code)
    return (json.loads(done.out) if code == 0 else None), done

def accounts(folder):
    w = make_workspace(folder)
    lst = put(folder, "bad.txt", "\ufeff# bad\r\n198.51.100.9\r\nevil[.]example\r\n0.0.0.0/0\r\nco.jp\r\n198.51.100.9\r\nhttps://x.example/path\r\n")
    got, _ = imported(w, lst)
    one = got["files"][0]
    expect((one["lines"], one["taken"], one["cleaned"], one["refused"]) == (7, 2, 1, 4), str(one))
    expect(one["by_reason"] == {"comment": 1, "duplicate": 1, "unsupported_type": 1, "whole_internet": 1, "public_suffix": 1, "bom": 1, "crlf": 7, "defanged": 1}, str(one))
    expect({"reason": "whole_internet", "line": 4, "value": "0.0.0.0/0", "detail": ""} in one["examples"], str(one["examples"]))
    expect(got["set"]["entries"] == 2, str(got["set"]))
    text = sekisho("selectors", "check", lst).out
    expect("7 lines, 1 taken" in text and "special_range" in text, text)  # without a workspace no laboratory's leave for 198.51.100.9
    before = got["set"]["digest"]
    # An import adds; --replace begins anew; the digest is that of the entries.
    more, _ = imported(w, put(folder, "more.csv.gz", gzip.compress(b"value,type\n198.51.100.0/24,ip-src\nworse.example,hostname\n")))
    expect(more["set"]["entries_by_kind"] == {"address": 1, "prefix": 1, "domain": 2, "ja3": 0, "ja4": 0, "flow.all": 0}, str(more["set"]))
    shown = sekisho("selectors", "show", "--workspace", w).out.splitlines()
    expect(shown == ["198.51.100.9\tbad.txt:2", "198.51.100.0/24\tmore.csv.gz:2", "evil.example\tbad.txt:3", "worse.example\tmore.csv.gz:3"], str(shown))
    again, _ = imported(w, "--replace", lst)
    expect(again["set"]["digest"] == before, "the same entries, another digest")

def warning_lists(folder):
    w = make_workspace(folder)
    warn = put(folder, "w.json", json.dumps({"name": "Popular names", "type": "hostname", "list": ["popular.example"]}))
    got, _ = imported(w, "--warning-list", warn, put(folder, "l.txt", "www.popular.example\nevil.example\n"))
    expect(got["files"][0]["by_reason"] == {"warning_list": 1} and got["files"][0]["examples"][0]["detail"] == "Popular names", str(got))

def misp(folder):
    """to_ids: where an event marks some for detection only those are taken; where it marks none, the mark says nothing."""
    w = make_workspace(folder)
    quiet, loud = {"type": "domain", "value": "evil.example", "to_ids": False}, {"type": "domain", "value": "worse.example", "to_ids": True}
    unmarked = put(folder, "unmarked.json", json.dumps({"Event": {"Attribute": [quiet]}}))
    got, done = imported(w, unmarked)
    expect(got["set"]["entries"] == 1 and got["files"][0]["by_reason"] == {"to_ids_unused": 1}, str(got))
    w = make_workspace(folder, "marked")
    marked = put(folder, "marked.json", json.dumps({"Event": {"Attribute": [quiet, loud]}}))
    expect(imported(w, marked)[0]["set"]["entries"] == 1, "what is not marked was taken")
    expect("--ignore-to-ids" in sekisho("selectors", "import", "--workspace", w, marked).out, "the way out is not told")
    expect(imported(w, "--ignore-to-ids", marked)[0]["set"]["entries"] == 2, "not taken")

def refusals(folder):
    w = make_workspace(folder)
    good = put(folder, "good.txt", "evil.example\n")
    imported(w, good)
    before = open(w + "/selectors.set", "rb").read()
    for name, text, words in (("binary", b"\x00\x01", "binary"), ("empty", "", "empty"), ("prose", "hello\nworld\n", "none of its 2 values"),
                              ("cut.json", '{"Event":', "ends in the middle"), ("open.csv", 'value,x\n1.2.3.4,"\n', "broken CSV"), ("cut.gz", gzip.compress(b"a.example\n")[:15], "gzip")):
        # The good list before it is not taken either.
        done = sekisho("selectors", "import", "--workspace", w, put(folder, "other.txt", "other.example\n"), put(folder, name, text), code=10)
        expect(words in done.err and name in done.err and done.err.count("\n") == 1, done.err)
        expect(open(w + "/selectors.set", "rb").read() == before, f"{name} changed the set")
    sekisho("selectors", "import", "--workspace", w, folder + "/absent", code=4)
    sekisho("selectors", "import", "--workspace", folder + "/absent", good, code=4)
    sekisho("selectors", "import", "--workspace", w, code=2)
    sekisho("selectors", "import", good, code=2)
    sekisho("selectors", "eat", code=2)
    sekisho("selectors", "--help")
    regex = put(folder, "r.json", json.dumps({"name": "r", "type": "regex", "list": ["/a/"]}))
    expect("regex" in sekisho("selectors", "import", "--workspace", w, "--warning-list", regex, good, code=4).err, "regex")
    with open(w + "/selectors.set", "r+b") as f: f.seek(200); f.write(b"\xff")
    expect("import the lists again" in sekisho("selectors", "info", "--workspace", w, code=3).err, "damage is not said")

def finds(folder):
    w = make_workspace(folder)
    imported(w, put(folder, "l.txt", "198.51.100.0/24\n"))
    capture = write_pcap(os.path.join(folder, "c.pcap"), [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x", b"y")])
    got, _ = watch_json(w, capture)
    check_equation(got["account"])
    expect(len(got["findings"]) == 1 and got["findings"][0]["matched"] == "198.51.100.0/24" and got["findings"][0]["origin"] == "l.txt:1", str(got["findings"]))
    expect(got["account"]["selected"] > 0, str(got["account"]))

for test in (accounts, warning_lists, misp, refusals, finds):
    with Folder() as folder:
        test(folder)
        print("ok", test.__name__)
