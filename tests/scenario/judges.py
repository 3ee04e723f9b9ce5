"""Three judges of `sekisho flows`: what Arkime wrote about the captures of net/arkime, FoxIO's JA4 tool about those of net/ja4, and nDPI about those of
net/ndpi.

compare_arkime, compare_foxio and compare_ndpi pair their lines with ours and add to a Tally: for each measure how many agree, and every disagreement, each of
which must find its reason in REASONS. A reason is a predicate over facts (addresses, counts, hashes made again), so that it cannot be said of
a disagreement of another cause; the few that only a look at the frames could give name the capture and the ends."""
import base64, collections, hashlib, socket, struct

ICMP, TCP, UDP, ICMP6, SCTP, ESP, AH = 1, 6, 17, 58, 132, 50, 51
NUMBERS = {"ICMP": ICMP, "TCP": TCP, "UDP": UDP, "ICMPv6": ICMP6, "SCTP": SCTP}
MEASURES = {
    "count": "Arkime: captures with the same number of sessions", "session": "Arkime: sessions that are a flow here", "flow": "Arkime: flows here that are a session there",
    "community_id": "Arkime: Community ID", "packets": "Arkime: packets of a session", "bytes": "Arkime: bytes of a session", "each_way": "Arkime: packets each way",
    "initiator": "Arkime: who opened it", "ja3": "Arkime: JA3", "ja4": "Arkime: JA4", "sni": "Arkime: SNI", "tls": "Arkime: is TLS", "dns": "Arkime: is DNS",
    "foxio_ja4": "FoxIO: JA4 of every ClientHello", "foxio_sni": "FoxIO: SNI of every connection",
    "ndpi_ja3": "nDPI: JA3", "ndpi_ja4": "nDPI: JA4", "ndpi_sni": "nDPI: SNI"}
JUDGES = {"arkime": "Arkime", "ja4": "FoxIO's JA4 tool", "ndpi": "nDPI"}

def packed(address): return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
def canon(address): return socket.inet_ntop(socket.AF_INET6 if ":" in address else socket.AF_INET, packed(address))

def community_id(proto, a, b, ports=b""):
    return "1:" + base64.b64encode(hashlib.sha1(b"\0\0" + packed(a) + packed(b) + bytes([proto, 0]) + ports).digest()).decode()

def key(proto, a, a_port, b, b_port):
    ends = [(canon(a), a_port if proto in (TCP, UDP, SCTP) else 0), (canon(b), b_port if proto in (TCP, UDP, SCTP) else 0)]
    return (proto, *sorted(ends, key=lambda end: (packed(end[0]), end[1])))

def session_key(s): return key(s["ip_proto"], s["src"], s["sport"], s["dst"], s["dport"]) if "src" in s else None
def flow_key(f): return key(NUMBERS.get(f["proto"]) or int(f["proto"]), f["initiator"], f.get("initiator_port", 0), f["responder"], f.get("responder_port", 0))

class Disagreement:
    """One value that differs: which measure, where, what they say and what we say; session and flow as far as there are any."""
    def __init__(self, measure, capture, theirs, ours, result, session=None, flow=None, same_sum=False):
        self.measure, self.capture, self.theirs, self.ours, self.result, self.session, self.flow, self.same_sum = measure, capture, theirs, ours, result, session, flow, same_sum
        self.protocols = (session or {}).get("protocols", [])
        self.key = session_key(session) if session and "ip_proto" in session else flow_key(flow) if flow else None
        self.proto = self.key[0] if self.key else None
        self.hosts = {self.key[1][0], self.key[2][0]} if self.key else set()
        self.ports = {self.key[1][1], self.key[2][1]} if self.key else set()
        self.reason = next((words for words, holds in REASONS if holds(self)), None)

    def __str__(self): return f"{self.measure} {self.capture} {self.key}: theirs {self.theirs}, ours {self.ours}"

