#!/usr/bin/env python3
"""Captures of every form, whole and damaged, from files and pipes: what came before a damage is counted, the damage is named, the exit code says so."""
import gzip, io, random
from lib import *

def frames():
    for i in range(40):
        yield from (ether(p) for p in tcp_talk("192.0.2.5", 5000 + i, "198.51.100.9", 443, client_hello("www.example.com"), b"y" * 100))
        yield ether(udp("203.0.113.4", 53, "192.0.2.9", 4000 + i, dns_query("a.example")))
        yield ether(udp("192.0.2.5", 1, "192.0.2.6", 2, b"domestic"), vlans=(5, 6))

FRAMES = list(frames())

def pcapng(frames, order="<", resolution=None, offset=None, interfaces=1, drop=None):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))
    def option(code, value): return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)
    out = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    for i in range(interfaces):
        o = option(2, b"eth%d" % i)
        if resolution is not None: o += option(9, bytes([resolution]))
        if offset is not None: o += option(14, struct.pack(order + "q", offset))
        out += block(1, struct.pack(order + "HHI", 1, 0, 0) + o + option(0, b""))
    units = 10 ** 6 if resolution is None else 2 ** (resolution & 127) if resolution & 128 else 10 ** resolution
    for n, f in enumerate(frames):
        t = (1_790_000_000 - (offset or 0)) * units + n * (units // 100 or 1)
        out += block(6, struct.pack(order + "IIIII", n % interfaces, t >> 32, t & 0xffffffff, len(f), len(f)) + f)
    out += block(5, struct.pack(order + "III", 0, 0, 0) + option(5, struct.pack(order + "Q", drop or 0)) + option(0, b""))
    return out

def counts(data, folder, name="c.pcap", code=0, stdin=False):
    w = make_workspace(folder, f"ws-{random.random()}", border=os.path.join(folder, "b.skb")) if os.path.exists(os.path.join(folder, "b.skb")) else \
        make_workspace(folder, f"ws-{random.random()}", border=make_border(os.path.join(folder, "b.skb")))
    if stdin: result, done = watch_json(w, "-", code=code, stdin=data)
    else:
        path = os.path.join(folder, name); open(path, "wb").write(data)
        result, done = watch_json(w, path, code=code)
    check_equation(result["account"]); check_equation(result["account_bytes"])
    verify_both(os.path.join(w, "ledger"))
    return result, done

def plain(**more):
    with Folder() as f: return open(write_pcap(os.path.join(f, "p"), FRAMES, **more), "rb").read()

def all_forms_agree():
    with Folder() as f:
        reference, _ = counts(plain(), f)
        expect(reference["classes"]["DD"]["packets"] == 40 and reference["account"]["received"] == len(FRAMES), "the reference is wrong")
        forms = {"ns": plain(magic=0xa1b23c4d), "big-endian": plain(order=">"), "big-endian ns": plain(order=">", magic=0xa1b23c4d), "gz": gzip.compress(plain()),
                 "multi-member gz": b"".join(gzip.compress(plain()[i:i + 3000]) for i in range(0, len(plain()), 3000)),
                 "zst": run("zstd", "-q", "-c", stdin=plain()).stdout, "pcapng": pcapng(FRAMES), "pcapng big-endian": pcapng(FRAMES, ">"),
                 "pcapng ns": pcapng(FRAMES, resolution=9), "pcapng 2^-20": pcapng(FRAMES, resolution=0x94), "pcapng offset": pcapng(FRAMES, offset=1000),
                 "pcapng three interfaces": pcapng(FRAMES, interfaces=3), "pcapng two sections": pcapng(FRAMES[:100]) + pcapng(FRAMES[100:], ">"), "gz pcapng": gzip.compress(pcapng(FRAMES))}
        for name, data in forms.items():
            for stdin in (False, True):
                result, _ = counts(data, f, stdin=stdin)
                expect(result["classes"] == reference["classes"] and result["flows"] == reference["flows"], f"{name} (stdin {stdin}) differs: {result['classes']}")
        result, _ = counts(pcapng(FRAMES, drop=123), f)
        expect(result["beside"]["upstream_lost"] == 123, "drops of the file are not told")

def link_types():
    raw = list(tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x", b"y"))
    with Folder() as f:
        for link, frame in ((101, lambda p: p), (113, lambda p: struct.pack("!HHHQH", 0, 1, 6, 0, 0x0800) + p), (276, lambda p: struct.pack("!HHIHBBQ", 0x0800, 0, 1, 1, 0, 6, 0) + p),
                            (0, lambda p: struct.pack("<I", 2) + p), (0, lambda p: struct.pack(">I", 2) + p), (108, lambda p: struct.pack(">I", 2) + p), (1, ether)):
            data = open(write_pcap(os.path.join(f, "p"), [frame(p) for p in raw], link=link), "rb").read()
            result, _ = counts(data, f)
            expect(result["classes"]["DF"]["packets"] == 5 and result["classes"]["FD"]["packets"] == 3, f"link type {link}: {result['classes']}")
        done = counts(open(write_pcap(os.path.join(f, "p"), raw, link=147), "rb").read(), f, code=4)[1]
        expect("147" in done.err, f"the link type is not named: {done.err}")

def odd_files():
    with Folder() as f:
        for data, word in ((b"", "empty"), (b"\xd4\xc3\xb2", "short"), (b"hello, this is no capture at all\n", "")):
            done = counts(data, f, code=4)[1]; expect(done.err.strip(), "nothing is said")
        w = make_workspace(f, "wd", border=f + "/b.skb")
        done = watch_json(w, f, code=4)[1]; expect("directory" in done.err, done.err)
        done = watch_json(w, f + "/absent.pcap", code=4)[1]; expect("absent.pcap" in done.err, done.err)

def damage_is_named():
    data = plain()
    with Folder() as f:
        for cut in (len(data) - 1, len(data) - 50, len(data) // 2, 24 + 7):
            whole = 0; at = 24
            while at + 16 <= cut and at + 16 + struct.unpack_from("<I", data, at + 8)[0] <= cut: at += 16 + struct.unpack_from("<I", data, at + 8)[0]; whole += 1
            result, done = counts(data[:cut], f, code=3)
            expect(result["account"]["received"] == whole, f"cut at {cut}: {result['account']['received']} frames, {whole} were whole")
            expect(str(at) in done.err, f"the offset {at} is not named: {done.err}")
        broken = bytearray(data); struct.pack_into("<I", broken, 24 + 8, 0x7fffffff)
        result, done = counts(bytes(broken), f, code=3); expect(result["account"]["received"] == 0, "a lying length was believed")
        result, done = counts(gzip.compress(data)[:-200], f, code=3); expect(0 < result["account"]["received"] < len(FRAMES), "what came before the cut gz was lost")
        flipped = bytearray(gzip.compress(data)); flipped[len(flipped) // 2] ^= 0xff
        counts(bytes(flipped), f, code=3)

def odd_times():
    with Folder() as f:
        times = [0, 4294967295, 5, 1_790_000_000] * 20 + [1_790_000_000 - i for i in range(50)]
        data = open(write_pcap(os.path.join(f, "p"), FRAMES[:len(times)], times=times), "rb").read()
        result, _ = counts(data, f)
        expect(result["account"]["received"] == len(times), "frames were lost"); expect(result["ledger"]["intervals"] == 1, "empty intervals were written")

def sliced_and_odd_lengths():
    with Folder() as f:
        result, _ = counts(plain(snap=60), f)
        expect(result["account"]["received"] == len(FRAMES) and result["account_bytes"]["received"] == sum(map(len, FRAMES)), "bytes are wire lengths, also of sliced captures")
        data = bytearray(plain()); struct.pack_into("<I", data, 24 + 12, 10)
        result, _ = counts(bytes(data), f); expect(result["beside"]["odd_length"] == 1, "incl_len > orig_len is not counted")

def bomb():
    """A gz that unpacks to 600 MB of one frame: memory stays small, the work is done, nothing is refused."""
    frame = ether(udp("192.0.2.5", 1, "192.0.2.6", 2, b"z" * 1400)); record = struct.pack("<IIII", 1_790_000_000, 0, len(frame), len(frame)) + frame
    with Folder() as f:
        path = os.path.join(f, "bomb.pcap.gz")
        with gzip.open(path, "wb", 1) as g:
            g.write(plain()[:24])
            for _ in range(400): g.write(record * 1000)
        w = make_workspace(f, "wb")
        done = run("/usr/bin/env", "bash", "-c", f"ulimit -v 1200000; exec '{SEKISHO}' watch --workspace '{w}' --json '{path}'")
        expect(json.loads(done.out)["classes"]["DD"]["packets"] == 400000, "frames are missing")

def shrinking_file():
    with Folder() as f:
        big = os.path.join(f, "big.pcap"); write_pcap(big, FRAMES * 2000)
        w = make_workspace(f, "wsh")
        p = subprocess.Popen([SEKISHO, "watch", "--workspace", w, "--json", big], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.truncate(big, 5000); out, err = p.communicate(timeout=120)
        expect(p.returncode in (0, 3, 4), f"died with {p.returncode}: {err}")
        verify_both(w + "/ledger")

main(all_forms_agree, link_types, odd_files, damage_is_named, odd_times, sliced_and_odd_lengths, bomb, shrinking_file)
