#!/usr/bin/env python3
"""sekisho gate: the tool behind it sees exactly the admitted frames, byte for byte (rule: FORWARD-2), and only who may be handed frames gets any (rule: FORWARD-1).
The filter that says what is admitted is written here a second time, from the lists, without a line of the program."""
import gzip, ipaddress, re, shutil, signal, socket, struct, threading, time
from lib import *

S = os.path.join(ROOT, "samples")

# ---- captures and the second filter ----

def read_pcap(data):
    """(seconds, fraction, wire length, bytes) of each record, and the head's magic and link type. A record that is not whole is an error."""
    if data[:2] == b"\x1f\x8b": data = gzip.decompress(data)
    magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", data[:24])
    at, records = 24, []
    while at < len(data):
        sec, frac, captured, wire = struct.unpack("<IIII", data[at:at + 16])
        expect(at + 16 + captured <= len(data), f"the record at {at} is cut")
        records.append((sec, frac, wire, data[at + 16:at + 16 + captured])); at += 16 + captured
    return magic, link, records

def networks(path): return [ipaddress.ip_network(l.split()[0]) for l in open(path) if l.strip() and not l.startswith("#")]

class Filter:
    """Ethernet, IPv4 and IPv6 without tunnels: what border.pcap.gz holds."""
    def __init__(self, domestic, foreign, keep): self.d, self.f, self.keep, self.known = domestic, foreign, keep, {}
    def side(self, address):
        if address not in self.known:
            a = ipaddress.ip_address(address)
            best = max(((n.prefixlen, side) for side, list_ in (("D", self.d), ("F", self.f)) for n in list_ if n.version == a.version and a in n), default=(0, "?"))
            self.known[address] = best[1]
        return self.known[address]
    def admits(self, frame):
        kind = struct.unpack("!H", frame[12:14])[0]
        if kind == 0x0800: pair = frame[26:30], frame[30:34]
        elif kind == 0x86dd: pair = frame[22:38], frame[38:54]
        else: return False
        return self.side(pair[0]) + self.side(pair[1]) in self.keep

def sample_filter(keep=("FD", "DF")): return Filter(networks(S + "/border/domestic.txt"), networks(S + "/border/foreign.txt"), keep)
def sample(): return read_pcap(open(S + "/border.pcap.gz", "rb").read())

def sample_workspace(f, profile="own-network", extra=("--role", "party")):
    sekisho("border", "build", "--domestic", S + "/border/domestic.txt", "--foreign", S + "/border/foreign.txt", "--rest", "unknown", "-o", f + "/t.skb")
    return make_workspace(f, profile=profile, border=f + "/t.skb", extra=extra)

def gate(workspace, *captures, out, extra=(), code=0, **more):
    done = sekisho("gate", *captures, "--workspace", workspace, "-o", out, "--json", *extra, code=code, **more)
    return json.loads(done.err[done.err.index("{"):] if out == "-" else done.out), done

# ---- tests ----

def exactly_the_admitted_frames():
    magic, link, records = sample(); want = [r for r in records if sample_filter().admits(r[3])]
    with Folder() as f:
        w = sample_workspace(f)
        result, _ = gate(w, S + "/border.pcap.gz", out=f + "/out.pcap")
        check_equation(result["account"]); check_equation(result["account_bytes"]); verify_both(w + "/ledger")
        got = read_pcap(open(f + "/out.pcap", "rb").read())
        expect(got[0] == magic and got[1] == link and got[2] == want, f"{len(got[2])} frames, the second filter says {len(want)}")
        expect(result["account"]["selected"] == len(want) and 0 < len(want) < len(records), str(result["account"]))
        expect(os.stat(f + "/out.pcap").st_mode & 0o777 == 0o600 and sorted(os.listdir(f)) == ["out.pcap", "t.skb", "ws"], f"left behind: {os.listdir(f)}")
        # the same through a pipe
        done = subprocess.run([SEKISHO, "gate", "-", "--workspace", w, "-o", "-"], input=gzip.decompress(open(S + "/border.pcap.gz", "rb").read()), capture_output=True)
        expect(done.returncode == 0 and done.stdout == open(f + "/out.pcap", "rb").read(), "a pipe gives other bytes than a file")
        expect(b"handed on" in done.stderr, "nothing is said on standard error")

