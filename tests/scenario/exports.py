#!/usr/bin/env python3
"""sekisho watch --exports: flow records that routers sent, out of captures and files. What they must say is known from elsewhere: from the frames that the exporters saw, from the
expected records of another collector's authors, from a second writer of messages here."""
import datetime, gzip, ipaddress
from lib import *

S = os.path.join(ROOT, "samples")
FILTER = "not host 203.0.113.99 and not net 203.0.113.192/26 and not host 2001:db8:f:113::99"   # what samples/meters leaves out
MS = 1_790_000_000

# ---- a second writer of messages ----

def v5(records, sequence=0, sampling=0, sec=MS, up=100_000):
    body = b"".join(struct.pack("!4s4sIHHIIIIHHBBBBHHBBH", socket.inet_aton(r[0]), socket.inet_aton(r[2]), 0, 1, 2, r[5], r[6], up - 9000, up - 1000, r[1], r[3], 0, 0x1b, r[4], 0, 1, 2, 24, 24, 0) for r in records)
    return struct.pack("!HHIIIIBBH", 5, len(records), up, sec, 0, sequence, 0, 0, sampling) + body

def sets(*parts): return b"".join(struct.pack("!HH", kind, 4 + len(body)) + body for kind, body in parts)
def ipfix(parts, sequence=0, domain=1, sec=MS):
    body = sets(*parts); return struct.pack("!HHIII", 10, 16 + len(body), sec, sequence, domain) + body

def template(number, *fields):
    """Fields: (element, length) or (element, length, enterprise)."""
    return struct.pack("!HH", number, len(fields)) + b"".join(struct.pack("!HH", f[0] | (0x8000 if len(f) > 2 else 0), f[1]) + (struct.pack("!I", f[2]) if len(f) > 2 else b"") for f in fields)

def text(b): return bytes([len(b)]) + b if len(b) < 255 else b"\xff" + struct.pack("!H", len(b)) + b
PLAIN = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 8), (1, 8), (152, 8), (153, 8))
def plain(*records): return b"".join(socket.inet_aton(a) + socket.inet_aton(b) + struct.pack("!HHBQQQQ", sp, dp, proto, packets, octets, MS * 1000 - 9000, MS * 1000 - 1000)
                                     for a, sp, b, dp, proto, packets, octets in records)
IN, OUT, OTHER, NOWHERE = "192.0.2.5", "198.51.100.9", "203.0.113.4", "100.200.3.4"   # of lib.make_border; the last is in no list

def carried(*messages, port=2055, router="192.0.2.250", collector="192.0.2.251"): return [ether(udp(router, 40000, collector, port, m)) for m in messages]

# ---- what a run gives ----

def everything_foreign(f):
    sekisho("border", "build", "--foreign", "0.0.0.0/0", "--foreign", "::/0", "-o", f + "/foreign.skb"); return f + "/foreign.skb"

def sample_border(f):
    sekisho("border", "build", "--domestic", S + "/border/domestic.txt", "--foreign", S + "/border/foreign.txt", "--rest", "unknown", "-o", f + "/sample.skb"); return f + "/sample.skb"

def all_flows(f, border=None, name="ws"):
    w = make_workspace(f, name, border=border); sekisho("selectors", "import", "--workspace", w, "--all-flows"); return w

def exports(w, *inputs, code=0, extra=()):
    result, done = watch_json(w, *inputs, code=code, extra=("--exports", *extra))
    e = result["exports"]; a = e["account"]
    expect(a["received"] == a["gate_erased"] + a["select_erased"] + a["selected"] + a["malformed"], f"records without a fate: {a}")
    expect(sum(e["classes"].values()) == a["received"], f"classes {e['classes']} of {a}")
    check_equation(result["account"])
    return result, e

def flows(w): return json.loads(sekisho("flows", "--workspace", w, "--json").out)
def key(flow): return flow["initiator"], flow.get("initiator_port", 0), flow["responder"], flow.get("responder_port", 0), flow["ip_proto"]
def counts(flow): return flow["packets"]["from_initiator"], flow["ip_bytes"]["from_initiator"]

