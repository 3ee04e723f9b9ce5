#!/usr/bin/env python3
"""Writes the seeds of fz_forward: plain talk, tunnels and their fragments in every order, two link types. usage: make_seeds.py (from anywhere)"""
import os, sys
here = os.path.dirname(os.path.abspath(__file__)); sys.path.insert(0, os.path.join(here, "../../scenario"))
from lib import *

def pieces(payload, ident, proto=17, v6=False, size=80):
    for at in range(0, len(payload), size):
        more = at + size < len(payload)
        if v6: yield ether(ip("2001:db8:1::5", "2001:db8:2::9", 44, struct.pack("!BBHI", proto, 0, at | more, ident) + payload[at:at + size]))
        else: yield ether(ip("192.0.2.5", "198.51.100.9", proto, payload[at:at + size], ident=ident, fragment=at // 8 | (0x2000 if more else 0)))

def to(port, body): return struct.pack("!HHHH", 4000, port, 8 + len(body), 0) + body
def vxlan(inside): return to(4789, struct.pack("!II", 0x08000000, 7 << 8) + ether(inside))

crossing, domestic = udp("192.0.2.5", 1, "198.51.100.7", 2, b"q" * 100), udp("192.0.2.5", 1, "192.0.2.6", 2, b"q" * 100)
seeds = {
    "talk": [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x", b"y")] + [ether(domestic)],
    "plain": list(pieces(to(53, b"q" * 150), 1)), "plain_reversed": list(pieces(to(53, b"q" * 150), 1))[::-1],
    "hidden": list(pieces(vxlan(domestic), 2)), "hidden_reversed": list(pieces(vxlan(domestic), 2))[::-1], "shown": list(pieces(vxlan(crossing), 3)),
    "six": list(pieces(vxlan(domestic), 4, v6=True)), "six_lies": list(pieces(vxlan(domestic), 5, v6=True))[:1] + list(pieces(vxlan(domestic), 5, 6, True))[1:],
    "twice": list(pieces(to(53, b"q" * 150), 6)) + list(pieces(vxlan(domestic), 6))[::-1], "many": [f for i in range(12) for f in list(pieces(vxlan(crossing), 20 + i))[:2]],
    "gre": [ether(ip("192.0.2.5", "198.51.100.9", 47, b"\0\0\x08\0" + crossing)), *pieces(b"\0\0\x08\0" + domestic, 7, 47)],
}
os.makedirs(here + "/seeds/fz_forward", exist_ok=True)
for name, frames in seeds.items(): write_pcap(f"{here}/seeds/fz_forward/{name}.pcap", frames)
