#!/usr/bin/env python3
"""Rules end to end: import, watch, a finding with the rule's sid. A table of rules, each with the flows that it must fit, and no others; what stands in it is what the documentation of
Suricata's rule language says, and not what this program does. With --sabotage one letter of every payload is another, and this must go red."""
from lib import *

IN, OUT = "192.0.2.10", "198.51.100.20"
IN6, OUT6 = "2001:db8:1::10", "2001:db8:2::20"
HOME = "HOME_NET=[192.0.2.0/24,2001:db8:1::/48]"

REQUEST = (b"GET /a/%62/../index.php?id=1%20or HTTP/1.1\r\nHost: Shop.Example:8080\r\nUser-Agent: Evil/1.0 (test)\r\nAccept: */*\r\nAccept-Language: en\r\n"
           b"Referer: http://ref.example/x\r\nCookie: session=deadbeef\r\nConnection: close\r\nX-Flag: on\r\n\r\n")
RESPONSE = b"HTTP/1.1 404 Not Found\r\nServer: nginx/9\r\nContent-Type: text/html\r\nContent-Length: 18\r\nSet-Cookie: a=b\r\n\r\n<b>gone forever</b>"[:-1]
POST = b"POST /up HTTP/1.1\r\nHost: up.example\r\nContent-Type: application/x\r\nContent-Length: 17\r\n\r\nuser=root&pw=1234"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n world!\r\n0\r\n\r\n"
LATER = b"GET /second HTTP/1.1\r\nHost: b.example\r\n\r\n"
KEX = b"\0\0\0\x14\x06\x14" + bytes(14)

def talk(port, dport, out=b"", back=b"", source=IN, destination=OUT): return list(tcp_talk(source, port, destination, dport, out, back))

def pieces(port, dport, parts, order=None):
    """A client's stream in the given pieces, in another order of coming."""
    a, b = (IN, port, OUT, dport), (OUT, dport, IN, port)
    yield tcp(*a, SYN, seq=100); yield tcp(*b, SYN | ACK, seq=500, ack=101); yield tcp(*a, ACK, seq=101, ack=501)
    at, segments = 101, []
    for part in parts:
        segments.append(tcp(*a, PSH | ACK, part, seq=at, ack=501)); at += len(part)
    for i in order or range(len(segments)): yield segments[i]
    yield tcp(*a, FIN | ACK, seq=at, ack=501); yield tcp(*b, FIN | ACK, seq=501, ack=at + 1)

def icmp(source, destination, kind, code, payload=b"ping-data"): return ip(source, destination, 1, struct.pack("!BBHHH", kind, code, 0, 1, 1) + payload)

FLOWS = {
    "http": (41000, talk(41000, 80, REQUEST, RESPONSE)),
    "http8080": (41001, talk(41001, 8080, REQUEST, RESPONSE)),
    "post": (41002, talk(41002, 80, POST, CHUNKED)),
    "split": (41003, list(pieces(41003, 80, [REQUEST[:9], REQUEST[9:70], REQUEST[70:]]))),
    "shuffled": (41004, list(pieces(41004, 80, [REQUEST[:9], REQUEST[9:70], REQUEST[70:]], [2, 0, 1]))),
    "pipeline": (41005, talk(41005, 80, REQUEST + LATER)),
    "tls": (41006, talk(41006, 443, client_hello("www.bad.example"))),
    "dns": (41007, [udp(IN, 41007, OUT, 53, dns_query("Mail.Bad.example"))]),
    "dns_txt": (41008, [udp(IN, 41008, OUT, 53, dns_query("quiet.example", kind=16))]),
    "ssh": (41009, talk(41009, 22, b"SSH-2.0-OddClient_7.1\r\n", b"SSH-2.0-OpenSSH_9.2\r\n")),
    "raw": (41010, talk(41010, 4444, b"\x01\x02BEGIN\x00\x07payload-END\xff\xfe", b"reply OK\n")),
    "raw_split": (41011, list(pieces(41011, 4444, [b"\x01\x02BEG", b"IN\x00\x07pay", b"load-END\xff\xfe"]))),
    "udp": (41012, [udp(IN, 41012, OUT, 9999, b"\x00\x00\x00\x0bhello world"), udp(OUT, 9999, IN, 41012, b"\xaa\xbb")]),
    "syn": (41013, [tcp(IN, 41013, OUT, 23, SYN, seq=7)]),
    "v6": (41014, talk(41014, 4444, b"\x01\x02BEGIN six", b"", IN6, OUT6)),
    "inbound": (41015, talk(41015, 4444, b"\x01\x02BEGIN from outside", b"", OUT, IN)),
    "digits": (41016, talk(41016, 7777, b"LEN=0012;abcdefghijklREST")),
    "midstream": (41017, [tcp(IN, 41017, OUT, 4444, PSH | ACK, b"\x01\x02BEGIN in the midst", seq=900, ack=9)]),
}
NAMES = {port: name for name, (port, packets) in FLOWS.items()}
H1, H2, RAW = {"http", "http8080", "split", "shuffled", "pipeline"}, {"http", "http8080"}, {"raw", "raw_split", "v6", "inbound"}
ANY = "any any -> any any"

