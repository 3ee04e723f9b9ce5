#!/usr/bin/env python3
"""Write the seeds of fz_engine: small captures of every kind of frame that the sensor treats differently."""
import os, struct, sys
here = os.path.dirname(os.path.abspath(__file__)); sys.path.insert(0, os.path.join(here, "../../scenario"))
from lib import *
out = os.path.join(here, "seeds/fz_engine"); os.makedirs(out, exist_ok=True)
A, B, F, G = "192.0.2.5", "192.0.2.9", "198.51.100.9", "203.0.113.4"
gre = lambda p: struct.pack("!HH", 0, 0x0800) + p
seeds = {
    "tcp_tls": [ether(p) for p in tcp_talk(A, 5000, F, 443, client_hello("www.example.com"), b"y" * 20)],
    "dns": [ether(udp(A, 4000, F, 53, dns_query("a.b.example.com"))), ether(udp(F, 53, A, 4000, dns_query("a.b.example.com")))],
    "domestic": [ether(udp(A, 1, B, 2, b"x"), vlans=(5,))],
    "transit_v6": [ether(udp("2001:db8:2::1", 1, "2001:db8:2::2", 2, b"x")), ether(tcp("2001:db8:2::1", 1, "2001:db8:1::2", 2, SYN))],
    "gre": [ether(ip(A, F, 47, gre(udp(A, 1, F, 2, b"inner")))), ether(ip(A, F, 47, gre(udp(A, 1, B, 2, b"inner"))))],
    "fragments": [ether(ip(A, F, 17, struct.pack("!HHHH", 1, 2, 24, 0) + b"\0" * 8, ident=9, fragment=0x2000)), ether(ip(A, F, 17, b"rest" * 2, ident=9, fragment=2)),
                  ether(ip(A, F, 17, b"lonely  ", ident=10, fragment=4))],
    "icmp_error": [ether(ip(F, A, 1, b"\3\3\0\0\0\0\0\0" + udp(A, 1, F, 2, b"")))],
    "vxlan": [ether(udp(A, 1, F, 4789, b"\x08\0\0\0\0\0\1\0" + ether(udp(A, 1, G, 2, b"in"))))],
    "arp": [b"\xff" * 6 + b"\2" * 6 + b"\x08\x06" + b"\0" * 28],
}
for name, frames in seeds.items(): write_pcap(os.path.join(out, name + ".pcap"), frames)