class Tally:
    def __init__(self): self.agree, self.all, self.disagreements = collections.Counter(), collections.Counter(), []

    def judge(self, measure, capture, theirs, ours, result, **more):
        self.all[measure] += 1
        if theirs == ours: self.agree[measure] += 1
        else: self.disagreements.append(Disagreement(measure, capture, theirs, ours, result, **more))

    def share(self, measure): return 100 * self.agree[measure] / self.all[measure]
    def unexplained(self): return [d for d in self.disagreements if d.reason is None]

def compare_session(tally, capture, result, s, f, same_sum):
    def judge(measure, theirs, ours): tally.judge(measure, capture, theirs, ours, result, session=s, flow=f, same_sum=same_sum)
    tls, protocols = f.get("tls", {}), s["protocols"]
    if "community_id" in s: judge("community_id", s["community_id"], f["community_id"])
    judge("packets", s["packets"], f["frames"])
    judge("bytes", s["bytes"], f["frame_bytes"])
    judge("each_way", (s["src_packets"], s["dst_packets"]), (f["packets"]["from_initiator"], f["packets"]["from_responder"]))
    judge("initiator", canon(s["src"]), f["initiator"])
    for name in ("ja3", "ja4"):
        if s.get(name) or tls.get(name): judge(name, s.get(name, [None])[0], tls.get(name) or None)
    if ("tls" in protocols and s.get("sni_hosts")) or tls.get("sni_domain"): judge("sni", s.get("sni_hosts", [None])[0], tls.get("sni_domain") or None)
    if "tls" in protocols or tls: judge("tls", "tls" in protocols, bool(tls))
    if "dns" in protocols or "dns" in f: judge("dns", "dns" in protocols, "dns" in f)

def compare_arkime(tally, capture, result, sessions, flows):
    """Pairs by protocol and ends, those of one key in order of time."""
    theirs, ours = collections.defaultdict(list), collections.defaultdict(list)
    for s in sorted(sessions, key=lambda s: s["first_ms"]): theirs[session_key(s)].append(s)
    for f in sorted(flows, key=lambda f: f["first"]): ours[flow_key(f)].append(f)
    before = len(tally.disagreements)
    for k in sorted(theirs.keys() | ours.keys(), key=str):
        pieces = max(len(theirs[k]), len(ours[k]))
        same_sum = pieces > 1 and sum(s["packets"] for s in theirs[k]) == sum(f["frames"] for f in ours[k]) and \
            sum(s["bytes"] for s in theirs[k]) == sum(f["frame_bytes"] for f in ours[k])
        for i in range(pieces):
            s, f = (side[k][i] if i < len(side[k]) else None for side in (theirs, ours))
            if s: tally.judge("session", capture, s["packets"], s["packets"] if f else None, result, session=s, same_sum=same_sum)
            if f: tally.judge("flow", capture, f["frames"] if s else None, f["frames"], result, flow=f, same_sum=same_sum)
            if s and f: compare_session(tally, capture, result, s, f, same_sum)
    tally.judge("count", capture, len(sessions), len(flows), result)
    if len(sessions) != len(flows):   # the reasons of a count are those of the sessions and flows that it lacks
        reasons = sorted({d.reason or "?" for d in tally.disagreements[before:-1] if d.measure in ("session", "flow")})
        tally.disagreements[-1].reason = None if "?" in reasons or not reasons else "the sum of: " + "; ".join(reasons)

def compare_foxio(tally, capture, result, streams, flows):
    hellos = {(canon(f["initiator"]), f["initiator_port"], canon(f["responder"]), f["responder_port"]): f["tls"] for f in flows if "tls" in f}
    for s in streams:
        tls = hellos.get((canon(s["src"]), int(s["srcport"]), canon(s["dst"]), int(s["dstport"])), {})
        for n in (1, 2):
            if f"JA4.{n}" in s: tally.judge("foxio_ja4", capture, s[f"JA4.{n}"], tls.get("ja4") if n == 1 else None, result, session={"hello": n})
        if "domain" in s: tally.judge("foxio_sni", capture, s["domain"], tls.get("sni_domain"), result)

