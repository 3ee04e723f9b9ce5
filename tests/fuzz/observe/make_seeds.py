#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fz_observation and fz_finding from docs/formats/observation.md, independently of the C code."""
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")


def text(value):
    return struct.pack(">H", len(value)) + value


def text1(value):
    return bytes([len(value)]) + value


def observation_v1(kind, class_, family, sections):
    present = sum(bit for bit, _ in sections)
    size = 4 if family == 4 else 16
    form = struct.pack(">BBBBBBB2sBBBBBBHHHH", 1, kind, class_, present, family, 6, 1, b"\x1b\x12", 2, 5, 0, 0, 2 if present & 4 else 0, 1, 0, 0, 40000, 443)
    form += bytes(range(1, 1 + size)) + bytes(range(101, 101 + size))
    form += struct.pack(">qq6Q", 1795329000 * 10**9, 1795329001 * 10**9, 10, 12, 1000, 12000, 22, 133080)
    return form + b"".join(body for _, body in sections)


V1_HITS = (1, struct.pack(">IIB", 1, 77, 2) + text(b"bad.example"))
V1_DNS = (2, struct.pack(">HHBBBBIII", 1, 0x8180, 0, 2, 11, 48, 1, 1, 0) + text(b"bad.example"))
V1_TLS = (4, struct.pack(">H", 0x304) + text(b"bad.example") + text(b"h2") + text(b"0123456789abcdef" * 2) + text(b"t13d1516h2_8daaf6152771_e5627efa2ab1"))


def number(value, width):
    return value.to_bytes((2, 4, 8)[width], "big")


def observation(hit, class_, family, lasted_ns, counters, sections=(), rare=b"", app=0):
    width = 0 if max(counters) < 2**16 else 1 if max(counters) < 2**32 else 2
    lasted = 0 if lasted_ns == 0 else 1 if lasted_ns < 2**32 else 2
    bits = hit << 15 | class_ << 13 | (family == 6) << 12 | 1 << 11 | bool(rare) << 10 | 2 << 7 | 5 << 4 | width << 2 | lasted
    size = 4 if family == 4 else 16
    form = struct.pack(">BHBBB2sHH", 2, bits, 6, app, sum(bit for bit, _ in sections), b"\x1b\x12", 40000, 443)
    form += bytes(range(1, 1 + size)) + bytes(range(101, 101 + size)) + struct.pack(">q", 1795329000 * 10**9)
    form += lasted_ns.to_bytes((0, 4, 8)[lasted], "big") + b"".join(number(c, width) for c in counters) + rare
    return form + b"".join(body for _, body in sections)


PLAIN = (10, 12, 1000, 12000, 133080)
HITS = (1, struct.pack(">IIB", 1, 77, 2) + text1(b"bad.example"))
DNS = (2, struct.pack(">HHBBBBIII", 1, 0x8180, 0, 2, 11, 48, 1, 1, 0) + text1(b"bad.example"))
TLS = (4, struct.pack(">HBB", 0x304, 0x21, 7) + text1(b"bad.example") + text1(b"h2") + bytes.fromhex("0123456789abcdef" * 2) + b"t13d1516h2"
       + bytes.fromhex("8daaf6152771e5627efa2ab1") + struct.pack(">I", 1))
SERVER = (8, struct.pack(">HHBB", 0x303, 0xc02f, 0, 1) + text1(b"h2") + bytes.fromhex("fedcba9876543210" * 2))
CERTIFICATE = (16, bytes([1]) * 20 + bytes([2]) * 32 + bytes([3]) * 16 + bytes([4]) * 16 + struct.pack(">qqBBB", 1600000000, 1900000000, 3, 2, 6))
HTTP = (32, text1(b"GET") + text1(b"bad.example") + struct.pack(">HHBBBBB", 200, 12, 11, 2, 3, 7, 9) + bytes([5]) * 48 + struct.pack(">II", 1, 1))
SSH = (64, struct.pack(">HH", 0x200, 0x163) + text1(b"OpenSSH_9.2p1") + text1(b"dropbear") + bytes([1]) + bytes.fromhex("00112233445566778899aabbccddeeff"))
COMMAND = (128, struct.pack(">IIIIHHHBHH", 3, 2, 1, 0, 0, 0, 0, 2, 3, 16))
EVENT = bytes([3]) + observation(0, 1, 4, 10**9, (10, 12, 1000, 12000, 0))[1:] + text1(b"scan.horizontal") + bytes([2, 95]) + struct.pack(">QQQQQQQI", 120, 3, 117, 1, 117, 15, 0, 0)
FINDING = (bytes([1]) + bytes(range(16)) + bytes([3, 90, 2]) + text(b"indicator.domain") + text(b"bad.example") + text(b"list.txt:1") + text(b"a sentence")
           + text(b"why") + text(b"doubt") + bytes([4, 192, 0, 2, 1, 0]) + struct.pack(">qqQ", 1, 2, 3) + bytes(16))

