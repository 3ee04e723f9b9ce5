"""Five judges of `sekisho flows`: what Arkime wrote about the captures of net/arkime, FoxIO's JA4 tool about those of net/ja4, nDPI about those of net/ndpi,
Suricata's own tests about those of net/suricata-verify, and tshark about the function codes of net/ics.

compare_arkime, compare_foxio, compare_ndpi, compare_suricata and compare_functions pair their lines with ours and add to a Tally: for each measure how many agree,
and every disagreement, each of which must find its reason in REASONS. A reason is a predicate over facts (addresses, counts, hashes made again), so that it cannot be said of
a disagreement of another cause; the few that only a look at the frames could give name the capture and the ends."""
import base64, collections, datetime, hashlib, socket, struct

ICMP, TCP, UDP, ICMP6, SCTP, ESP, AH = 1, 6, 17, 58, 132, 50, 51
CODES_MAX = 8   # different function codes that a flow keeps
NUMBERS = {"ICMP": ICMP, "TCP": TCP, "UDP": UDP, "ICMPv6": ICMP6, "SCTP": SCTP}
MEASURES = {
    "count": "Arkime: captures with the same number of sessions", "session": "Arkime: sessions that are a flow here", "flow": "Arkime: flows here that are a session there",
    "community_id": "Arkime: Community ID", "packets": "Arkime: packets of a session", "bytes": "Arkime: bytes of a session", "each_way": "Arkime: packets each way",
    "initiator": "Arkime: who opened it", "ja3": "Arkime: JA3", "ja4": "Arkime: JA4", "sni": "Arkime: SNI", "tls": "Arkime: is TLS", "dns": "Arkime: is DNS",
    "app": "Arkime: protocol by content", "ja3s": "Arkime: JA3S", "tls_version": "Arkime: TLS version that the server chose", "hassh": "Arkime: HASSH",
    "hassh_server": "Arkime: HASSH of the server", "ssh_software": "Arkime: SSH versions and programs", "http_method": "Arkime: HTTP method",
    "http_status": "Arkime: HTTP status", "http_host": "Arkime: HTTP host",
    "foxio_ja4": "FoxIO: JA4 of every ClientHello", "foxio_sni": "FoxIO: SNI of every connection",
    "ndpi_ja3": "nDPI: JA3", "ndpi_ja4": "nDPI: JA4", "ndpi_sni": "nDPI: SNI", "ndpi_app": "nDPI: protocol by content",
    "suricata_app": "Suricata's tests: protocol is seen", "suricata_value": "Suricata's tests: value of a head",
    "functions": "tshark: industrial functions of two hosts", "writes": "tshark: industrial writes between two hosts"}
JUDGES = {"arkime": "Arkime", "ja4": "FoxIO's JA4 tool", "ndpi": "nDPI", "suricata-verify": "Suricata's tests", "ics": "tshark"}

# Our protocol names and what each judge calls them. What they name besides has no head here.
ARKIME_APPS = {name: name for name in ("dns", "tls", "dtls", "quic", "http", "http2", "ssh", "smb", "rdp", "stun", "ntp", "snmp", "sip", "mqtt", "modbus", "dnp3", "enip",
                                       "s7comm", "bacnet", "iec104")} | {"krb5": "kerberos", "s7comm-plus": "s7comm"}
NDPI_APPS = {"DNS": "dns", "TLS": "tls", "DTLS": "dtls", "QUIC": "quic", "HTTP": "http", "HTTP_Connect": "http", "HTTP_Proxy": "http", "HTTP2": "http2", "SSH": "ssh",
             "SMBv1": "smb", "SMBv23": "smb", "RDP": "rdp", "STUN": "stun", "NTP": "ntp", "SNMP": "snmp", "SIP": "sip", "MQTT": "mqtt", "Kerberos": "kerberos",
             "Modbus": "modbus", "DNP3": "dnp3", "EthernetIP": "enip", "S7Comm": "s7comm", "S7CommPlus": "s7comm", "IEC60870": "iec104", "BACnet": "bacnet"}