def ndpi_end(text):
    address, port = text.rsplit(":", 1)
    return canon(address.strip("[]")), int(port)

def compare_ndpi(tally, capture, result, lines, flows):
    hellos = {frozenset([(canon(f["initiator"]), f["initiator_port"]), (canon(f["responder"]), f["responder_port"])]): f for f in flows if "tls" in f}
    for theirs in (f for line in lines for f in line.get("flows", []) if f.get("ja3") or f.get("ja4")):
        ours = hellos.get(frozenset([ndpi_end(theirs["a"]), ndpi_end(theirs["b"])]))
        for measure, name in (("ja3", "ja3"), ("ja4", "ja4"), ("sni", "sni_domain")):
            if theirs.get(measure):
                tally.judge("ndpi_" + measure, capture, theirs[measure], ours and ours["tls"][name], result,
                            session={"protocols": [theirs["proto"].split(".")[0].lower()]}, flow=ours)

# ---- why they differ ----

def erased(d, reason): return d.result["erased"].get(reason, 0)
COUNTS = ("packets", "bytes", "each_way", "initiator")
DHCP_PORTS = {67, 68, 546, 547}

def zero_ports_hashed(d):
    return d.measure == "community_id" and d.proto in (ESP, AH) and d.theirs == community_id(d.proto, d.key[1][0], d.key[2][0], bytes(4)) and \
        d.ours == community_id(d.proto, d.key[1][0], d.key[2][0])

def one_way_sorted(d):
    if d.measure != "community_id" or d.proto != ICMP6 or d.flow["icmp_type"] != 1: return False
    ports = struct.pack("!HH", d.flow["icmp_code"], d.flow["icmp_type"])
    return d.theirs == community_id(ICMP6, d.key[1][0], d.key[2][0], ports)

def ndpi_form(tls):
    """Our JA4 as nDPI writes it: always 'd', the ALPN's first two characters, a hash also of an empty list."""
    a, b, c = tls["ja4"].split("_")
    alpn = tls["alpn"][:2].lower() if tls["alpn"] else a[8:]
    return "_".join((a[:3] + "d" + a[4:8] + alpn, b, "e3b0c44298fc" if c == "0" * 12 else c))