def sabotage_the_gate_open():
    """With a table that calls the domestic hosts foreign the gate lets them through: the comparison must see it."""
    _, _, records = sample(); want = [r for r in records if sample_filter().admits(r[3])]
    with Folder() as f:
        sekisho("border", "build", "--domestic", "192.0.2.5", "--foreign", "0.0.0.0/0", "--foreign", "::/0", "-o", f + "/open.skb")
        w = make_workspace(f, border=f + "/open.skb")
        gate(w, S + "/border.pcap.gz", out=f + "/out.pcap")
        got = read_pcap(open(f + "/out.pcap", "rb").read())[2]
        expect(got != want and len(got) > len(want), "an open gate was not noticed")

def tunnels_as_their_truth_says():
    rows = [l.rstrip("\n").split("\t") for l in open(S + "/tunnels.tsv")][1:]
    fates = {r[2] for r in rows}
    with Folder() as f:
        w = sample_workspace(f, "lab", ())
        result, _ = gate(w, S + "/tunnels.pcapng", out=f + "/out.pcapng")
        check_equation(result["account"]); verify_both(w + "/ledger")
        admitted = sum(r[2] == "admitted" for r in rows)
        expect(result["account"]["selected"] == admitted and len(fates) > 5, f"{result['account']}, truth {admitted}")
        for reason in fates - {"admitted"}: expect(result["erased"][reason] == sum(r[2] == reason for r in rows), f"{reason}: {result['erased']}")
        if not shutil.which("tshark"): print("note: tshark is not here"); return
        numbers = [int(r[0]) for r in rows if r[2] == "admitted"]
        frames = lambda path, *more: run("tshark", "-r", path, "-x", *more).out
        keep = run("tshark", "-r", S + "/tunnels.pcapng", "-x", "-Y", " or ".join(f"frame.number=={n}" for n in numbers)).out
        expect(keep == frames(f + "/out.pcapng"), "the frames are not those of the truth")

def nanoseconds_slices_and_links():
    packets = [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x" * 200, b"y" * 300)] + [ether(udp("192.0.2.5", 1, "192.0.2.6", 2, b"z"))]
    with Folder() as f:
        w = make_workspace(f)
        nano = write_pcap(f + "/ns.pcap", packets, magic=0xa1b23c4d, step=0.000000123, snap=60)
        gate(w, nano, out=f + "/o.pcap"); got, had = read_pcap(open(f + "/o.pcap", "rb").read()), read_pcap(open(nano, "rb").read())
        expect(got[0] == 0xa1b23c4d and got[2] == had[2][:-1], "nanoseconds or original lengths are lost")
        raw = write_pcap(f + "/raw.pcap", list(tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443)), link=101)
        _, done = gate(w, nano, raw, out=f + "/mixed.pcap", code=4)
        expect("--format pcapng" in done.err and not os.path.exists(f + "/mixed.pcap"), f"two link types in a pcap file: {done.err}")
        result, _ = gate(w, nano, raw, out=f + "/mixed.pcapng", extra=("--format", "pcapng"))
        if shutil.which("capinfos"):
            said = run("capinfos", "-c", "-E", "-M", f + "/mixed.pcapng").out
            expect(str(result["account"]["selected"]) in said, said)
        again, _ = gate(w, f + "/mixed.pcapng", out=f + "/again.pcapng")
        expect(open(f + "/again.pcapng", "rb").read() == open(f + "/mixed.pcapng", "rb").read() and again["account"]["gate_erased"] == 0, "what was handed on is not handed on unchanged")
        verify_both(w + "/ledger")

