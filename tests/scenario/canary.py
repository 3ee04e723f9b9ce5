#!/usr/bin/env python3
"""DESIGN.md promise 2, from the outside: two canaries are in no file, no log, no answer after a run; and the search would have found them.

One canary stands in payloads outside whitelisted fields, one inside a whitelisted field (DNS name, SNI) of flows that nothing selects. Both also cross in
domestic traffic. The sabotage twins: a selector that does select the flow lets the second canary through as the law of names allows, and a file with the
first is planted; the same search finds both."""
import os, secrets, struct, sys
from lib import *

# ---- talk whose heads are read, with the payload canary wherever a person or a secret could stand ----

def der(tag, body): return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))) + body

def certificate(name):
    """X.509 as far as anyone reads it: version, serial, algorithm, issuer, validity, subject, a key; all names and the alternative name are the canary."""
    algorithm = der(0x30, der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b") + der(0x05, b""))
    dn = der(0x30, der(0x31, der(0x30, der(0x06, b"\x55\x04\x03") + der(0x0c, name))))
    validity = der(0x30, der(0x17, b"200101000000Z") + der(0x17, b"300101000000Z"))
    alternative = der(0xa3, der(0x30, der(0x30, der(0x06, b"\x55\x1d\x11") + der(0x04, der(0x30, der(0x82, name))))))
    body = der(0xa0, der(0x02, b"\x02")) + der(0x02, name) + algorithm + dn + validity + dn + der(0x30, algorithm + der(0x03, b"\0key")) + alternative
    return der(0x30, der(0x30, body) + algorithm + der(0x03, b"\0signature"))

def handshake(kind, body): return b"\x16\x03\x03" + struct.pack(">H", len(body) + 4) + bytes([kind]) + struct.pack(">I", len(body))[1:] + body

def server_flight(name):
    leaf = certificate(name)
    chain = struct.pack(">I", len(leaf))[1:] + leaf
    return handshake(2, b"\x03\x03" + bytes(range(32)) + b"\0\xc0\x2f\0\0\0") + handshake(11, struct.pack(">I", len(chain))[1:] + chain)

def kexinit():
    body = b"\x14" + bytes(16) + 10 * (struct.pack(">I", 3) + b"abc") + bytes(5)
    return struct.pack(">IB", len(body) + 7, 6) + body + bytes(6)

def http_request(secret, host):
    return b"\r\n".join([b"GET /" + secret + b"/p?q=" + secret + b" HTTP/1.1", b"Host: " + host, b"Cookie: session=" + secret, b"Authorization: Bearer " + secret,
                         b"X-" + secret + b": " + secret, b"", b""])

def snmp(community): return der(0x30, der(0x02, b"\x01") + der(0x04, community) + der(0xa0, der(0x02, b"\x01") + der(0x02, b"\0") + der(0x02, b"\0") + der(0x30, b"")))

def sip(user):
    return (b"REGISTER sip:" + user + b"@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK1\r\nFrom: <sip:" + user + b"@example.com>;tag=1\r\nTo: <sip:" + user
            + b"@example.com>\r\nCall-ID: " + user + b"\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n")

def mqtt(secret):
    text = struct.pack(">H", len(secret)) + secret
    body = b"\0\x04MQTT\x04\xc2\0\x3c" + text * 3     # client, user, password
    return b"\x10" + bytes([len(body)]) + body

def modbus(secret):
    registers = (secret + b" ")[:32]
    return struct.pack(">HHHBBHHB", 1, 0, 7 + len(registers), 1, 16, 0, len(registers) // 2, len(registers)) + registers

def heads(payload, host, inside, outside):
    secret, host = payload.encode(), host.encode()
    yield from tcp_talk(inside, 5010, outside, 443, client_hello(host.decode()), server_flight(secret))
    yield from tcp_talk(inside, 5011, outside, 80, http_request(secret, host), b"HTTP/1.1 302 " + secret + b"\r\nSet-Cookie: s=" + secret + b"\r\nLocation: /" + secret + b"\r\n\r\n")
    yield from tcp_talk(inside, 5012, outside, 22, b"SSH-2.0-OpenSSH_9.2p1 " + secret + b"\r\n" + kexinit(), b"SSH-2.0-dropbear " + secret + b"\r\n" + kexinit())
    yield udp(inside, 4010, outside, 161, snmp(secret))
    yield udp(inside, 4011, outside, 5060, sip(secret))
    yield from tcp_talk(inside, 5013, outside, 1883, mqtt(secret))
    yield from tcp_talk(inside, 5014, outside, 502, modbus(secret))

# ---- the runs ----

def canaries():
    return "payload" + secrets.token_hex(8), "name" + secrets.token_hex(8)

def frames(payload, name, inside, outside):
    host = f"{name}.canary.example"
    yield udp(inside, 4000, outside, 53, dns_query(host))
    yield udp(inside, 4001, outside, 9999, payload.encode() * 4)
    yield from tcp_talk(inside, 5000, outside, 443, client_hello(host), payload.encode() * 8)
    yield from tcp_talk(inside, 5001, outside, 80, b"GET /" + payload.encode() + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n", payload.encode())
    yield from heads(payload, host, inside, outside)
    whole = udp(inside, 4002, outside, 9998, payload.encode() * 100)
    body = whole[20:]
    yield ip(inside, outside, 17, body[:800], ident=77, fragment=0x2000)   # a fragment whose rest never comes

def search(folder, words):
    """Where any of the words stands below folder, as it is, reversed in case, or in UTF-16."""
    found = []
    for base, _, files in os.walk(folder):
        for file in files:
            data = open(os.path.join(base, file), "rb").read()
            for word in words:
                for form in (word.encode(), word.upper().encode(), word.encode("utf-16-le"), word.encode().hex().encode()):
                    if form in data: found.append((os.path.join(base, file), word))
    return found

def one_run(folder, selectors, payload, name):
    capture = write_pcap(os.path.join(folder, "canary.pcap"), [ether(p) for inside, outside in (("192.0.2.5", "192.0.2.9"), ("192.0.2.5", "198.51.100.9"), ("203.0.113.4", "192.0.2.5"))
                                                               for p in frames(payload, name, inside, outside)])
    out = os.path.join(folder, "out"); os.mkdir(out)
    workspace = make_workspace(out, border=make_border(os.path.join(folder, "b.skb")))
    listing = os.path.join(folder, "list.txt"); open(listing, "w").write(selectors)
    sekisho("selectors", "import", "--workspace", workspace, listing)
    result, done = watch_json(workspace, capture, extra=("--eve", os.path.join(out, "eve.json")), env={"TMPDIR": out})
    check_equation(result["account"])
    for i, answer in enumerate((done.out, done.err, *(sekisho(c, "--workspace", workspace, "--json").out for c in ("findings", "observations", "flows")))):
        open(os.path.join(out, f"answer{i}"), "w").write(answer)
    return out, result

def nothing_is_left():
    payload, name = canaries()
    with Folder() as folder:
        out, result = one_run(folder, "203.0.113.250\nunrelated.example\n", payload, name)
        expect(result["account"]["selected"] == 0, "something was selected that should not be")
        found = search(out, (payload, name))
        expect(not found, f"canary left behind: {found}")

def selected_flow_keeps_no_payload():
    """A selected flow keeps whitelisted fields only: the payload canary is still nowhere, the full name is reduced."""
    payload, name = canaries()
    with Folder() as folder:
        out, result = one_run(folder, "198.51.100.9\n", payload, name)
        expect(result["account"]["selected"] > 0, "the selector hit nothing")
        found = search(out, (payload, name))
        expect(not found, f"canary left behind: {found}")
        apps = {flow.get("app") for flow in json.loads(open(os.path.join(out, "answer4")).read())}
        expect(apps >= {"dns", "tls", "http", "ssh", "snmp", "sip", "mqtt", "modbus"}, f"a head was not read, so its canary proves nothing: {apps}")

def the_search_would_find_them():
    payload, name = canaries()
    with Folder() as folder:
        out, result = one_run(folder, f"{name}.canary.example\n", payload, name)
        expect(result["account"]["selected"] > 0, "the selector hit nothing")
        expect(any(word == name for _, word in search(out, (name,))), "a name that a selector equals is allowed to be shown, and was not found: the search is blind")
        open(os.path.join(out, "leak"), "w").write("x" * 100 + payload)
        expect(any(word == payload for _, word in search(out, (payload,))), "the search is blind to the payload canary")

main(nothing_is_left, selected_flow_keeps_no_payload, the_search_would_find_them)