# ---- against the frames that the exporters saw ----

class Truth:
    """Packets and bytes of each direction of TCP and UDP in border.pcap.gz, as samples/meters filters it; directions in which a fragment went are left out, for the meters
    count those each in their own way."""
    LISTS = [(ipaddress.ip_network(l.split()[0]), side) for side in ("domestic", "foreign") for l in open(f"{S}/border/{side}.txt") if l.strip() and l[0] != "#"]
    def __init__(self):
        self.seen, self.odd, data, at = {}, set(), gzip.open(S + "/border.pcap.gz").read(), 24
        while at < len(data):
            captured = struct.unpack_from("<I", data, at + 8)[0]
            self.frame(data[at + 16:at + 16 + captured]); at += 16 + captured
        self.seen = {k: v for k, v in self.seen.items() if (k[0], k[2]) not in self.odd}
    @staticmethod
    def left_out(address): return address in ("203.0.113.99", "2001:db8:f:113::99") or address.startswith("203.0.113.") and int(address.split(".")[3]) in range(192, 256)
    def frame(self, f):
        kind = struct.unpack_from("!H", f, 12)[0]
        if kind == 0x0800:
            length, part, proto, at = struct.unpack_from("!H", f, 16)[0], struct.unpack_from("!H", f, 20)[0] & 0x3fff, f[23], 14 + (f[14] & 15) * 4
            ends = socket.inet_ntop(socket.AF_INET, f[26:30]), socket.inet_ntop(socket.AF_INET, f[30:34])
        elif kind == 0x86dd:
            length, part, proto, at = struct.unpack_from("!H", f, 18)[0] + 40, f[20] == 44, f[20], 54
            ends = socket.inet_ntop(socket.AF_INET6, f[22:38]), socket.inet_ntop(socket.AF_INET6, f[38:54])
        else: return
        if any(map(self.left_out, ends)): return
        if part: self.odd.add(ends)
        elif proto in (6, 17):
            k = (ends[0], *struct.unpack_from("!H", f, at), ends[1], *struct.unpack_from("!H", f, at + 2), proto)
            packets, octets = self.seen.get(k, (0, 0)); self.seen[k] = packets + 1, octets + length
    def side(self, address): return next((side for net, side in self.LISTS if ipaddress.ip_address(address) in net), "unknown")
    def admitted(self, versions=(4, 6)):
        return {k: v for k, v in self.seen.items() if ipaddress.ip_address(k[0]).version in versions and "foreign" in (self.side(k[0]), self.side(k[2]))
                and "unknown" not in (self.side(k[0]), self.side(k[2]))}

def form_frames(records, port, transport):
    """The frames of the recording that go to or from a port."""
    out = []
    for record in records:
        f = record[3]
        if f[12:14] == b"\x08\0" and f[23] == transport and port in struct.unpack_from("!HH", f, 34): out.append(record)
    return out

def read_pcap(path):
    data, at, out = gzip.open(path).read(), 24, []
    while at < len(data):
        sec, frac, captured, wire = struct.unpack_from("<IIII", data, at)
        out.append((sec, frac, wire, data[at + 16:at + 16 + captured])); at += 16 + captured
    return out

def recorded(f, name, port, transport):
    records = form_frames(read_pcap(S + "/exports/routers.pcap.gz"), port, transport)
    return write_pcap(f"{f}/{name}.pcap", [r[3] for r in records], times=[r[0] + r[1] / 1e6 for r in records]), records