# ---- fragments ----

def pieces(source, destination, proto, payload, size, ident, v6=False):
    for at in range(0, len(payload), size):
        part, more = payload[at:at + size], at + size < len(payload)
        if v6: yield ether(ip(source, destination, 44, struct.pack("!BBHI", proto, 0, at | more, ident) + part))
        else: yield ether(ip(source, destination, proto, part, ident=ident, fragment=at // 8 | (0x2000 if more else 0)))

def udp_payload(port, body): return struct.pack("!HHHH", 4000, port, 8 + len(body), 0) + body
def vxlan(inside): return udp_payload(4789, struct.pack("!II", 0x08000000, 7 << 8) + ether(inside))

def fragments():
    out, here, there = "198.51.100.9", "192.0.2.5", "203.0.113.7"
    long = b"q" * 900
    domestic, crossing = udp(here, 1, "192.0.2.6", 2, long), udp(here, 1, "198.51.100.77", 2, long)
    p = lambda payload, ident, proto=17, **more: list(pieces(here, out, proto, payload, 400, ident, **more))
    six = lambda payload, ident, proto=17: list(pieces("2001:db8:1::5", "2001:db8:2::9", proto, payload, 400, ident, v6=True))
    plain, hidden, shown = udp_payload(53, long), vxlan(domestic), vxlan(crossing)
    cases = [  # what, frames in their order, which of them go on, the reason of the others
        ("plain UDP in order", p(plain, 1), "all", None),
        ("plain UDP, last fragment first", p(plain, 2)[::-1], "all", None),
        ("plain UDP, a fragment is lost", p(plain, 3)[:2], "all", None),
        ("plain UDP, the first fragment is lost", p(plain, 4)[1:], "none", "fragment_timeout"),
        ("a tunnel around domestic talk", p(hidden, 5), "none", "inner_domestic"),
        ("the same, last fragment first", p(hidden, 6)[::-1], "none", "inner_domestic"),
        ("the same, a fragment is lost", p(hidden, 7)[:2], "none", "fragment_timeout"),
        ("a tunnel around crossing talk", p(shown, 8), "all", None),
        ("the same, last fragment first", p(shown, 9)[::-1], "all", None),
        ("a tunnel's port, and no tunnel", p(udp_payload(4789, long), 10), "all", None),
        ("an identification that is used again", p(plain, 11) + p(hidden, 11)[::-1], "first 3", "inner_domestic"),
        ("overlapping fragments of a tunnel", p(hidden, 12)[:1] + [ether(ip(here, out, 17, b"z" * 400, ident=12, fragment=10 | 0x2000))], "none", "undecodable"),
        ("ICMP, later fragments only", p(b"\x08\0\0\0" + long, 13, proto=1)[1:], "all", None),
        ("GRE, a later fragment", p(b"\0\0\x08\0" + crossing, 14, proto=47)[1:], "none", "fragment_of_tunnel"),
        ("IPv6, plain UDP, last fragment first", six(plain, 15)[::-1], "all", None),
        ("IPv6, a tunnel around domestic talk", six(hidden, 16), "none", "inner_domestic"),
        ("IPv6, a later fragment lies about its protocol", six(hidden, 17)[:1] + six(hidden, 17, proto=6)[1:], "none", "inner_domestic"),
        ("IPv6, a tunnel around crossing talk", six(shown, 18), "all", None),
        ("fragments of a domestic pair", list(pieces(here, "192.0.2.6", 17, plain, 400, 19)), "none", "domestic"),
        ("fragments from nowhere known", list(pieces("8.8.8.8", here, 17, plain, 400, 20)), "none", "unknown"),
    ]
    with Folder() as f:
        w = make_workspace(f)
        for n, (what, frames, go, reason) in enumerate(cases):
            result, _ = gate(w, write_pcap(f + "/in.pcap", frames), out=f"{f}/{n}.pcap")
            check_equation(result["account"])
            want = frames if go == "all" else [] if go == "none" else frames[:int(go.split()[1])]
            got = [r[3] for r in read_pcap(open(f"{f}/{n}.pcap", "rb").read())[2]]
            expect(sorted(got) == sorted(want), f"{what}: {len(got)} of {len(frames)} frames went on, expected {len(want)}: {result['erased']}")
            if reason: expect(result["erased"][reason] == len(frames) - len(want), f"{what}: {result['erased']}")
        # all of them at once, between other frames
        everything = [x for _, frames, _, _ in cases for x in frames]
        result, _ = gate(w, write_pcap(f + "/in.pcap", everything), out=f + "/all.pcap"); check_equation(result["account"]); verify_both(w + "/ledger")

def fragments_over_intervals():
    """What waits is pending, measured, and carried from interval to interval."""
    frames = [x for i in range(40) for x in pieces("192.0.2.5", "198.51.100.9", 17, vxlan(udp("192.0.2.5", 1, "192.0.2.6" if i % 2 else "198.51.100.7", 2, b"q" * 900)), 400, 100 + i)]
    frames = frames[::3] + frames[1::3] + frames[2::3]
    with Folder() as f:
        w = make_workspace(f)
        result, _ = gate(w, write_pcap(f + "/in.pcap", frames), out=f + "/o.pcap", extra=("--interval-frames", "7"))
        check_equation(result["account"]); verify_both(w + "/ledger")
        expect(result["account"]["selected"] == 60 and result["erased"]["inner_domestic"] == 60 and result["ledger"]["intervals"] >= 17, str(result))

# ---- who may ----

def refusals():
    with Folder() as f:
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443)])
        carrier = make_workspace(f, "carrier", profile="own-network", extra=("--role", "carrier"))
        statute = make_workspace(f, "statute", profile="jp-2025", border=make_border(f + "/b.skb", domestic=("11.0.0.0/8",), foreign=("12.0.0.0/8",)))
        for w, words in ((carrier, ("own-network", "carrier", "FORWARD-1")), (statute, ("jp-2025", "FORWARD-1"))):
            done = sekisho("gate", cap, "--workspace", w, "-o", f + "/o.pcap", code=29)
            for word in words: expect(word in done.err, f"'{word}' is not said: {done.err}")
            expect(done.err.count("\n") == 1 and not os.path.exists(f + "/o.pcap") and not os.path.exists(w + "/ledger"), "a refusal left something behind")
        party = make_workspace(f, "party", profile="own-network", extra=("--role", "party"))
        sekisho("basis", "renew", "--workspace", party, "--kinds", "address,domain")
        done = sekisho("gate", cap, "--workspace", party, "-o", f + "/o.pcap", code=24); expect("flow.all" in done.err, done.err)
        sekisho("basis", "renew", "--workspace", party); gate(party, cap, out=f + "/o.pcap")
        sekisho("gate", cap, "--workspace", party, code=2); sekisho("gate", "-o", f + "/x", "--workspace", party, code=2)
        sekisho("gate", f + "/none.pcap", "--workspace", party, "-o", f + "/none.out", code=4); expect(not os.path.exists(f + "/none.out"), "an output without an input")
        sekisho("gate", cap, "--workspace", party, "-o", f + "/no/such/folder", code=7); sekisho("gate", cap, "--workspace", party, "-o", f, code=2)