SURICATA_APPS = {name: name for name in ("dns", "tls", "quic", "http", "http2", "ssh", "smb", "rdp", "ntp", "snmp", "sip", "mqtt", "modbus", "dnp3", "enip")} | \
    {"krb5": "kerberos", "doh2": "http2"}
TLS_VERSIONS = {"SSLv3": 0x300, "TLSv1": 0x301, "TLSv1.1": 0x302, "TLSv1.2": 0x303, "TLSv1.3": 0x304, "TLSv1.3-draft-18": 0x7f12, "TLS 1.2": 0x303, "TLS 1.3": 0x304,
                "TLSv1.0": 0x301, "TLS 1.3 draft-18": 0x7f12, "TLS 1.3 draft-19": 0x7f13, "TLS 1.3 draft-22": 0x7f16}

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
    compare_heads(judge, s, f)

def one_of(theirs, ours):
    """Of several values that they list, ours has to be one; the list itself is what disagrees."""
    return ours if ours in theirs else theirs[0] if len(theirs) == 1 else theirs or None

def compare_heads(judge, s, f):
    server, ssh, http = f.get("tls_server", {}), f.get("ssh", {}), f.get("http", {})
    apps = sorted({ARKIME_APPS[p] for p in s["protocols"] if p in ARKIME_APPS})
    if apps or "app" in f: judge("app", one_of(apps, f.get("app")), f.get("app"))
    if "ja3s" in s or server: judge("ja3s", s.get("ja3s", [None])[0], server.get("ja3s"))
    if "tls_version" in s: judge("tls_version", TLS_VERSIONS[s["tls_version"][0]], server.get("version"))
    if "hassh" in s: judge("hassh", s["hassh"][0], ssh.get("client", {}).get("hassh"))
    if "hassh_server" in s: judge("hassh_server", s["hassh_server"][0], ssh.get("server", {}).get("hassh"))
    if "ssh_version" in s or ssh:
        sides = sorted(f"ssh-{side['version']}-{side['software']}".lower() for side in ssh.values())
        judge("ssh_software", sorted({version.split(" ")[0] for version in s.get("ssh_version", [])}), sorted(set(sides)))
    if "http_method" in s: judge("http_method", one_of(s["http_method"], http.get("method")), http.get("method"))
    if "http_status" in s: judge("http_status", one_of(s["http_status"], http.get("status")), http.get("status"))
    if "http_method" in s and s.get("sni_hosts"): judge("http_host", one_of([host.lower() for host in s["sni_hosts"]], http.get("host_domain")), http.get("host_domain"))

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
    hellos = {(canon(f["initiator"]), f["initiator_port"], canon(f["responder"]), f["responder_port"]): f for f in flows if "tls" in f}
    for s in streams:
        flow = hellos.get((canon(s["src"]), int(s["srcport"]), canon(s["dst"]), int(s["dstport"])), {})
        tls, retried = flow.get("tls", {}), flow.get("tls_server", {}).get("hello_retry")
        # Behind a HelloRetryRequest the second hello's is told where it is another.
        ja4 = {1: tls.get("ja4"), 2: tls.get("ja4_second", tls.get("ja4") if retried else None)}
        for n in (1, 2):
            if f"JA4.{n}" in s: tally.judge("foxio_ja4", capture, s[f"JA4.{n}"], ja4[n], result, session={"hello": n})
        if "domain" in s: tally.judge("foxio_sni", capture, s["domain"], tls.get("sni_domain"), result)

def ndpi_end(text):
    address, port = text.rsplit(":", 1)
    address = address.strip("[]")
    return canon(address.replace("::", ":0:", address.count("::") - 1)), int(port)   # nDPI shortens two runs of zeros where there may be one