# header, options, flows
TABLE = [
    # contents and where they may stand
    (f"tcp {ANY}", 'content:"BEGIN";', RAW | {"midstream"}),
    (f"tcp {ANY}", 'flow:established,to_server; content:"BEGIN";', RAW),
    (f"tcp {ANY}", 'content:"begin";', set()),
    (f"tcp {ANY}", 'content:"begin"; nocase;', RAW | {"midstream"}),
    (f"tcp {ANY}", 'content:"|01 02|"; depth:2; content:"|00 07|"; distance:5; within:2;', {"raw", "raw_split"}),
    (f"tcp {ANY}", 'content:"|01 02|"; depth:2; content:"|00 07|"; distance:6;', set()),
    (f"tcp {ANY}", 'content:"BEGIN"; offset:2; depth:5;', RAW | {"midstream"}),
    (f"tcp {ANY}", 'content:"BEGIN"; offset:3;', set()),
    (f"tcp {ANY}", 'content:"|01|"; startswith; content:"BEGIN"; distance:1;', RAW | {"midstream"}),
    (f"tcp {ANY}", 'content:"|ff fe|"; endswith;', {"raw", "raw_split"}),
    (f"tcp {ANY}", 'content:"END"; content:!"BEGIN";', set()),
    (f"tcp {ANY}", 'flow:to_server; content:"BEGIN"; content:!"payload";', {"v6", "inbound", "midstream", "raw_split"}),
    (f"tcp {ANY}", 'content:"payload"; content:"END"; distance:1; within:3;', {"raw", "raw_split"}),
    (f"tcp {ANY}", 'content:"reply"; flow:to_client;', {"raw"}),
    (f"tcp {ANY}", 'content:"reply"; flow:to_server;', set()),
    # several places of the first content: the second decides
    (f"tcp {ANY}", 'content:"E"; content:"ND"; distance:0; within:2;', {"raw", "raw_split"}),
    # addresses, ports, protocols
    ("tcp $HOME_NET any -> $EXTERNAL_NET 4444", 'content:"BEGIN";', {"raw", "raw_split", "v6", "midstream"}),
    ("tcp $EXTERNAL_NET any -> $HOME_NET any", 'content:"BEGIN";', {"inbound"}),
    ("tcp any any <> 192.0.2.10 4444", 'content:"BEGIN";', {"inbound"}),
    ("tcp any ![41010,41011] -> any [4000:5000,!4445]", 'content:"BEGIN";', {"v6", "inbound", "midstream"}),
    ("ip [192.0.2.0/24,!192.0.2.10] any -> any any", 'content:"BEGIN";', set()),
    ("ip6 any any -> any any", 'content:"six";', {"v6"}),
    (f"udp {ANY}", 'content:"hello"; dsize:15;', {"udp"}),
    (f"udp {ANY}", 'content:"hello"; dsize:<15;', set()),
    (f"udp {ANY}", 'flow:established; content:"|aa bb|"; flow:to_client;', {"udp"}),
    (f"tcp {ANY}", 'flags:S; flow:stateless; seq:7;', {"syn"}),
    ("tcp any any -> any 23", 'flags:S,CE;', {"syn"}),
    (f"tcp {ANY}", 'flags:SF;', set()),
    # numbers in bytes
    (f"udp {ANY}", 'byte_test:4,=,11,0;', {"udp"}),
    (f"udp {ANY}", 'byte_test:4,>,11,0; content:"hello";', set()),
    (f"udp {ANY}", 'byte_jump:4,0,post_offset -1; isdataat:1,relative; isdataat:!2,relative;', {"udp"}),
    (f"udp {ANY}", 'byte_jump:4,0,post_offset -5; content:"world"; distance:0; within:5;', {"udp"}),
    (f"udp {ANY}", 'byte_extract:4,0,size; content:"hello"; content:"world"; within:size;', {"udp"}),
    (f"udp {ANY}", 'byte_math:bytes 4, offset 0, oper -, rvalue 5, result rest; content:"hello"; byte_test:1,=,rest,100;', set()),
    (f"tcp {ANY}", 'content:"LEN="; byte_test:4,=,12,0,relative,string,dec;', {"digits"}),
    (f"tcp {ANY}", 'content:"LEN="; byte_jump:4,0,relative,string,dec,post_offset 1; content:"REST"; distance:0; within:4;', {"digits"}),
    (f"tcp {ANY}", 'content:"REST"; isdataat:!1,relative;', {"digits"}),
    (f"tcp {ANY}", 'content:"LEN"; isdataat:100,relative;', set()),
    # expressions
    (f"tcp {ANY}", r'content:"BEGIN"; pcre:"/\x00\x07payload/R";', {"raw", "raw_split"}),
    (f"tcp {ANY}", r'pcre:"/begin.{2}PAYLOAD/is";', {"raw", "raw_split"}),
    (f"tcp {ANY}", r'content:"LEN="; pcre:!"/LEN=\d{4}/";', set()),
    (f"http {ANY}", r'pcre:"/^\/a\/index\.php\?id=\d/U";', H1),
    # HTTP
    (f"http {ANY}", 'http.method; content:"POST";', {"post"}),
    (f"http {ANY}", 'http.uri; content:"/a/index.php?id=1%20or"; bsize:22;', H1),
    (f"http {ANY}", 'http.uri.raw; content:"/a/%62/../index.php";', H1),
    (f"http {ANY}", 'content:"/second"; http_uri;', {"pipeline"}),
    (f"http {ANY}", 'http.host; content:"shop.example"; bsize:12;', H1),
    (f"http {ANY}", 'http.host.raw; content:"Shop.Example:8080";', H1),
    (f"http {ANY}", 'http.user_agent; content:"Evil/"; startswith;', H1),
    (f"http {ANY}", 'http.header; content:"X-Flag|3a 20|on|0d 0a|"; content:!"Cookie";', H1),
    (f"http {ANY}", 'http.header_names; content:"|0d 0a|Host|0d 0a|User-Agent|0d 0a|"; startswith; content:"|0d 0a 0d 0a|"; endswith;', H1),
    (f"http {ANY}", 'http.cookie; content:"session="; content:"dead"; distance:0; within:4;', H1),
    (f"http {ANY}", 'http.request_line; content:"HTTP/1.1"; endswith; content:"GET";', H1),
    (f"http {ANY}", 'http.request_body; content:"pw=1234"; endswith;', {"post"}),
    (f"http {ANY}", 'flow:established,to_client; http.stat_code; content:"404"; http.stat_msg; content:"Not Found";', H2),
    (f"http {ANY}", 'http.server; content:"nginx";', H2),
    (f"http {ANY}", 'http.response_body; content:"gone forever";', H2),
    (f"http {ANY}", 'file.data; content:"hello world!"; bsize:12;', {"post"}),
    (f"http {ANY}", 'http.content_type; content:"text/html"; http.content_len; content:"18";', H2),
    ("http any any -> any 8080", 'http.method; content:"GET";', {"http8080"}),
    (f"http {ANY}", 'flow:to_server; urilen:>20; http.referer; content:"ref.example";', H1),
    (f"http {ANY}", 'http.method; content:"GET"; http.uri; content:"/second"; http.host; content:"b.example";', {"pipeline"}),
    (f"http {ANY}", 'http.uri; content:"/second"; http.host; content:"shop.example";', set()),
    # TLS, DNS, SSH
    (f"tls {ANY}", 'tls.sni; content:"bad.example"; endswith;', {"tls"}),
    (f"tls {ANY}", 'tls.sni; dotprefix; content:".bad.example"; endswith;', {"tls"}),
    (f"tls {ANY}", 'tls.sni; content:"bad.example"; startswith;', set()),
    (f"dns {ANY}", 'dns.query; content:"mail.bad.example"; nocase; bsize:16;', {"dns"}),
    (f"dns {ANY}", 'dns.query; content:"quiet"; dns.rrtype:16;', {"dns_txt"}),
    (f"dns {ANY}", 'dns.query; content:"quiet"; dns.rrtype:1;', set()),
    (f"dns {ANY}", 'dns.opcode:0;', {"dns", "dns_txt"}),
    (f"dns {ANY}", 'dns.query; to_md5; content:"|" ; sid:0;', None),
    (f"ssh {ANY}", 'flow:to_server; ssh.software; content:"OddClient_7.1";', {"ssh"}),
    (f"ssh {ANY}", 'flow:to_client; ssh.software; content:"OpenSSH";', {"ssh"}),
    (f"ssh {ANY}", 'ssh.proto; content:"2.0";', {"ssh"}),
    (f"tls {ANY}", 'flow:established;', {"tls"}),
]