def quick():
    with Folder() as f:
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "8.8.8.8", 443)] + [ether(udp("192.0.2.5", 1, "192.0.2.6", 2, b"x"))])
        done = sekisho("gate", cap, "--own", "192.0.2.0/24", "-o", f + "/o.pcap", env={"TMPDIR": f})
        expect("closes" in done.out and "simulated" in done.out, done.out)
        made = [d for d in os.listdir(f) if d.startswith("sekisho-")]; verify_both(f"{f}/{made[0]}/workspace/ledger")
        expect(len(read_pcap(open(f + "/o.pcap", "rb").read())[2]) == 6, "the wrong frames")

def watch_and_gate_share_a_workspace():
    with Folder() as f:
        w = sample_workspace(f); gate(w, S + "/border.pcap.gz", out=f + "/1.pcap")
        watch_json(w, S + "/border.pcap.gz"); gate(w, S + "/border.pcap.gz", out=f + "/2.pcap"); verify_both(w + "/ledger")
        expect(open(f + "/1.pcap", "rb").read() == open(f + "/2.pcap", "rb").read(), "the second time gives other frames")

# ---- outputs that fail ----

def damaged_input():
    with Folder() as f:
        w = make_workspace(f); cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443)])
        data = open(cap, "rb").read(); open(cap, "wb").write(data[:-5])
        result, done = gate(w, cap, out=f + "/o.pcap", code=3)
        expect(len(read_pcap(open(f + "/o.pcap", "rb").read())[2]) == 5 and result["output"]["whole"] and "damaged" in done.err, done.err); verify_both(w + "/ledger")