def exporters_tell_what_the_frames_tell():
    truth = Truth()
    forms = (("netflow5", 2055, 17, (4,)), ("netflow9", 9995, 17, (4, 6)), ("ipfix", 4739, 17, (4, 6)), ("ipfix", 4739, 6, (4, 6)))
    for form, port, transport, versions in forms:
        with Folder() as f:
            path, frames = recorded(f, form, port, transport)
            w = all_flows(f, sample_border(f))
            result, e = exports(w, path)
            found = {}
            for flow in flows(w):
                if flow["ip_proto"] in (6, 17) and (flow["initiator"], flow["responder"]) not in truth.odd:
                    old = found.get(key(flow), (0, 0)); found[key(flow)] = tuple(map(sum, zip(old, counts(flow))))
                expect(flow["metered_by"] == form, str(flow))
            want = truth.admitted(versions)
            expect(found == want and len(want) > 200, f"{form}: {len(found)} directions, the frames have {len(want)}; {list(set(found.items()) ^ set(want.items()))[:4]}")
            # The carriers are inland to inland: erased as frames, all of them, though what they carried was read.
            expect(result["account"]["received"] == result["erased"]["domestic"] == len(frames) and result["classes"]["DD"]["packets"] == len(frames), f"{form}: {result['account']}")
            expect(e["account"]["gate_erased"] > 50 and e["erased"]["domestic"] == e["classes"]["DD"], f"{form}: {e}")
            expect(e["beside"]["times_wrong"] == 0 and e["beside"]["malformed_messages"] == 0, f"{form}: {e['beside']}")
            verify_both(w + "/ledger")

def sabotage_a_wrong_table_is_seen():
    """With the inland lists called foreign the gate lets everything in: the comparison above must not hold then."""
    truth = Truth()
    with Folder() as f:
        w = all_flows(f, everything_foreign(f))
        exports(w, recorded(f, "v9", 9995, 17)[0])
        found = {key(flow) for flow in flows(w) if flow["ip_proto"] in (6, 17) and (flow["initiator"], flow["responder"]) not in truth.odd}
        expect(found > set(truth.admitted()), f"an open gate was not noticed: {len(found)} directions")

def sampling_stands_beside():
    truth = Truth()
    with Folder() as f:
        w = all_flows(f, sample_border(f))
        _, e = exports(w, recorded(f, "sampled", 9996, 17)[0])
        got = flows(w)
        expect(got and {flow["sampling"] for flow in got} == {10} and e["sampling_least"] == e["sampling_most"] == 10, f"{e} {got[:1]}")
        admitted = truth.admitted()
        whole = sum(p for p, _ in admitted.values()); told = sum(counts(flow)[0] for flow in got if key(flow) in admitted)
        expect(whole / 20 < told < whole / 5, f"{told} packets are told, {whole} went: were they multiplied?")

def sampled_packets_are_frames():
    with Folder() as f:
        path, frames = recorded(f, "sflow", 6343, 17)
        samples = sum(struct.unpack_from("!I", r[3], 42 + 24)[0] for r in frames)
        w = all_flows(f, sample_border(f))
        result, e = exports(w, path)
        expect(e["beside"]["samples"] + e["beside"]["counter_samples"] == samples and e["account"]["received"] == 0 and samples > 100, f"{e}, {samples} samples")
        expect(result["account"]["received"] == len(frames) + e["beside"]["samples"] and result["account"]["selected"] > 50, f"{result['account']}")
        expect(all(flow.get("sampling", 1) == 1 and "metered_by" not in flow for flow in flows(w)), "a frame is no counted segment")
        verify_both(w + "/ledger")

# ---- against the expected records of the authors of another collector ----

NAMES = {"source": ("ipv4_src_addr", "sourceIPv4Address", "ipv6_src_addr", "sourceIPv6Address"), "destination": ("ipv4_dst_addr", "destinationIPv4Address", "ipv6_dst_addr", "destinationIPv6Address"),
         "sport": ("l4_src_port", "sourceTransportPort"), "dport": ("l4_dst_port", "destinationTransportPort"), "proto": ("protocol", "protocolIdentifier"),
         "packets": ("in_pkts", "packetDeltaCount", "packetTotalCount"), "octets": ("in_bytes", "octetDeltaCount", "octetTotalCount", "fwd_flow_delta_bytes"),
         "first": ("first_switched", "flowStartMilliseconds", "flowStartSeconds", "flowStartMicroseconds"), "last": ("last_switched", "flowEndMilliseconds", "flowEndSeconds", "flowEndMicroseconds")}
UNSET = (None, "::", "0.0.0.0")

def said(record, what): return next((record[name] for name in NAMES[what] if record.get(name) not in UNSET), None)
def instant(value):
    if isinstance(value, (int, float)): return float(value)
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()