# Rules that hang together, one set each: (rules, {flow: sids})
SETS = [
    (['alert tcp any any -> any any (msg:"a"; flow:to_server; content:"BEGIN"; flowbits:set,seen; flowbits:noalert; sid:1;)',
      'alert tcp any any -> any any (msg:"b"; flow:to_client; content:"reply"; flowbits:isset,seen; sid:2;)',
      'alert tcp any any -> any any (msg:"c"; flow:to_client; content:"reply"; flowbits:isnotset,seen; sid:3;)'], {"raw": {2}}),
    (['pass tcp any any -> any any (msg:"p"; content:"payload"; sid:1;)', 'alert tcp any any -> any any (msg:"b"; flow:to_server; content:"BEGIN"; sid:2;)'],
     {"raw": None, "v6": {2}, "inbound": {2}}),
    (['alert udp any any -> any 53 (msg:"second"; content:"example"; detection_filter:track by_src,count 1,seconds 60; sid:1;)'], {"dns_txt": {1}}),
    (['alert udp any any -> any 53 (msg:"first"; content:"example"; threshold:type limit,track by_src,count 1,seconds 60; sid:1;)'], {"dns": {1}}),
    (['alert udp any any -> any 53 (msg:"both"; content:"example"; threshold:type both,track by_src,count 2,seconds 60; sid:1;)'], {"dns_txt": {1}}),
    (['alert dns any any -> any any (msg:"listed"; dns.query; dataset:isset,names,type string,load names.lst; sid:1;)'], {"dns_txt": {1}}),
    (['alert ip any any -> any any (msg:"rep"; iprep:dst,Bad,>,50; content:"hello"; sid:1;)'], {"udp": {1}}),
    (['alert icmp any any -> any any (msg:"ping"; itype:8; content:"ping"; sid:1;)'], {"icmp": {1}}),
]