def reader_goes_away():
    with Folder() as f:
        w = make_workspace(f); cap = write_pcap(f + "/c.pcap", [ether(udp("192.0.2.5", 1, "198.51.100.9", 2, b"x" * 1000))] * 5000)
        gone = subprocess.Popen([SEKISHO, "gate", cap, "--workspace", w, "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        gone.stdout.read(3000); gone.stdout.close(); said = gone.stderr.read().decode(); code = gone.wait(60)
        expect(code == 7 and "closed the pipe" in said and "closes" in said, f"{code}: {said}"); verify_both(w + "/ledger")

def fifo_and_interrupt():
    with Folder() as f:
        w = make_workspace(f); fifo = f + "/fifo"; os.mkfifo(fifo); out = f + "/out"; os.mkfifo(out)
        packet = ether(udp("192.0.2.5", 1, "198.51.100.9", 2, b"x" * 1000)); cap = open(write_pcap(f + "/c.pcap", [packet] * 300), "rb").read()
        tool = subprocess.Popen([SEKISHO, "gate", fifo, "--workspace", w, "-o", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        feed = open(fifo, "wb"); feed.write(cap[:24]); feed.flush(); taken = open(out, "rb"); got = b""
        feeding = threading.Thread(target=lambda: (feed.write(cap[24:]), feed.flush())); feeding.start()
        while len(got) < len(cap): got += os.read(taken.fileno(), 65536)
        expect(got == cap, "a live reader does not get every frame while the input is still open")
        tool.send_signal(signal.SIGINT); rest = taken.read(); said = tool.communicate(timeout=60)[1].decode()
        expect(tool.returncode == 130 and rest == b"" and "interrupted" in said, f"{tool.returncode} {said}"); verify_both(w + "/ledger"); feeding.join(); feed.close()

def interrupted_file_is_whole():
    with Folder() as f:
        w = make_workspace(f); fifo = f + "/fifo"; os.mkfifo(fifo)
        cap = open(write_pcap(f + "/c.pcap", [ether(udp("192.0.2.5", 1, "198.51.100.9", 2, b"x" * 100))] * 100), "rb").read()
        tool = subprocess.Popen([SEKISHO, "gate", fifo, "--workspace", w, "-o", f + "/o.pcap"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        feed = open(fifo, "wb"); feed.write(cap + cap[24:60]); feed.flush(); time.sleep(0.5)
        expect(not os.path.exists(f + "/o.pcap"), "the file has its name before it is whole")
        tool.send_signal(signal.SIGTERM); expect(tool.wait(60) == 130, "exit status"); feed.close()
        expect(len(read_pcap(open(f + "/o.pcap", "rb").read())[2]) == 100, "the file is not whole")

def disk_full():
    if os.geteuid() != 0 or not shutil.which("unshare"): print("note: a full disk needs root"); return
    with Folder() as f:
        w = make_workspace(f); os.mkdir(f + "/small")
        cap = write_pcap(f + "/c.pcap", [ether(udp("192.0.2.5", 1, "198.51.100.9", 2, b"x" * 1000))] * 8000)
        script = f"mount -t tmpfs -o size=2m tmpfs {f}/small && echo old >{f}/small/o.pcap && {SEKISHO} gate {cap} --workspace {w} -o {f}/small/o.pcap; code=$?; ls -A {f}/small; cat {f}/small/o.pcap; exit $code"
        done = run("unshare", "-m", "sh", "-c", script, code=None)
        if "mount" in done.err and "permission" in done.err.lower(): print("note: no mounts here"); return
        lines = [l for l in done.err.splitlines() if l]
        expect(done.returncode == 7 and len(lines) == 1 and "No space" in lines[0], f"{done.returncode} {done.err}")
        expect(done.out.rstrip().endswith("o.pcap\nold"), f"something half-written is left, or the old file is gone: {done.out[-200:]}"); verify_both(w + "/ledger")

# ---- real tools behind ----

def write_records(path, magic, link, records):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 262144, link))
        for sec, frac, wire, data in records: f.write(struct.pack("<IIII", sec, frac, len(data), wire) + data)
    return path

def need(*tools):
    missing = [t for t in tools if not shutil.which(t)]
    if missing: print("note: not installed here:", *missing)
    return not missing

def flows_of(capture, folder):
    os.mkdir(folder); run("nfpcapd", "-r", capture, "-w", folder)
    rows = run("nfdump", "-R", folder, "-q", "-o", "fmt:%sa|%sp|%da|%dp|%pr|%pkt|%byt", "-N").out.splitlines()
    return sorted(r.replace(" ", "") for r in rows)

def sides_of(folder):
    """The classes of the flows that nfdump finds in a folder, by the second filter."""
    keep, sides = sample_filter(), set()
    for row in run("nfdump", "-R", folder, "-6", "-q", "-N", "-o", "fmt:%sa|%da").out.splitlines():
        ends = [a.strip() for a in row.split("|")]
        if len(ends) == 2: sides.add("".join(keep.side(socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a)) for a in ends))
    return sides

def flow_meters_behind_see_only_that():
    """softflowd and nfpcapd count the same behind the gate as over what the second filter lets through, and more without the gate."""
    if not need("softflowd", "nfpcapd", "nfdump", "unshare") or os.geteuid() != 0: return
    magic, link, records = sample(); want = [r for r in records if sample_filter().admits(r[3])]
    with Folder() as f:
        w = sample_workspace(f); wanted = write_records(f + "/want.pcap", magic, link, want); everything = write_records(f + "/all.pcap", magic, link, records)
        gate(w, everything, out=f + "/out.pcap")
        behind, truth, without = (flows_of(f + p, f + d) for p, d in (("/out.pcap", "/n1"), ("/want.pcap", "/n2"), ("/all.pcap", "/n3")))
        expect(behind == truth and len(behind) > 1000, f"nfpcapd: {len(behind)} flows behind the gate, {len(truth)} over the second filter's frames")
        expect(without != truth, "nfpcapd without the gate sees the same: the comparison is blind")
        expect(sides_of(f + "/n1") == {"FD", "DF"} and "DD" in sides_of(f + "/n3"), f"classes behind the gate: {sides_of(f + '/n1')}")
        meter = lambda source: int(re.search(r"Packets processed: (\d+)", run("unshare", "-n", "sh", "-c", f"ip link set lo up; {source} | softflowd -r /dev/stdin -n 127.0.0.1:9995 -v 9 -d 2>&1").out)[1])
        got = meter(f"{SEKISHO} gate {everything} --workspace {w} -o - 2>/dev/null")
        expect(got == len(want) and meter(f"cat {everything}") > got, f"softflowd saw {got} packets, {len(want)} were admitted")

LIVE = r"""
ip link add wire type veth peer name mirror; for d in wire mirror; do sysctl -qw net.ipv6.conf.$d.disable_ipv6=1; ip link set $d up; done; ip link set lo up
nfcapd -w "$DIR/nf" -p 9995 -b 127.0.0.1 -t 3600 -B 8000000 >"$DIR/nfcapd.log" 2>&1 & collector=$!
tcpdump -i mirror -U -B 65536 -w - 2>"$DIR/tcpdump.log" | $GATE - --workspace "$WS" -o - --json 2>"$DIR/gate.json" | softflowd -r /dev/stdin -n 127.0.0.1:9995 -v 9 -d >"$DIR/softflowd.log" 2>&1 & pipe=$!
sleep 1; python3 "$SEND" wire "$DIR/send.pcap"; sleep 1; kill -INT $(pgrep -x -P $$ tcpdump || pgrep -x tcpdump -n); wait $pipe; sleep 1; kill $collector; wait $collector; true
"""
SEND = """
import socket, struct, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0)); data = open(sys.argv[2], "rb").read(); at = 24; n = 0
while at < len(data):
    length = struct.unpack("<I", data[at + 8:at + 12])[0]; s.send(data[at + 16:at + 16 + length]); at += 16 + length; n += 1
    if n % 50 == 0: time.sleep(0.005)
"""

def live_in_a_namespace():
    """A mirror port in a network namespace: frames on a wire, the gate in the middle, softflowd and nfcapd behind."""
    if not need("tcpdump", "softflowd", "nfcapd", "nfdump", "unshare", "ip") or os.geteuid() != 0: return
    magic, link, records = sample(); records = [r for r in records if r[2] == len(r[3]) <= 1514][:4000]; want = [r for r in records if sample_filter().admits(r[3])]
    with Folder() as f:
        w = sample_workspace(f); os.mkdir(f + "/nf"); write_records(f + "/send.pcap", magic, link, records); open(f + "/send.py", "w").write(SEND); open(f + "/live.sh", "w").write(LIVE)
        done = run("unshare", "-n", "-p", "-f", "--mount-proc", "sh", f + "/live.sh", code=None, timeout=120, env={"DIR": f, "WS": w, "GATE": SEKISHO + " gate", "SEND": f + "/send.py"})
        said = open(f + "/gate.json").read(); lost = re.search(r"(\d+) packets? dropped by kernel", open(f + "/tcpdump.log").read())
        expect("{" in said, f"the gate did not run: {said} {done.err} {open(f + '/tcpdump.log').read()}")
        result = json.loads(said[said.index("{"):]); check_equation(result["account"]); verify_both(w + "/ledger")
        if lost and int(lost[1]): print("note: the kernel dropped frames in front of the gate; only the equation was compared"); return
        expect(result["account"]["received"] == len(records) and result["account"]["selected"] == len(want), f"{result['account']}, sent {len(records)}, to be handed on {len(want)}")
        metered = int(re.search(r"Packets processed: (\d+)", open(f + "/softflowd.log").read())[1])
        expect(metered == len(want), f"softflowd saw {metered} packets, {len(want)} were admitted")
        expect(sides_of(f + "/nf") == {"FD", "DF"}, f"nfcapd stored flows of {sides_of(f + '/nf')}")

main(*[globals()[n] for n in sys.argv[1:]] or (exactly_the_admitted_frames, sabotage_the_gate_open, tunnels_as_their_truth_says, nanoseconds_slices_and_links, fragments, fragments_over_intervals, refusals, quick,
     watch_and_gate_share_a_workspace, damaged_input, reader_goes_away, fifo_and_interrupt, interrupted_file_is_whole, disk_full, flow_meters_behind_see_only_that, live_in_a_namespace))