def matches(record, flow, with_time):
    pair = {"source": flow["initiator"], "destination": flow["responder"]}
    if flow["ip_proto"] in (6, 17): pair |= {"sport": flow["initiator_port"], "dport": flow["responder_port"]}
    pair |= {"proto": flow["ip_proto"], "packets": counts(flow)[0], "octets": counts(flow)[1]}
    for what, value in pair.items():
        told = said(record, what)
        if told is not None and str(told) != str(value): return False
    # The authors' collector takes the milliseconds of NetFlow's clocks for microseconds, and cuts those of IPFIX to seconds: it is up to two seconds late.
    return not with_time or all(said(record, what) is None or -1 < instant(said(record, what)) - instant(flow[what]) < 2 for what in ("first", "last"))

def expected_records_of_others():
    base, compared = need_shared("net", "netflow") + "/", 0
    cases = [json.loads(line) for line in open(base + "expected.jsonl")]
    for case in cases:
        with Folder() as f:
            w = all_flows(f, everything_foreign(f))
            result, e = exports(w, *(base + d for d in case["datagrams"]))
            b = e["beside"]
            expect(b["data_records"] + b["options_records"] == (case["events"] or 0), f"{case['case']}: {case['events']} records expected, {b}")
            expect(case["events"] is not None or b["malformed_messages"] == len(case["datagrams"]), f"{case['case']}: not malformed: {b}")
            expect("missing" not in case["case"] or b["no_template"] > 0, f"{case['case']}: {b}")
            got = flows(w)
            for record in case["records"]:
                record = record.get("netflow", {})
                if said(record, "source") is None or said(record, "destination") is None: continue
                # One exporter's flow is of another week than its export: that is clamped, and counted.
                expect(any(matches(record, flow, b["times_wrong"] == 0) for flow in got), f"{case['case']}: no flow is {record}; {got[:2]}")
                compared += 1
            numbered = {}
            for row in case["fields"]: numbered.setdefault(row["record"], {})[row["field"].removeprefix("netflow.")] = row["value"].strip("'")
            for record in numbered.values():
                if said(record, "source") is None or said(record, "destination") is None: continue
                expect(any(matches(record, flow, False) for flow in got), f"{case['case']}: no flow is {record}"); compared += 1
            search_absent(w, [b"kobo.com", b"lemde.fr", b"beer=123456", b"Test-env", b"Commodore", b"INTERACTIVE"])
            verify_both(w + "/ledger")
    expect(len(cases) == 21 and compared > 20, f"{len(cases)} cases, {compared} records were compared")

def search_absent(folder, words):
    for base, _, files in os.walk(folder):
        for file in files:
            data = open(os.path.join(base, file), "rb").read()
            for word in words: expect(word not in data, f"{word} is in {os.path.join(base, file)}")

# ---- fates ----

def each_pair_is_judged():
    records = [(IN, 1000, OUT, 443, 6, 10, 1000), (OUT, 443, IN, 1000, 6, 11, 1100), (IN, 1, IN, 2, 17, 3, 300), (OUT, 1, OTHER, 2, 17, 4, 400), (IN, 5, NOWHERE, 6, 17, 5, 500), (OUT, 7, IN, 8, 6, 0, 900)]
    wants = {"FF": 1, "FD": 2, "DF": 1, "DD": 1, "UNKNOWN": 1}
    for message in ([v5(records)], [ipfix([(2, template(256, *PLAIN)), (256, plain(*records))])]):
        with Folder() as f:
            w = all_flows(f); result, e = exports(w, write_pcap(f + "/c", carried(*message)))
            expect(e["classes"] == wants and e["account"] == {"received": 6, "gate_erased": 2, "select_erased": 0, "selected": 4, "malformed": 0}, str(e["account"]) + str(e["classes"]))
            expect(e["erased"]["domestic"] == e["erased"]["unknown"] == 1, str(e["erased"]))
            got = {key(flow): counts(flow) for flow in flows(w)}
            want = {r[:5]: (r[5] or 1, r[6]) for r in records if NOWHERE not in r and r[2] != r[0]}
            expect(got == want, f"{got}\n{want}"); verify_both(w + "/ledger")