REASONS = [
    ("802.11: the link type is refused with one line, nothing of the capture is read",
        lambda d: "link type 127" in " ".join(d.result["errors"])),
    ("no IP (ARP, LLDP, IS-IS, 802.2, unknown EtherType): erased as non_ip, never a flow",
        lambda d: d.measure == "session" and "src" not in d.session and erased(d, "non_ip") >= d.session["packets"]),
    ("Arkime writes an empty second line (0 packets) for a connection that it has written already",
        lambda d: d.measure == "session" and d.session["packets"] == 0),
    ("a tunnel whose inner frame is no IP (ARP, CDP, LLC): erased as inner_unknown",
        lambda d: d.measure == "session" and erased(d, "inner_unknown") >= d.session["packets"] and
        ({"gre", "vxlan"} & set(d.protocols)) and d.session["sport"] == 0),
    ("ERSPAN as EtherType, NSH and Cisco MetaData are no encapsulations that the gate peels: erased as non_ip",
        lambda d: d.measure == "session" and d.session.get("ethertype") in (0x88be, 0x894f) and erased(d, "non_ip") >= d.session["packets"]),
    ("VXLAN-GPE (port 4790) is no tunnel that the gate peels: one UDP flow of the outer pair, where Arkime has the inner query and the outer answer",
        lambda d: d.capture == "arkime_synthetic.pcap" and (4790 in d.ports or "vxlan-gpe" in d.protocols)),
    ("a UDP head that claims 0 bytes: Arkime calls it corrupt and puts it apart, here it belongs to the flow of its ports",
        lambda d: d.capture == "arkime_synthetic.pcap" and d.hosts == {"10.9.8.1", "10.9.8.2"}),
    ("IP in IPv6 behind 2 KiB of destination options: Arkime gives up on it, here the inner flow is found",
        lambda d: d.capture == "arkime_synthetic.pcap" and
        (d.proto in (4, 41) and "corrupt-ip" in d.protocols or d.measure == "flow" and d.flow["layers"] == 2 and d.ports & {40200, 40300} != set())),
    ("Arkime joins all DHCP messages of a client; a flow has one pair of ends",
        lambda d: d.proto == UDP and d.ports <= DHCP_PORTS and d.measure in ("session", "flow", *COUNTS)),
    ("Arkime has one session for all IGMP or PIM packets of the capture; a flow has one pair of ends",
        lambda d: d.proto in (2, 103) and d.measure in ("flow", *COUNTS)),
    ("ICMPv6 types that do not answer each other are different flows; Arkime has one session for the pair",
        lambda d: d.proto == ICMP6 and d.same_sum and d.measure in ("flow", *COUNTS)),
    ("a SYN after both FINs opens a new flow; Arkime adds it to the old session",
        lambda d: d.capture == "tcp-reassembly-synthetic.pcap" and 40009 in d.ports and d.same_sum),
    ("the same packets, cut at another moment: each program has its own time-outs, and the sums of packets and bytes are equal",
        lambda d: d.proto in (TCP, UDP) and d.same_sum and d.measure in ("session", "flow", *COUNTS)),
    ("Arkime counts a datagram of many fragments as one packet; here each frame is counted",
        lambda d: d.capture == "socks5-http-302-frag.pcap" and d.measure in COUNTS),
    ("no SYN was captured: Arkime takes the sender of an HTTP answer for the server, here the first sender is the initiator, marked as not sure",
        lambda d: d.capture == "single-packets.pcap" and d.measure in ("initiator", "each_way") and not d.flow["initiator_sure"]),
    ("ESP and AH: Arkime hashes two ports of 0 where Community ID 1 has none (Wireshark's equals ours where it gives one)",
        zero_ports_hashed),
    ("ICMPv6 errors: Arkime sorts the ends and swaps type and code; Community ID 1 leaves a one-way message as it is (Wireshark's equals ours)",
        one_way_sorted),
    ("QUIC: its Initial packets are opened in a later version",
        lambda d: "quic" in d.protocols and d.measure in ("ja3", "ja4", "sni", "ndpi_ja3", "ndpi_ja4", "ndpi_sni")),
    ("nDPI writes JA4 in an older form: d also without SNI, the first two characters of the ALPN instead of first and last, the hash of nothing instead of zeros; the rest is equal",
        lambda d: d.measure == "ndpi_ja4" and d.flow and d.theirs == ndpi_form(d.flow["tls"])),
    ("DTLS: a ClientHello is a ClientHello here; Arkime marks it otherwise and gives no JA3 (Wireshark's JA3 equals ours)",
        lambda d: d.proto == UDP and d.measure in ("tls", "ja3", "ja4", "sni") and
        d.flow["tls"]["ja4"].startswith("d") and d.theirs in (None, False)),
    ("an SSLv2 hello: no record layer, no ClientHello as JA3 and JA4 mean it",
        lambda d: d.measure == "tls" and d.capture == "pppoe.pcap" and not d.session.get("ja4")),
    ("the ClientHello is not in the capture (a gap), only the server's side is",
        lambda d: d.measure == "tls" and d.capture == "socks4-https.pcap" and not d.session.get("ja4")),
    ("a ClientHello that ends before its length: no head, no fingerprint on either side",
        lambda d: d.measure == "tls" and d.hosts == {"10.0.18.1", "10.0.18.100"} and not d.session.get("ja4")),
    ("the second ClientHello after a HelloRetryRequest: a flow keeps the first",
        lambda d: d.measure == "foxio_ja4" and d.session["hello"] == 2),
    ("an ALPN value that is no ASCII: FoxIO's older tool wrote 99; its specification, followed here, takes the first and last hex digit",
        lambda d: d.measure == "foxio_ja4" and d.capture == "tls-non-ascii-alpn.pcapng" and
        d.theirs.replace("99_", d.ours[8:10] + "_", 1) == d.ours),
]