def compare_ndpi(tally, capture, result, lines, flows):
    hellos = {frozenset([(canon(f["initiator"]), f["initiator_port"]), (canon(f["responder"]), f["responder_port"])]): f for f in flows if "tls" in f}
    for theirs in (f for line in lines for f in line.get("flows", []) if f.get("ja3") or f.get("ja4")):
        ours = hellos.get(frozenset([ndpi_end(theirs["a"]), ndpi_end(theirs["b"])]))
        for measure, name in (("ja3", "ja3"), ("ja4", "ja4"), ("sni", "sni_domain")):
            if theirs.get(measure):
                tally.judge("ndpi_" + measure, capture, theirs[measure], ours and ours["tls"][name], result,
                            session={"protocols": [theirs["proto"].split(".")[0].lower()]}, flow=ours)
    segments = collections.defaultdict(list)
    for f in flows: segments[f["ip_proto"], frozenset([(canon(f["initiator"]), f.get("initiator_port", 0)), (canon(f["responder"]), f.get("responder_port", 0))])].append(f)
    for theirs in (f for line in lines for f in line.get("flows", []) if f["l4"] in ("TCP", "UDP")):
        ours = segments.get((NUMBERS[theirs["l4"]], frozenset([ndpi_end(theirs["a"]), ndpi_end(theirs["b"])])))
        app = next((NDPI_APPS[part] for part in theirs["proto"].split(".") if part in NDPI_APPS), None)
        if ours is None: continue   # flows are Arkime's to count
        told = next((f for f in ours if "app" in f), ours[0])
        if app or "app" in told: tally.judge("ndpi_app", capture, app, told.get("app"), result, session={"ndpi": theirs["proto"], "theirs": theirs}, flow=told)

# What a value of Suricata's events is here.
SURICATA_VALUES = {
    "tls.sni": lambda f: f.get("tls", {}).get("sni_domain"), "tls.ja4": lambda f: f.get("tls", {}).get("ja4"),
    "tls.version": lambda f: f.get("tls_server", {}).get("version"),
    "tls.fingerprint": lambda f: f.get("certificate", {}).get("sha1"), "tls.notbefore": lambda f: f.get("certificate", {}).get("not_before_s"),
    "tls.notafter": lambda f: f.get("certificate", {}).get("not_after_s"), "tls.server_handshake.cipher": lambda f: f.get("tls_server", {}).get("cipher"),
    "http.hostname": lambda f: f.get("http", {}).get("host_domain"), "http.http_method": lambda f: f.get("http", {}).get("method"),
    "http.status": lambda f: f.get("http", {}).get("status"), "ssh.client.hassh.hash": lambda f: f.get("ssh", {}).get("client", {}).get("hassh"),
    "dnp3.application.function_code": lambda f: [c["code"] for c in f.get("command", {}).get("codes", [])] if f.get("app") == "dnp3" else None,
    "mqtt.connect.protocol_version": lambda f: f.get("command", {}).get("version") if f.get("app") == "mqtt" else None}

def suricata_value(name, value):
    if name == "tls.version": return TLS_VERSIONS.get(value, value)
    if name == "tls.fingerprint": return value.replace(":", "")
    if name in ("tls.notbefore", "tls.notafter"): return int(datetime.datetime.fromisoformat(value + "+00:00").timestamp())
    return value

def compare_suricata(tally, capture, result, cases, flows):
    """Their tests say which events there are; a value is right when some flow has it."""
    for check in (check for case in cases for check in case["checks"] if check["count"] > 0):
        match = check["match"]
        app = SURICATA_APPS.get(match.get("app_proto") or match.get("event_type"))
        told = sorted({f["app"] for f in flows if "app" in f})
        if app: tally.judge("suricata_app", capture, one_of([app], app if app in told else None), app if app in told else None, result, session={"match": match, "told": told})
        for name, ours in SURICATA_VALUES.items():
            if name not in match: continue
            values = [v for f in flows for v in (lambda v: v if isinstance(v, list) else [v])(ours(f)) if v is not None]
            want = suricata_value(name, match[name])
            tally.judge("suricata_value", capture, want, want if want in values else values[0] if values else None, result, session={"match": match, "name": name, "told": told})

# The functions that change a machine, by the standards (src/sensor/decode/dnp3.c and modbus.c say which).
WRITES = {"dnp3": {*range(2, 20), 20, 21, 22, 27, 31}, "modbus": {5, 6, 15, 16, 21, 22, 23}}