def what_address_translation_hides():
    """The pair after translation is judged too, and the strictest wins; it is never kept."""
    fields = (*PLAIN, (225, 4), (226, 4))
    rows = ((IN, OUT, "192.0.2.77", OUT), (OTHER, OUT, "192.0.2.5", "192.0.2.77"), (OTHER, OUT, OTHER, NOWHERE), (OUT, IN, "0.0.0.0", "0.0.0.0"))
    body = b"".join(plain((a, 1000, b, 443, 6, 10, 1000)) + socket.inet_aton(c) + socket.inet_aton(d) for a, b, c, d in rows)
    with Folder() as f:
        w = all_flows(f); _, e = exports(w, write_pcap(f + "/c", carried(ipfix([(2, template(256, *fields)), (256, body)]))))
        expect(e["account"]["selected"] == 2 and e["erased"]["inner_domestic"] == 1 and e["erased"]["inner_unknown"] == 1, str(e))
        expect("192.0.2.77" not in json.dumps(flows(w)), "a translated address was kept")

def without_selectors_nothing_is_kept():
    with Folder() as f:
        w = make_workspace(f); listing = f + "/l.txt"; open(listing, "w").write(OTHER + "\n"); sekisho("selectors", "import", "--workspace", w, listing)
        message = ipfix([(2, template(256, *PLAIN)), (256, plain((IN, 1000, OUT, 443, 6, 10, 1000), (OTHER, 7, IN, 22, 6, 5, 500)))])
        result, e = exports(w, write_pcap(f + "/c", carried(message)), extra=("--eve", f + "/eve.json"))
        expect(e["account"]["select_erased"] == 1 == e["erased"]["no_hit"] and e["account"]["selected"] == 1, str(e))
        finding, = result["findings"]
        expect(finding["matched"] == OTHER and "as a flow export counted it" in finding["sentence"], str(finding))
        lines = [json.loads(l) for l in open(f + "/eve.json")]
        expect(any(l.get("sekisho", {}).get("metered_by") == "ipfix" for l in lines), str(lines))
        expect(OUT.encode() not in open(f + "/eve.json", "rb").read() and len(flows(w)) == 1, "the record that nothing selects was kept")
        verify_both(w + "/ledger")

def carriers_go_the_way_of_all_frames():
    """An exporter abroad: its datagram is an admitted frame and a flow of its own, and what it carried is read once."""
    with Folder() as f:
        w = all_flows(f); message = ipfix([(2, template(256, *PLAIN)), (256, plain((IN, 1000, OUT, 443, 6, 10, 1000)))])
        path = write_pcap(f + "/c", carried(message, port=4739, router=OUT) + carried(message, port=7777) + carried(b"no message", port=4739))
        result, e = exports(w, path)
        expect(result["account"] == {"received": 3, "gate_erased": 2, "select_erased": 0, "selected": 1, "capture_lost": 0, "pending": 0}, str(result["account"]))
        expect(e["beside"]["carriers"] == 2 and e["account"]["received"] == 1 and e["beside"]["malformed_messages"] == 1, str(e))
        expect(len(flows(w)) == 2 and result["flows"]["total"] == 1, "the carrier's own flow or the record is missing")
        _, e = exports(w, path, extra=("--again", "--exports=7777")); expect(e["beside"]["carriers"] == 1 and e["account"]["received"] == 1, str(e))
        _, e = exports(w, path, extra=("--again", "--exporter", "192.0.2.250")); expect(e["account"]["received"] == 0 and e["beside"]["carriers"] == 1, str(e))
        result, _ = watch_json(w, path, extra=("--again",)); expect("exports" not in result, "without --exports nothing is read")
        verify_both(w + "/ledger")