def changed(frame):
    """A letter of the payload is another."""
    return frame.replace(b"e", b"o").replace(b"E", b"O") if "--sabotage" in sys.argv else frame

def capture(folder):
    frames = [p for _, packets in FLOWS.values() for p in packets] + [icmp(IN, OUT, 8, 0)]
    return write_pcap(os.path.join(folder, "all.pcap"), [ether(p[:40] + changed(p[40:])) for p in frames])

def put(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f: f.write(text)
    return path

def alerts(folder, path, lines, *more):
    """{flow: {sid}} of these rules; each is taken."""
    file = put(folder, "test.rules", "\n".join(lines) + "\n")
    workspace = os.path.join(folder, "ws")
    if not os.path.exists(workspace): make_workspace(folder)
    account = json.loads(sekisho("rules", "import", "--workspace", workspace, "--replace", "--json", "--each", "--var", HOME, *more, file).out)["files"][0]
    refused = [r for r in account["rules"] if r["verdict"] == "refused"]
    expect(not refused, f"refused: {refused}\n" + "\n".join(lines))
    eve = os.path.join(folder, "eve.json")
    sekisho("watch", "--workspace", workspace, "--again", "--eve", eve, path)
    found = {}
    with open(eve) as f:
        for line in map(json.loads, f):
            if line["event_type"] != "alert": continue
            name = NAMES.get(line.get("src_port"), NAMES.get(line.get("dest_port"), "icmp"))
            found.setdefault(name, set()).add(line["alert"]["signature_id"])
    return found

def every_rule_fits_what_it_says():
    """Eight rules a set, so that no flow has more hits than its observation can name."""
    wrong, most = [], 12 if "--sabotage" in sys.argv else len(TABLE)
    table = [(i + 1, f'alert {header} (msg:"rule {i + 1}"; {options} sid:{i + 1};)', flows) for i, (header, options, flows) in enumerate(TABLE[:most]) if flows is not None]
    with Folder() as folder:
        path = capture(folder)
        for first in range(0, len(table), 8):
            part = table[first:first + 8]
            found = alerts(folder, path, [text for _, text, _ in part])
            for sid, text, flows in part:
                got = {name for name, sids in found.items() if sid in sids}
                if got != flows: wrong.append(f"{text}\n    missing {sorted(flows - got)}, too much {sorted(got - flows)}")
    expect(not wrong, f"{len(wrong)} of {len(table)} rules disagree:\n  " + "\n  ".join(wrong))

def rules_that_hang_together():
    wrong = []
    with Folder() as folder:
        path = capture(folder)
        put(folder, "names.lst", "cXVpZXQuZXhhbXBsZQ==\n")
        reputation = put(folder, "categories.txt", "1,Bad,of no repute\n") + "," + put(folder, "values.txt", f"{OUT},1,80\n{IN},1,10\n")
        for lines, flows in SETS:
            found = alerts(folder, path, lines, "--reputation", reputation)
            for name, sids in flows.items():
                if found.get(name) != sids: wrong.append(f"{name}: {found.get(name)}, expected {sids}: {lines}")
            extra = {n for n in found if n not in flows and n in ("dns", "dns_txt", "raw", "icmp", "udp")}
            if extra: wrong.append(f"too much: {extra}: {lines}")
    expect(not wrong, "\n".join(wrong))

def a_basis_that_does_not_allow_commands():
    with Folder() as folder:
        border = make_border(os.path.join(folder, "border.skb"))
        workspace = os.path.join(folder, "own")
        sekisho("init", "--workspace", workspace, "--profile", "own-network", "--role", "party", "--border", border)
        rules = put(folder, "test.rules", 'alert tcp any any -> any any (msg:"x"; content:"BEGIN"; sid:1;)\n')
        done = sekisho("rules", "import", "--workspace", workspace, rules)
        expect("watch will refuse this set" in done.err and "command" in done.err, done.err)
        path = capture(folder)
        refused = sekisho("watch", "--workspace", workspace, path, code=None)
        expect(refused.returncode != 0 and "command" in refused.err, f"{refused.returncode}: {refused.err}")
        kinds = "address,prefix,domain,ja3,ja4,url,hassh,hassh_server,ja3s,cert_sha1,cert_sha256,command"
        sekisho("basis", "renew", "--workspace", workspace, "--kinds", kinds)
        result, _ = watch_json(workspace, path)
        expect([f["kind"] for f in result["findings"]] != [], "no finding under a basis that allows commands")
        verify_both(os.path.join(workspace, "ledger"))

def a_finding_says_its_rule_and_no_byte():
    with Folder() as folder:
        path = capture(folder)
        workspace = make_workspace(folder)
        rules = put(folder, "test.rules", 'alert tcp any any -> any any (msg:"marked bytes"; content:"payload"; metadata: mitre_technique_id T1571; priority:1; reference:cve,2026-1; sid:77; rev:3;)\n')
        sekisho("rules", "import", "--workspace", workspace, rules)
        result, _ = watch_json(workspace, path)
        found = [f for f in result["findings"] if f["matched"] == "1:77"]
        expect(len(found) == 1 and found[0]["kind"] == "indicator.command" and found[0]["severity"] in (3, "high"), f"{result['findings']}")
        expect("marked bytes" in found[0]["sentence"] and "T1571" in found[0]["origin"] and "test.rules:1" in found[0]["origin"], f"{found}")
        check_equation(result["account"]) if "account" in result else None
        shown = sekisho("explain", found[0]["id"], "--workspace", workspace).out
        expect("1:77" in shown, shown)
        for folder_path, _, files in os.walk(workspace):
            for name in files:
                with open(os.path.join(folder_path, name), "rb") as f:
                    bytes_there = f.read()
                expect(name == "rules.set" or (b"payload-END" not in bytes_there and b"BEGIN\0" not in bytes_there), f"{name} holds what was sent")

def the_account_is_exact():
    with Folder() as folder:
        rules = put(folder, "test.rules", """# a comment
# alert tcp any any -> any any (msg:"off"; sid:9;)
alert tcp any any -> any any (msg:"taken"; content:"x"; sid:1;)
drop tcp any any -> any any (msg:"not dropped"; content:"x"; sid:2;)
alert tcp any any -> any any (msg:"code"; lua:x.lua; sid:3;)
alert tcp any any -> any any (msg:"no such word"; contents:"x"; sid:4;)
alert tcp any any -> any any (msg:"no sid"; content:"x";)
alert tcp any any -> any any (msg:"again"; content:"y"; sid:1;)
alert tcp $NOWHERE any -> any any (msg:"no value"; content:"y"; sid:5;)
alert smtp any any -> any any (msg:"protocol"; content:"y"; sid:6;)
alert tcp any any -> any any (msg:"cut"; content:"y"; sid:7
alert tcp any any -> any any (msg:"persons"; snmp.community; content:"y"; sid:8;)
alert tcp any any -> any any (msg:"xbits"; xbits:set,a,track ip_src; content:"y"; sid:10;)
alert tcp any any -> any any (msg:"pcre"; pcre:"/(/"; sid:11;)
alert http any any -> any any (msg:"mixed"; http.uri; content:"a"; http.stat_code; content:"200"; sid:12;)
""")
        account = json.loads(sekisho("rules", "check", "--json", "--each", rules).out)["files"][0]
        got = {r["line"]: (r["verdict"], r.get("reason", ",".join(r["differences"]))) for r in account["rules"]}
        want = {3: ("taken", ""), 4: ("taken_with_difference", "not_blocked"), 5: ("refused", "code"), 6: ("refused", "unknown_keyword"), 7: ("refused", "no_sid"), 8: ("refused", "duplicate"),
                9: ("refused", "no_variable"), 10: ("refused", "protocol"), 11: ("refused", "syntax"), 12: ("refused", "absent"), 13: ("refused", "memory"), 14: ("refused", "pcre"),
                15: ("refused", "mixed")}
        expect(got == want, f"{got}")
        expect(account["rules_seen"] == account["taken"] + account["refused"] == 13 and account["disabled"] == 1, f"{account}")
        strict = json.loads(sekisho("rules", "check", "--json", "--strict", rules).out)["files"][0]
        expect(strict["taken"] == 1 and strict["by_reason"]["strict"] == 1, f"{strict}")

def what_suricata_said():
    """A rule of everything that Suricata itself logged of these captures fits the capture: bench/rules --said."""
    folder = os.path.join(SHARED, "net", "suricata-verify")
    if not os.path.isdir(folder): print("note: ../shared/data/net/suricata-verify is absent: nothing to hold against Suricata"); return
    told = json.loads(run(sys.executable, os.path.join(ROOT, "bench", "rules"), "--said", folder, "--json", "--sekisho", SEKISHO).out)
    expect(told["facts"] >= 40 and told["fit"] == told["facts"], f"{told}")

if "--sabotage" in sys.argv:
    main(every_rule_fits_what_it_says); sys.exit(0)
main(every_rule_fits_what_it_says, rules_that_hang_together, a_basis_that_does_not_allow_commands, a_finding_says_its_rule_and_no_byte, the_account_is_exact, what_suricata_said)