def compare_functions(tally, capture, result, frames, flows):
    """tshark wrote one line a frame; a flow keeps which functions there were, and counts writes."""
    theirs, ours = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for frame in frames: theirs[frame["app"], frozenset([canon(frame["src"]), canon(frame["dst"])])][frame["function"]] += 1
    writes, full = collections.Counter(), set()
    for f in (f for f in flows if f.get("app") in WRITES and "command" in f):
        ends = f["app"], frozenset([canon(f["initiator"]), canon(f["responder"])])
        writes[ends] += f["command"]["writes"]
        if len(f["command"]["codes"]) == CODES_MAX: full.add(ends)
        for code in f["command"]["codes"]: ours[ends][code["code"]] += 1
    for ends in sorted(theirs.keys() | ours.keys(), key=str):
        more = {"app": ends[0], "full": ends in full, "lines": sum(theirs[ends].values())}
        for function in sorted(theirs[ends].keys() | ours[ends].keys()):
            tally.judge("functions", capture, function if function in theirs[ends] else None, function if function in ours[ends] else None, result, session=more)
        tally.judge("writes", capture, sum(n for function, n in theirs[ends].items() if function in WRITES[ends[0]]), writes[ends], result, session=more)

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

def silent(flow):
    """Not one byte of payload: TCP heads alone (40 to 80 bytes of IP each)."""
    return flow["ip_proto"] == TCP and all(flow["ip_bytes"][way] <= 80 * flow["packets"][way] for way in flow["packets"]) and \
        sum(flow["ip_bytes"].values()) <= 60 * sum(flow["packets"].values())

def head_of(flow):
    """The section of the head that the flow's protocol was told by."""
    return {"tls": "tls", "dtls": "tls", "quic": "tls", "http": "http", "ssh": "ssh", "dns": "dns"}.get(flow.get("app"), "command")

# Google's QUIC before TLS (its own handshake, no ClientHello), and first packets that no key opens; looked at frame by frame.
QUIC_WITHOUT_TLS = {"quic24-wireshark.pcap", "quic33-wireshark.pcap", "quic34.pcap", "quic_q39.pcap", "quic_q43.pcap", "quic_q46.pcap", "gquic_only_from_server.pcap",
                    "radius_false_positive.pcapng", "quic-mvfst-22_decryption_error.pcap"}
APP = ("app", "ndpi_app", "suricata_app")

