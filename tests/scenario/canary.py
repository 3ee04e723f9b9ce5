#!/usr/bin/env python3
"""DESIGN.md promise 2, from the outside: two canaries are in no file, no log, no answer after a run; and the search would have found them.

One canary stands in payloads outside whitelisted fields, one inside a whitelisted field (DNS name, SNI) of flows that nothing selects. Both also cross in
domestic traffic. The sabotage twins: a selector that does select the flow lets the second canary through as the law of names allows, and a file with the
first is planted; the same search finds both."""
import os, secrets, sys
from lib import *

def canaries():
    return "payload" + secrets.token_hex(8), "name" + secrets.token_hex(8)

def frames(payload, name, inside, outside):
    host = f"{name}.canary.example"
    yield udp(inside, 4000, outside, 53, dns_query(host))
    yield udp(inside, 4001, outside, 9999, payload.encode() * 4)
    yield from tcp_talk(inside, 5000, outside, 443, client_hello(host), payload.encode() * 8)
    yield from tcp_talk(inside, 5001, outside, 80, b"GET /" + payload.encode() + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n", payload.encode())
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

def the_search_would_find_them():
    payload, name = canaries()
    with Folder() as folder:
        out, result = one_run(folder, f"{name}.canary.example\n", payload, name)
        expect(result["account"]["selected"] > 0, "the selector hit nothing")
        expect(any(word == name for _, word in search(out, (name,))), "a name that a selector equals is allowed to be shown, and was not found: the search is blind")
        open(os.path.join(out, "leak"), "w").write("x" * 100 + payload)
        expect(any(word == payload for _, word in search(out, (payload,))), "the search is blind to the payload canary")

main(nothing_is_left, selected_flow_keeps_no_payload, the_search_would_find_them)
