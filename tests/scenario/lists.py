#!/usr/bin/env python3
"""sekisho selectors from the outside: accounts, refusals and their exit codes, all or nothing, and what a set finds in a capture."""
import gzip, hashlib, json, os, resource, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import *

def put(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as f: f.write(text.encode() if isinstance(text, str) else text)
    return path

def imported(workspace, *words, code=0):
    done = sekisho("selectors", "import", "--workspace", workspace, "--json", *words, code=code)
    return (json.loads(done.out) if code == 0 else None), done

def sanitized():
    with open(SEKISHO, "rb") as f: return b"__asan_init" in f.read()

def accounts(folder):
    w = make_workspace(folder)
    lst = put(folder, "bad.txt", "\ufeff# bad\r\n198.51.100.9\r\nevil[.]example\r\n0.0.0.0/0\r\nco.jp\r\n198.51.100.9\r\nhttps://x.example/path\r\n")
    got, _ = imported(w, lst)
    one = got["files"][0]
    expect((one["lines"], one["taken"], one["cleaned"], one["refused"]) == (7, 3, 1, 3), str(one))
    expect(one["by_reason"] == {"comment": 1, "duplicate": 1, "whole_internet": 1, "public_suffix": 1, "bom": 1, "crlf": 7, "defanged": 1}, str(one))
    expect({"reason": "whole_internet", "line": 4, "value": "0.0.0.0/0", "detail": ""} in one["examples"], str(one["examples"]))
    expect(got["set"]["entries"] == 3, str(got["set"]))
    text = sekisho("selectors", "check", lst).out
    expect("7 lines, 2 taken" in text and "special_range" in text, text)  # without a workspace no laboratory's leave for 198.51.100.9
    text = sekisho("selectors", "check", "--lab", lst).out
    expect("7 lines, 3 taken" in text and "special_range" not in text, text)
    before = got["set"]["digest"]
    # An import adds; --replace begins anew; the digest is that of the entries.
    more, _ = imported(w, put(folder, "more.csv.gz", gzip.compress(b"value,type\n198.51.100.0/24,ip-src\nworse.example,hostname\n")))
    expect(more["set"]["entries_by_kind"] == {"address": 1, "prefix": 1, "domain": 2, "ja3": 0, "ja4": 0, "flow.all": 0, "url": 1, "hassh": 0, "hassh_server": 0, "ja3s": 0,
                                              "cert_sha1": 0, "cert_sha256": 0}, str(more["set"]))
    shown = sekisho("selectors", "show", "--workspace", w).out.splitlines()
    expect(shown == ["198.51.100.9\tbad.txt:2", "198.51.100.0/24\tmore.csv.gz:2", "evil.example\tbad.txt:3", "worse.example\tmore.csv.gz:3",
                     "url:" + hashlib.sha256(b"x.example/path").hexdigest() + "\tbad.txt:7"], str(shown))
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
                              ("cut.json", '{"Event":', "ends in the middle"), ("open.csv", 'value,x\n1.2.3.4,"\n', "broken CSV"), ("deep.json", "[" * 100000, "broken JSON"), ("nul.txt", "a.example\n" * 100 + "\0", "binary"), ("cut.gz", gzip.compress(b"a.example\n")[:15], "gzip")):
        # The good list before it is not taken either.
        done = sekisho("selectors", "import", "--workspace", w, put(folder, "other.txt", "other.example\n"), put(folder, name, text), code=10)
        expect(words in done.err and name in done.err and done.err.count("\n") == 1 and "the set is unchanged: 1 of 2 lists had been read, their 1 selectors are dropped" in done.err, done.err)
        expect(open(w + "/selectors.set", "rb").read() == before, f"{name} changed the set")
    # Nothing taken is an error too, for check as for import; --json still says why.
    hashes = put(folder, "samples.csv", "first_seen,md5_hash\n2026-01-01,e7d705a3286e19ea42f587b344ee6865\n")
    for words, note in ((("check", "--lab"), ""), (("import", "--workspace", w), "; the set is unchanged")):
        done = sekisho("selectors", *words, "--json", hashes, code=10)
        expect(json.loads(done.out)["files"][0]["by_reason"]["unsupported_type"] == 1 and done.err == f"sekisho: no selector was taken from the lists{note}\n", done.out + done.err)
    sekisho("selectors", "import", "--workspace", w, folder + "/absent", code=4)
    sekisho("selectors", "import", "--workspace", folder + "/absent", good, code=4)
    sekisho("selectors", "import", "--workspace", w, code=2)
    sekisho("selectors", "import", good, code=2)
    sekisho("selectors", "eat", code=2)
    for words in (("check", "--replace", good), ("check", "--all-flows", good), ("info", "--workspace", w, "--min-score", "5"), ("show", "--workspace", w, "--ignore-to-ids")):
        expect("belong to import" in sekisho("selectors", *words, code=2).err, str(words))
    sekisho("selectors", "--help")
    regex = put(folder, "r.json", json.dumps({"name": "r", "type": "regex", "list": ["/a/"]}))
    expect("regex" in sekisho("selectors", "import", "--workspace", w, "--warning-list", regex, good, code=4).err, "regex")
    with open(w + "/selectors.set", "r+b") as f: f.seek(200); f.write(b"\xff")
    expect("import the lists again" in sekisho("selectors", "info", "--workspace", w, code=3).err, "damage is not said")