# Version 2: phrases, as docs/formats/observation.md draws them.
def phrase(number, *values):
    return struct.pack(">HB", number, len(values)) + b"".join(values)


def words(*phrases):
    form = b"".join(phrases)
    return struct.pack(">H", len(form)) + form


def value(kind, form, *numbers):
    return bytes([kind]) + struct.pack(">" + form, *numbers)


ADDR4, ADDR6 = bytes([1, 4, 192, 0, 2, 1]), bytes([1, 6]) + bytes(range(16))
LONG = phrase(277, ADDR4, value(2, "H", 0), ADDR6, value(2, "H", 1), value(7, "BH", 6, 22), value(11, "q", 200 * 10**9), value(6, "qq", 10**18, 10**18 + 10**9), value(5, "Q", 1536), value(5, "Q", 0))
DNS_HIT = phrase(20, ADDR4, value(2, "H", 0), ADDR4, value(2, "H", 1), bytes([10]) + text(b"bad.example"), bytes([10]) + text(b"list.txt:1"), value(6, "qq", 1, 2), value(16, "BIII", 1, 3, 2, 1))
COUNTRY = phrase(96, value(2, "H", 37), bytes([18, 2, 1]) + b"XAXB", bytes([10]) + text(b"uplink"), value(13, "Bd", 0, 12.5), value(12, "q", 1), value(12, "q", 2))
VOLUME = phrase(28, ADDR4, value(2, "H", 0), ADDR4, value(2, "H", 1), value(6, "qq", 1, 2), value(8, "BH", 17, 53), value(15, "BIQQ", 1, 512, 4096, 1), bytes([10]) + text(b"192.0.2.1"), value(2, "H", 2))


def finding2(sentence, why, doubt):
    return (bytes([2]) + bytes(range(16)) + bytes([3, 90, 2]) + text(b"long.connection") + text(b"tcp/22") + text(b"detector") + sentence + why + doubt + bytes([4, 192, 0, 2, 1, 0])
            + struct.pack(">qqQ", 1, 2, 3) + bytes(16))


for target, name, form in [
    ("observation", "v1_flow_v4", observation_v1(1, 1, 4, [])),
    ("observation", "v1_hit_v6", observation_v1(2, 2, 6, [V1_HITS])),
    ("observation", "v1_hit_dns", observation_v1(2, 2, 4, [V1_HITS, V1_DNS])),
    ("observation", "v1_all", observation_v1(2, 0, 4, [V1_HITS, V1_DNS, V1_TLS])),
    ("observation", "flow_v4", observation(0, 1, 4, 10**9, PLAIN)),
    ("observation", "flow_one_packet", observation(0, 1, 4, 0, (1, 0, 46, 0, 60))),
    ("observation", "flow_long", observation(0, 2, 6, 10**10, (10**6, 10**6, 10**9, 10**9, 5 * 10**9))),
    ("observation", "icmp_rare", observation(0, 1, 4, 10**9, PLAIN, rare=struct.pack(">BBBBHHQ", 15, 8, 0, 2, 1, 3, 40))),
    ("observation", "hit_v6", observation(1, 2, 6, 10**9, PLAIN, [HITS])),
    ("observation", "all", observation(1, 0, 4, 10**9, PLAIN, [HITS, DNS, TLS, SERVER, CERTIFICATE, HTTP, SSH, COMMAND], app=3)),
    ("observation", "event", EVENT),
    ("finding", "plain", FINDING),
    ("finding", "phrases", finding2(words(LONG), words(phrase(1), phrase(4)), words(phrase(0, bytes([10]) + text(b"as it is"))))),
    ("finding", "values", finding2(words(DNS_HIT), words(COUNTRY, VOLUME), words())),
    ("finding", "newer", finding2(words(phrase(65000, value(3, "Q", 1))), words(phrase(277)), words(phrase(106, *[value(12, "q", 1)] * 2, *[value(3, "Q", 5)] * 2, bytes([10]) + text(b"uplink"), value(14, "q", -3))))),
]:
    folder = os.path.join(HERE, "fz_" + target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(form)