HEAD_REASONS = [
    ("QUIC with Google's own handshake, or whose first packets no key opens: no ClientHello to know it by",
        lambda d: d.measure in APP and d.theirs == "quic" and d.ours is None and (d.capture in QUIC_WITHOUT_TLS or d.capture == "arkime_synthetic.pcap" and 52001 in d.ports)),
    ("Facebook's Zero protocol over TCP: Arkime counts it as QUIC",
        lambda d: d.measure == "app" and "fbzero" in d.protocols and d.ours is None),
    ("QUIC: its ClientHello is opened here; Arkime says quic and not tls",
        lambda d: d.measure == "tls" and "quic" in d.protocols and d.flow["app"] == "quic"),
    ("a later piece of a connection, or a connection without a byte of payload, has no head; they go by the port or by what came before",
        lambda d: d.measure in APP and d.ours is None and d.flow and (d.same_sum or silent(d.flow))),
    ("TLS from the middle, an alert alone or a broken hello: nothing to make a fingerprint of, and nDPI makes none either",
        lambda d: d.measure == "ndpi_app" and d.theirs == "tls" and d.ours is None and not {"ja3", "ja4", "sni"} & set(d.session["theirs"])),
    ("nDPI names these by a rule of its own over their addresses; they are DTLS records to the last byte, and tshark says so too",
        lambda d: d.measure == "ndpi_app" and d.capture == "custom_rules_ipv6.pcapng" and d.ours == "dtls"),
    ("nDPI or Arkime names the service; the content that they leave unnamed has a head, which was read whole",
        lambda d: d.measure in APP and d.theirs is None and d.ours and head_of(d.flow) in d.flow),
    ("STUN comes first on the same ports, then DTLS: a flow tells the first",
        lambda d: d.measure == "ndpi_app" and d.theirs == "dtls" and d.ours == "stun"),
    ("RDP over UDP: no head here",
        lambda d: d.measure == "ndpi_app" and d.theirs == "rdp" and d.ours is None and d.proto == UDP),
    ("SMB in NetBIOS datagrams: no head here",
        lambda d: d.measure == "app" and d.theirs == "smb" and "nbds" in d.protocols),
    ("RSP/2.0 STUN and CLI_STUN_FIREWALLCHECK are texts, no STUN of any RFC",
        lambda d: d.measure == "app" and d.capture == "stun.pcap" and d.ports & {53633, 64379} and d.ours is None),
    ("DNP3 whose header fails its CRC is not believed (tshark does not believe it either)",
        lambda d: d.measure == "app" and d.capture == "arkime_synthetic.pcap" and 49300 in d.ports and d.ours is None),
    ("a ClientHello that ends before its length: no head, no fingerprint on either side",
        lambda d: d.measure == "app" and d.hosts == {"10.0.18.1", "10.0.18.100"} and d.ours is None),
    ("a ServerHello whose list of extensions has one byte: malformed, no JA3S",
        lambda d: d.measure in ("ja3s", "tls_version") and d.capture == "arkime_synthetic.pcap" and d.hosts == {"10.9.10.1", "10.9.10.2"} and d.ours is None),
    ("PRI is the preface of HTTP/2, no method",
        lambda d: d.measure == "http_method" and d.theirs == "PRI" and d.ours is None and d.flow["app"] == "http2"),
    ("inside HTTP/2: its heads are compressed and left alone",
        lambda d: d.measure == "suricata_app" and "http2" in d.session["told"] and d.theirs in ("http", "dns")),
    ("inside a tunnel that CONNECT opened: a flow keeps the first request",
        lambda d: d.measure == "suricata_value" and d.session["name"] == "http.http_method" and d.ours == "CONNECT"),
    (f"a flow keeps {CODES_MAX} different functions",
        lambda d: d.measure == "functions" and d.session["full"] and d.ours is None),
    ("a message that does not end in its frame: its function is told here; tshark waits for the end",
        lambda d: d.measure == "functions" and d.theirs is None and (d.session["lines"] == 0 or d.capture == "modbus__fuzz-72.pcap" and d.ours == 38)),
]

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
    ("nDPI writes JA4 in an older form: d also without SNI, the first two characters of the ALPN instead of first and last, the hash of nothing instead of zeros; the rest is equal",
        lambda d: d.measure == "ndpi_ja4" and d.flow and d.theirs == ndpi_form(d.flow["tls"])),
    ("nDPI writes h0 for an ALPN of h3; first and last character are h and 3, and the rest is equal",
        lambda d: d.measure == "ndpi_ja4" and d.flow and d.flow["tls"]["alpn"] == "h3" and d.theirs == d.ours.replace("h3_", "h0_", 1)),
    ("DTLS: a ClientHello is a ClientHello here; Arkime marks it otherwise and gives no JA3 (Wireshark's JA3 equals ours)",
        lambda d: d.proto == UDP and d.measure in ("tls", "ja3", "ja4", "ja3s", "sni", "app") and
        d.flow.get("tls", {}).get("ja4", "").startswith("d") and d.theirs in (None, False)),
    ("an SSLv2 hello: no record layer, no ClientHello as JA3 and JA4 mean it",
        lambda d: d.measure == "tls" and d.capture == "pppoe.pcap" and not d.session.get("ja4")),
    ("the ClientHello is not in the capture (a gap), only the server's side is",
        lambda d: d.measure == "tls" and d.capture == "socks4-https.pcap" and not d.session.get("ja4")),
    ("a ClientHello that ends before its length: no head, no fingerprint on either side",
        lambda d: d.measure == "tls" and d.hosts == {"10.0.18.1", "10.0.18.100"} and not d.session.get("ja4")),
    ("an ALPN value that is no ASCII: FoxIO's older tool wrote 99; its specification, followed here, takes the first and last hex digit",
        lambda d: d.measure == "foxio_ja4" and d.capture == "tls-non-ascii-alpn.pcapng" and
        d.theirs.replace("99_", d.ours[8:10] + "_", 1) == d.ours),
] + HEAD_REASONS