def damage(folder):
    """Every kind of damage is said in one line, by info and by check; check reads the set through."""
    w = make_workspace(folder)
    imported(w, put(folder, "good.txt", "evil.example\nhttp://evil.example/x\n45.33.32.156\n"))
    path = w + "/selectors.set"
    good = open(path, "rb").read()
    expect("3 selectors" in sekisho("selectors", "check", "--workspace", w).out, "a sound set")
    for at in (0, 8, 20, 40, 100, 200, len(good) // 2, len(good) - 1):
        with open(path, "wb") as f: f.write(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
        for verb in ("info", "check"):
            done = sekisho("selectors", verb, "--workspace", w, code=3)
            expect(done.err.count("\n") == 1 and "import the lists again" in done.err, done.err)
        with open(path, "wb") as f: f.write(good[:at])
        sekisho("selectors", "info", "--workspace", w, code=3)
    with open(path, "wb") as f: f.write(good)
    sekisho("selectors", "info", "--workspace", w)

def feeds(folder):
    """A MISP feed, a STIX bundle and a reputation list in one go; --min-score; what the basis' rule does not name stays out."""
    w = make_workspace(folder)
    os.mkdir(folder + "/feed")
    uuid = "5bcaa8a9-6d28-4a3c-b3ae-4d1e0a0a0a0a"
    put(folder, "feed/manifest.json", json.dumps({uuid: {"info": "x"}}))
    put(folder, f"feed/{uuid}.json", json.dumps({"Event": {"Attribute": [{"type": "hassh-md5", "value": "e7d705a3286e19ea42f587b344ee6866", "to_ids": True}]}}))
    stix = put(folder, "bundle.json", json.dumps({"type": "bundle", "objects": [
        {"type": "indicator", "pattern_type": "stix", "pattern": "[url:value = 'http://evil.example/x' OR domain-name:value = 'evil.example']", "valid_from": "2020-01-01T00:00:00Z"},
        {"type": "indicator", "pattern_type": "stix", "pattern": "[domain-name:value = 'old.example']", "valid_from": "2010-01-01T00:00:00Z", "valid_until": "2011-01-01T00:00:00Z"}]}))
    rep = put(folder, "iprep.list", "45.33.32.156,1,90\n45.33.32.157,1,10\n")
    got, _ = imported(w, "--min-score", "50", folder + "/feed", stix, rep)
    kinds = {k: n for k, n in got["set"]["entries_by_kind"].items() if n}
    expect(kinds == {"address": 1, "domain": 1, "url": 1, "hassh": 1}, str(kinds))
    expect(got["files"][1]["by_reason"] == {"not_in_force": 1} and got["files"][2]["by_reason"] == {"low_score": 1}, str(got["files"]))
    narrow = make_workspace(folder, "narrow", extra=("--kinds", "address,domain"))
    got, _ = imported(narrow, stix)
    expect(got["files"][0]["by_reason"] == {"kind_not_in_rule": 1, "not_in_force": 1}, str(got["files"]))
    sekisho("selectors", "check", "--lab", "--workspace", w, stix, code=2)

def long_lists(folder):
    """A million entries a list. The limits are three times those that are promised for a quiet machine (0.4 s to import, 50 ms to open)."""
    count, w = (1000000 if os.environ.get("SK_LONG_LISTS", "1") == "1" else 100000), make_workspace(folder)
    lists = {"v4": (f"23.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in (i * 2654435761 & 0xffffff for i in range(count))),
             "v6": (f"2a0{i & 15:x}:{i * 40503 & 65535:x}:{i >> 4 & 65535:x}::{i & 65535:x}" for i in range(count)),
             "names": (f"{'www.' if i & 1 else ''}{i * 2654435761 & 0xffffffff:x}.{i:x}.example" for i in range(count))}
    for name, values in lists.items():
        path = put(folder, name, "\n".join(values) + "\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        got, _ = imported(w, "--replace", path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        one = got["files"][0]
        expect(one["lines"] == count and one["taken"] + one["by_reason"].get("duplicate", 0) == count, str(one["by_reason"]))
        print(f"  {name}: {one['taken']} of {count} taken in {spent:.2f} s CPU")
        expect(sanitized() or spent < 3 * 0.4, f"{name}: {spent:.2f} s")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        sekisho("selectors", "info", "--workspace", w)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        expect(sanitized() or spent < 3 * 0.05, f"opening {name}: {spent:.3f} s")

def endless(folder):
    """A line without an end is passed over within the buffer, not gathered."""
    w = make_workspace(folder)
    path = os.path.join(folder, "endless")
    with open(path, "wb") as f:
        f.write(b"first.example\n")
        f.seek(300 << 20, os.SEEK_CUR)
        f.write(b"\nlast.example\n")
    with open(path, "r+b") as f:
        f.seek(14)
        f.write(b"x" * 8192)  # the first bytes are text; the rest are the zeros of a hole
    got, done = imported(w, path)
    expect(got["files"][0]["taken"] == 2 and got["files"][0]["by_reason"] == {"too_long": 1}, str(got["files"][0]))
    expect(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < (1 << 20), "memory grew with the line")

def finds(folder):
    w = make_workspace(folder)
    imported(w, put(folder, "l.txt", "198.51.100.0/24\n"))
    capture = write_pcap(os.path.join(folder, "c.pcap"), [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x", b"y")])
    got, _ = watch_json(w, capture)
    check_equation(got["account"])
    expect(len(got["findings"]) == 1 and got["findings"][0]["matched"] == "198.51.100.0/24" and got["findings"][0]["origin"] == "l.txt:1", str(got["findings"]))
    expect(got["account"]["selected"] > 0, str(got["account"]))

for test in (accounts, warning_lists, misp, refusals, damage, feeds, long_lists, endless, finds):
    with Folder() as folder:
        test(folder)
        print("ok", test.__name__)
