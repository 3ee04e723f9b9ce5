"""What scenario tests share: the programs, temporary folders, a small writer of captures. Only the standard library."""
import json, os, shutil, socket, struct, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(ROOT, "..", "shared", "data")
SEKISHO = os.environ.get("SEKISHO", os.path.join(ROOT, "build", "sekisho"))
VERIFY = os.environ.get("SEKISHO_VERIFY", os.path.join(ROOT, "build", "sekisho-verify"))
VERIFY_GO = os.environ.get("SEKISHO_VERIFY_GO", os.path.join(ROOT, "build", "sekisho-verify-go"))
SKIP = 77

def skip(why):
    print("SKIP:", why); sys.exit(SKIP)

def need_shared(*parts):
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path): skip(f"{os.path.join('../shared/data', *parts)} is absent")
    return path

class Failed(Exception): pass

def expect(truth, words):
    if not truth: raise Failed(words)

def run(*words, code=0, stdin=None, timeout=600, env=None):
    """Run a program; its exit code must be `code` (None: any). Returns the finished process with text output."""
    done = subprocess.run([str(w) for w in words], input=stdin, capture_output=True, timeout=timeout, env={**os.environ, **(env or {})})
    done.out, done.err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if code is not None and done.returncode != code:
        raise Failed(f"{' '.join(map(str, words))}\n  exit code {done.returncode}, expected {code}\n  out: {done.out[-2000:]}\n  err: {done.err[-2000:]}")
    return done

def sekisho(*words, **more): return run(SEKISHO, *words, **more)

def watch_json(workspace, *captures, code=0, extra=(), **more):
    done = sekisho("watch", "--workspace", workspace, "--json", *extra, *captures, code=code, **more)
    return json.loads(done.out), done

def check_equation(account):
    expect(account["pending"] == 0, f"pending is {account['pending']}")
    expect(account["received"] == account["gate_erased"] + account["select_erased"] + account["selected"] + account["capture_lost"], f"the equation does not close: {account}")

def verify_both(ledger):
    """Both verifiers accept. The Go one is skipped, loudly, where it was not built. Of a centre, whose database is whole, they also recompute what its ledger only commits to, and every act is judged again under the policy of its day."""
    with Folder() as f:
        openings, folder = (), os.path.dirname(os.path.abspath(ledger))
        if os.path.basename(folder) == "centre" and sekisho("centre", "openings", "--dir", os.path.dirname(folder), "-o", f + "/openings", code=None).returncode == 0: openings = ("--openings", f + "/openings")
        enforcer = ("--enforcer", folder + "/enforcer.vkey") if openings and os.path.exists(folder + "/enforcer.vkey") else ()
        run(VERIFY, ledger, *openings, *enforcer)
        if openings: sekisho("policy", "replay", "--dir", os.path.dirname(folder)) # and the centre's own rooms judge every act again
        if os.path.exists(VERIFY_GO): run(VERIFY_GO, ledger, *openings, *enforcer)
        else: print("note: the second verifier is not built here")

def verify_refuses(ledger):
    for program in (VERIFY, VERIFY_GO):
        if os.path.exists(program):
            done = run(program, ledger, code=None)
            expect(done.returncode == 1, f"{program} accepted or broke ({done.returncode}): {done.out} {done.err}")

class Folder:
    """A temporary folder that goes away."""
    def __enter__(self): self.path = tempfile.mkdtemp(prefix="sekisho-test-"); return self.path
    def __exit__(self, *_): shutil.rmtree(self.path, ignore_errors=True)

def make_border(path, domestic=("192.0.2.0/24", "2001:db8:1::/48"), foreign=("198.51.100.0/24", "203.0.113.0/24", "2001:db8:2::/48"), rest="unknown", more=()):
    words = ["border", "build", *more]
    for p in domestic: words += ["--domestic", p]
    for p in foreign: words += ["--foreign", p]
    sekisho(*words, "--rest", rest, "-o", path)
    return path

def make_workspace(folder, name="ws", profile="lab", border=None, extra=()):
    border = border or make_border(os.path.join(folder, "border.skb"))
    workspace = os.path.join(folder, name)
    if profile == "jp-2025" and "--oversight" not in extra:
        # Whoever has a statutory workspace shares its keys with oversight.
        panel = os.path.join(folder, "panel.key")
        sekisho("access", "key", "new", panel, "--name", "panel")
        extra = (*extra, "--oversight", open(panel + ".pub").read().strip())
    sekisho("init", "--workspace", workspace, "--profile", profile, "--border", border, *extra)
    return workspace

# ---- packets ----

def checksum(data):
    if len(data) % 2: data += b"\0"
    total = sum(struct.unpack(f"!{len(data)//2}H", data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def ip(source, destination, proto, payload, ttl=64, ident=1, fragment=0):
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, len(payload), proto, ttl) + socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, ttl, proto, 0, socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload

def udp(source, sport, destination, dport, payload):
    return ip(source, destination, 17, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)

def tcp(source, sport, destination, dport, flags, payload=b"", seq=1, ack=0):
    return ip(source, destination, 6, struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack, 5 << 4, flags, 65535, 0, 0) + payload)

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

def ether(packet, vlans=()):
    kind = 0x86dd if packet and packet[0] >> 4 == 6 else 0x0800
    tags = b"".join(struct.pack("!HH", 0x8100, v) for v in vlans)
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + tags + struct.pack("!H", kind) + packet

def dns_query(name, ident=7, kind=1):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)

def client_hello(name, ciphers=(0x1301, 0x1302, 0xc02b)):
    sni = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name.encode()
    extensions = struct.pack("!HH", 0, len(sni)) + sni + struct.pack("!HHB", 43, 3, 2) + b"\x03\x04" + struct.pack("!HHHHH", 13, 6, 4, 0x0403, 0x0804)
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + struct.pack("!H", 2 * len(ciphers)) + b"".join(struct.pack("!H", c) for c in ciphers) + b"\x01\0" + struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message

def tcp_talk(source, sport, destination, dport, out=b"", back=b""):
    """A whole TCP connection as IP packets."""
    a, b = (source, sport, destination, dport), (destination, dport, source, sport)
    yield tcp(*a, SYN, seq=100)
    yield tcp(*b, SYN | ACK, seq=500, ack=101)
    yield tcp(*a, ACK, seq=101, ack=501)
    if out: yield tcp(*a, PSH | ACK, out, seq=101, ack=501)
    if back: yield tcp(*b, PSH | ACK, back, seq=501, ack=101 + len(out))
    yield tcp(*a, FIN | ACK, seq=101 + len(out), ack=501 + len(back))
    yield tcp(*b, FIN | ACK, seq=501 + len(back), ack=102 + len(out))
    yield tcp(*a, ACK, seq=102 + len(out), ack=502 + len(back))

def write_pcap(path, frames, start=1_790_000_000, step=0.01, link=1, magic=0xa1b2c3d4, order="<", snap=262144, times=None):
    """frames: bytes each. Returns path."""
    scale = 10**9 if magic == 0xa1b23c4d else 10**6
    with open(path, "wb") as f:
        f.write(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link))
        for i, frame in enumerate(frames):
            t = times[i] if times else start + i * step
            sec = int(t); frac = int(round((t - sec) * scale)) % scale
            f.write(struct.pack(order + "IIII", sec & 0xffffffff, frac, min(len(frame), snap), len(frame)) + frame[:snap])
    return path

def main(*tests):
    bad = 0
    for test in tests:
        try:
            test(); print("ok  ", test.__name__)
        except Failed as why:
            bad += 1; print("FAIL", test.__name__, "-", why)
    print(f"{len(tests) - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