def files_and_what_was_watched_already():
    with Folder() as f:
        w = all_flows(f); message = ipfix([(2, template(256, *PLAIN)), (256, plain((IN, 1000, OUT, 443, 6, 10, 1000)))])
        one, two, cut, noise = f + "/one.dat", f + "/two.ipfix", f + "/cut.dat", f + "/noise.dat"
        open(one, "wb").write(v5([(IN, 1000, OUT, 443, 6, 10, 1000)])); open(two, "wb").write(message + ipfix([(256, plain((OUT, 443, IN, 1000, 6, 9, 900)))], sequence=1))
        open(cut, "wb").write(message[:-20]); open(noise, "wb").write(b"hello, this is neither\n")
        result, e = exports(w, one, two); expect(e["account"]["selected"] == 3 and result["account"]["received"] == 0 and e["beside"]["lost_records"] == 0, str(e))
        done = watch_json(w, one, code=5, extra=("--exports",))[1]; expect("watched already" in done.err, done.err)
        result, _ = exports(w, one, extra=("--again",)); verify_both(w + "/ledger")
        done = watch_json(w, cut, code=None, extra=("--exports",))[1]; expect(done.returncode in (0, 3), f"{done.returncode}: {done.err}")
        done = watch_json(w, noise, code=4, extra=("--exports",))[1]; expect("noise.dat" in done.err, done.err)
        done = watch_json(w, one, code=4)[1]; expect(done.err.strip(), "a message is no capture")
        verify_both(w + "/ledger")

# ---- erasure ----

def content(secret, inside, outside):
    """A record with every place where a person or a secret may stand, of fixed and of variable length, and those of enterprises."""
    word, mac = secret.encode(), secret.encode()[:6]
    texts = (460, 461, 458, 371, 147, 96, 94, 95, 82, 83, 84, 201, 231 + 200, (89, 35632), (187, 35632), (52, 6871), (128, 9694), (29289, 9))
    fields = [*PLAIN, (56, 6), (80, 6), (365, 6), (104, len(word))] + [(t, 65535) if isinstance(t, int) else (t[0], 65535, t[1]) for t in texts] + [(210, len(word)), (58, 2)]
    body = plain((inside, 1000, outside, 443, 6, 10, 1000)) + mac * 3 + word + b"".join(text(word * 3) for _ in texts) + word + b"\0\1"
    return fields, body

def canary_run(folder, secret, border=None, name="ws"):
    fields, _ = content(secret, IN, OUT); pieces = [content(secret, a, b)[1] for a, b in ((IN, OUT), (IN, IN), (OUT, OTHER), (OUT, NOWHERE))]
    message = ipfix([(2, template(256, *fields)), (256, b"".join(pieces)), (3, struct.pack("!HHHHHHH", 300, 2, 1, 149, 4, 460, 65535)), (300, struct.pack("!I", 1) + text(secret.encode()))])
    frame = ether(tcp(OUT, 80, IN, 999, PSH | ACK, secret.encode() * 8))
    sample = struct.pack("!IIIIII", 1, 16 + len(frame), 1, len(frame), 4, len(frame)) + frame + b"\0" * (-len(frame) % 4)
    user = struct.pack("!IIII", 1004, 12 + 40, 0, len(secret)) + secret.encode().ljust(44, b"\0")
    flow = struct.pack("!IIIIIIII", 1, 1, 100, 1, 0, 1, 2, 2) + sample + user
    sflow = struct.pack("!IIIIIII", 5, 1, 0xc0000201, 0, 1, 1, 1) + struct.pack("!II", 1, len(flow)) + flow
    out = os.path.join(folder, name + "-out"); os.mkdir(out)
    w = os.path.join(out, "ws"); sekisho("init", "--workspace", w, "--profile", "lab", "--border", border or make_border(folder + "/b.skb")); sekisho("selectors", "import", "--workspace", w, "--all-flows")
    result, done = watch_json(w, write_pcap(f"{folder}/{name}.pcap", carried(message, sflow, message[:-30])), extra=("--exports", "--eve", out + "/eve.json", "--ipfix", out + "/out.ipfix"), env={"TMPDIR": out})
    for i, answer in enumerate((done.out, done.err, *(sekisho(c, "--workspace", w, "--json").out for c in ("findings", "observations", "flows")))): open(f"{out}/answer{i}", "w").write(answer)
    return out, result

