#!/usr/bin/env python3
"""Witnesses (C2SP tlog-witness): two installations witness each other; a client that this test writes by hand speaks the protocol; a fork is not signed. The rules of hashes and signatures are
this file's own: RFC 6962 and C2SP in a few lines, and Ed25519 by openssl."""
import base64, hashlib, os, re, shutil, signal, socket, subprocess, time
from lib import *

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0)); return s.getsockname()[1]

class Witness:
    """A running witness; up when it accepts a connection."""
    def __init__(self, key, state, *origins):
        self.port = free_port(); self.at = f"tcp:127.0.0.1:{self.port}"
        words = [SEKISHO, "witness", "serve", "--listen", self.at, "--key", key, "--state", state]
        for origin in origins: words += ["--origin", origin]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    def __enter__(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            expect(self.process.poll() is None, "the witness ended: " + (self.process.stderr.read().decode() if self.process.poll() is not None else ""))
            try: socket.create_connection(("127.0.0.1", self.port), 1).close(); return self
            except OSError: time.sleep(0.05)
        raise Failed("the witness does not listen")
    def __exit__(self, *_): self.stop(signal.SIGTERM)
    def stop(self, how):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.out, self.err = (x.decode() for x in self.process.communicate(timeout=60))
    def post(self, body, path="/add-checkpoint", method="POST"):
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:
            s.sendall(f"{method} {path} HTTP/1.1\r\nHost: w\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            answer = b""
            while piece := s.recv(65536): answer += piece
        head, _, rest = answer.partition(b"\r\n\r\n")
        kind = re.search(rb"(?im)^content-type: *(.*?)\r?$", head)
        return int(head.split()[1]), kind.group(1).decode() if kind else "", rest

# ---- the second implementation ----

def leaf(entry): return hashlib.sha256(b"\0" + entry).digest()
def node(a, b): return hashlib.sha256(b"\1" + a + b).digest()
def split(n):
    k = 1
    while 2 * k < n: k *= 2
    return k
def root(leaves):
    if not leaves: return hashlib.sha256(b"").digest()
    return leaves[0] if len(leaves) == 1 else node(root(leaves[:split(len(leaves))]), root(leaves[split(len(leaves)):]))
def growth(m, leaves, whole=True):
    n = len(leaves)
    if m == n: return [] if whole else [root(leaves)]
    k = split(n)
    return growth(m, leaves[:k], whole) + [root(leaves[k:])] if m <= k else growth(m - k, leaves[k:], False) + [root(leaves[:k])]

def entries(ledger):
    size = int(open(os.path.join(ledger, "checkpoint")).read().split("\n")[1]); out = []
    for bundle in range((size + 255) // 256):
        width = min(256, size - 256 * bundle)
        path = os.path.join(ledger, "tile/entries/%03d" % bundle) + ("" if width == 256 else ".p/%d" % width)
        data = open(path, "rb").read(); at = 0
        for _ in range(width):
            n = int.from_bytes(data[at:at + 2], "big"); out.append(data[at + 2:at + 2 + n]); at += 2 + n
    return out

def ed25519_verifies(public, message, signature):
    with Folder() as f:
        der = bytes.fromhex("302a300506032b6570032100") + public
        for name, data in (("key", der), ("message", message), ("signature", signature)): open(os.path.join(f, name), "wb").write(data)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", f + "/key", "-rawin", "-in", f + "/message", "-sigfile", f + "/signature"], capture_output=True).returncode == 0

def cosignature(vkey, body, line):
    """The time that this line by that witness says, or None."""
    name, _, key = vkey.split("+", 2); key = base64.b64decode(key)
    mark, by, blob = line.split(" "); blob = base64.b64decode(blob)
    ident = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if mark != "\u2014" or by != name or blob[:4] != ident or len(blob) != 76: return None
    seconds = int.from_bytes(blob[4:12], "big")
    message = b"cosignature/v1\ntime %d\n" % seconds + body
    return seconds if ed25519_verifies(key[1:], message, blob[12:]) else None

def request(old, proof, checkpoint): return f"old {old}\n".encode() + b"".join(base64.b64encode(h) + b"\n" for h in proof) + b"\n" + checkpoint

# ---- ledgers ----

def install(folder, name):
    """An installation with a ledger of its own: folder of the ledger and the key of its log."""
    workspace = make_workspace(folder, name)
    grow(folder, workspace, name + "-first")
    ledger = os.path.join(workspace, "ledger")
    return workspace, ledger, json.loads(entries(ledger)[0])["key"]

def grow(folder, workspace, name):
    path = write_pcap(os.path.join(folder, name + ".pcap"), [ether(udp("198.51.100.7", 5000 + i, "192.0.2.9", 53, b"x")) for i in range(40)], start=1_790_000_000 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:2], "big"))
    sekisho("watch", "--workspace", workspace, path)

def test_by_hand():
    """A client that shares no line with ours, step by step through the protocol's answers."""
    with Folder() as f:
        workspace, ledger, log = install(f, "a")
        vkey = sekisho("witness", "key", "--name", "w.example", "--key", f + "/w.key").out.strip()
        sekisho("witness", "key", "--name", "w.example", "--key", f + "/w.key", code=2)
        with Witness(f + "/w.key", f + "/state", log) as w:
            first = open(ledger + "/checkpoint", "rb").read(); old = len(entries(ledger))
            body = first[:first.rindex(b"\n\n") + 1]
            status, kind, said = w.post(request(0, [], first))
            expect(status == 200 and cosignature(vkey, body, said.decode().rstrip("\n")), f"{status} {said}")
            grow(f, workspace, "one")
            leaves = [leaf(e) for e in entries(ledger)]; head = open(ledger + "/checkpoint", "rb").read(); proof = growth(old, leaves)
            expect(len(leaves) > old and proof, "the ledger did not grow")
            tried = [((0, [], head), 409), ((old - 1, growth(old - 1, leaves), head), 409), ((len(leaves) + 5, [], head), 400), ((old, proof[:-1], head), 422), ((old, proof[::-1], head), 422 if len(proof) > 1 else 200),
                     ((old, [], head), 422), ((old, [b"\0" * 32] * 63, head), 422)]
            for (arguments, want) in tried:
                status, kind, said = w.post(request(*arguments))
                expect(status == want, f"old {arguments[0]}, {len(arguments[1])} hashes: {status}, expected {want}: {said}")
                if want == 409: expect(kind == "text/x.tlog.size" and said == b"%d\n" % old, f"{kind} {said}")
            other = head.replace(log.split("+")[0].encode(), b"example.org/nobody")
            expect(w.post(request(old, proof, other))[0] == 404, "an unknown origin")
            lines = head.split(b"\n"); lines[1] = b"%d" % (len(leaves) + 1)
            expect(w.post(request(old, proof, b"\n".join(lines)))[0] == 403, "a size that was not signed")
            for bad in (b"", b"old x\n\n" + head, b"old 0\n" + head, b"old 0\n\n", request(old, [b"\0" * 32] * 64, head), b"old 0\n\n" + head * 200):
                expect(w.post(bad)[0] == 400, f"malformed: {bad[:40]}")
            expect(w.post(b"", path="/")[0] == 404 and w.post(b"", method="GET")[0] == 405, "paths and methods")
            status, kind, said = w.post(request(old, proof, head))
            expect(status == 200 and cosignature(vkey, head[:head.rindex(b"\n\n") + 1], said.decode().rstrip("\n")), f"{status} {said}")
            expect(not cosignature(vkey, body, said.decode().rstrip("\n")), "sabotage: the cosignature also fits another head")
            expect(w.post(request(0, [], first))[:1] == (409,), "back to an older head")

def test_each_other():
    """Two installations, each the other's witness; the verifier asks for both. Then one is forked, and its witness does not sign."""
    with Folder() as f:
        a, b = install(f, "a"), install(f, "b")
        keys = {n: sekisho("witness", "key", "--name", n + ".example/witness", "--key", f"{f}/{n}.key").out.strip() for n in "ab"}
        def push(which, witness, name, code=0, *more): return sekisho("witness", "push", "--ledger", which[1], "--to", witness.at, "--witness", keys[name], *more, code=code)
        with Witness(f + "/a.key", f + "/sa", b[2]) as wa, Witness(f + "/b.key", f + "/sb", a[2]) as wb:
            push(a, wb, "b"); push(b, wa, "a")
            for which, name in ((a, "b"), (b, "a")):
                policy = f"{f}/policy-{name}"
                open(policy, "w").write(f"log {which[2]}\nwitness w {keys[name]}\nquorum w\n")
                run(VERIFY, "--policy", policy, which[1])
                grow(f, which[0], "more" + name)
                expect("witness policy is not met" in run(VERIFY, "--policy", policy, which[1], code=1).out, "sabotage: a head that nobody signed passed")
            said = json.loads(push(a, wb, "b", 0, "--json").out)
            expect(said["known"] < said["size"] == len(entries(a[1])), f"{said}")
            push(b, wa, "a"); push(b, wa, "a")
            expect(open(b[1] + "/checkpoint").read().count("a.example/witness") == 1, "a cosignature stands twice")
            for which, name in ((a, "b"), (b, "a")): run(VERIFY, "--policy", f"{f}/policy-{name}", which[1])
            expect("404" in push(a, wa, "a", 56).err, "a log that the witness was not told of")
            expect(push(a, wb, "a", 9).err.startswith("sekisho:"), "a cosignature by another witness passed")
            # the operator of a puts back an older copy and lets it grow otherwise
            shutil.copytree(a[0], f + "/fork"); grow(f, a[0], "truth"); push(a, wb, "b")
            fork = (f + "/fork", f + "/fork/ledger", a[2])
            expect("rolled back" in push(fork, wb, "b", 56).err, "a ledger that was rolled back")
            while len(entries(fork[1])) < len(entries(a[1])): grow(f, fork[0], "lie%d" % len(entries(fork[1])))
            why = push(fork, wb, "b", 56).err
            expect("fork" in why or "422" in why, why)
            run(VERIFY, fork[1])
            before = open(fork[1] + "/checkpoint", "rb").read()
            push(fork, wb, "b", 56)
            expect(open(fork[1] + "/checkpoint", "rb").read() == before, "a refused push changed the checkpoint")
            # power is cut: what was answered is remembered
            wb.stop(signal.SIGKILL)
        with Witness(f + "/b.key", f + "/sb", a[2]) as wb:
            push(fork, wb, "b", 56)
            expect(json.loads(push(a, wb, "b", 0, "--json").out)["known"] == len(entries(a[1])), "forgotten")
            expect("signed" in sekisho("witness", "push", "--ledger", a[1], "--to", wb.at, "--witness", keys["b"], "-o", f + "/beside").out and os.path.exists(f + "/beside"), "no file beside")
            done = sekisho("witness", "serve", "--listen", "tcp:127.0.0.1:%d" % free_port(), "--key", f + "/b.key", "--state", f + "/sb", "--origin", a[2], code=6)
            expect("two histories" in done.err, done.err)

if __name__ == "__main__": main(test_by_hand, test_each_other)