def search(folder, secret):
    forms = [v for w in (secret.encode(), secret.encode()[:6]) for v in (w, w.upper(), w.hex().encode(), b":".join(b"%02x" % c for c in w))]
    return [os.path.join(base, file) for base, _, files in os.walk(folder) for file in files if any(form in open(os.path.join(base, file), "rb").read() for form in forms)]

def content_is_never_copied():
    secret = "zq" + os.urandom(8).hex()
    with Folder() as f:
        out, result = canary_run(f, secret)
        e = result["exports"]
        expect(e["account"]["selected"] == 2 and e["account"]["gate_erased"] == 2 and e["beside"]["samples"] == 1 and e["beside"]["dropped_at_template"] >= 24, str(e))
        expect(not search(out, secret), f"left behind: {search(out, secret)}")
        open(out + "/leak", "w").write("x" * 99 + secret); expect(search(out, secret) == [out + "/leak"], "the search is blind")

def erased_records_leave_nothing():
    """Addresses of records that the gate erased, or that nothing selects, are in no file."""
    hidden = [f"192.0.2.{n}" for n in (41, 42, 43)]
    with Folder() as f:
        out = f + "/out"; os.mkdir(out); w = make_workspace(out, border=make_border(f + "/b.skb")); open(f + "/l.txt", "w").write(OTHER + "\n"); sekisho("selectors", "import", "--workspace", w, f + "/l.txt")
        message = ipfix([(2, template(256, *PLAIN)), (256, plain((hidden[0], 1000, hidden[1], 443, 6, 10, 1000), (hidden[2], 1000, OUT, 443, 6, 10, 1000)))])
        exports(w, write_pcap(f + "/c", carried(message)), extra=("--eve", out + "/eve.json", "--ipfix", out + "/i"))
        words = [w for a in hidden for w in (a.encode(), socket.inet_aton(a))]
        search_absent(out + "/ws/store", words[::2]); search_absent(out, words[::2])
        expect(os.path.getsize(out + "/i") < 200 and not any(socket.inet_aton(a) in open(out + "/i", "rb").read() for a in hidden), "the exporter sent what was erased")

# ---- refusals ----

def refused(code, words, *call):
    done = sekisho(*call, code=code)
    for word in words: expect(word in done.err, f"'{word}' is not said: {done.err}")

def refusals():
    with Folder() as f:
        c = write_pcap(f + "/c", carried(v5([(IN, 1000, OUT, 443, 6, 10, 1000)])))
        w = make_workspace(f, "party", profile="own-network", extra=("--role", "party")); exports(w, c)
        open(f + "/l.txt", "w").write("198.51.100.0/24\n2001:db8:2::/48\n"); sekisho("selectors", "import", "--workspace", w, f + "/l.txt")
        for where in ("udp:198.51.100.77:4739", "tcp:[2001:db8:2::9]:4739"): refused(29, ["selector"], "watch", "--workspace", w, "--again", "--ipfix", where, c)
        for bad in (("--exports=0",), ("--exports=2055,",), ("--exports=99999",), ("--exports", "--exporter", "192.0.2.1/8"), ("--exporter", "192.0.2.1")):
            refused(2, ["usage"], "watch", "--workspace", w, *bad, c)
        for bad in ((), ("--listen", "udp:localhost:2055"), ("--listen", "udp:127.0.0.1"), ("--listen", "sctp:127.0.0.1:4739"), ("--listen", "udp:127.0.0.1:0"), ("--listen", "udp:127.0.0.1:2055", c)):
            refused(2, [], "collect", "--workspace", w, *bad)
        refused(4, [], "collect", "--workspace", f + "/none", "--listen", "udp:127.0.0.1:2055")
        verify_both(w + "/ledger")

if __name__ == "__main__":
    main(exporters_tell_what_the_frames_tell, sabotage_a_wrong_table_is_seen, sampling_stands_beside, sampled_packets_are_frames, expected_records_of_others, each_pair_is_judged,
         what_address_translation_hides, without_selectors_nothing_is_kept, carriers_go_the_way_of_all_frames, files_and_what_was_watched_already, content_is_never_copied,
         erased_records_leave_nothing, refusals)
