# SPDX-License-Identifier: Apache-2.0
"""Traffic that somebody would send to slow a sensor down, made frame by frame; every shape the same bytes each time. The peer is 198.51.100.0/24, the rest random."""
import pathlib
import random
import struct
import zlib

ETHERNET = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
TCP, UDP, IPIP, GRE = 6, 17, 4, 47
SYN, RST, PSH, ACK = 2, 4, 8, 16
SEGMENT = 1448


def ip4(source, destination, protocol, payload, fragment=0, ident=0):
    return struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(payload), ident & 0xffff, fragment, 64, protocol, 0, source, destination) + payload


def frame(packet):
    return ETHERNET + (b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\0") + packet


def udp(source_port, port, payload):
    return struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload


def tcp(source_port, port, sequence, flags, payload=b""):
    return struct.pack("!HHIIBBHHH", source_port, port, sequence & 0xffffffff, 1 if flags & ACK else 0, 0x50, flags, 65535, 0, 0) + payload


def pair(number):
    """Source and destination of talk `number`: all different."""
    return 0x0b000000 + number % 0xffffff, 0xc6336400 + number % 251


def port_of(number):
    return 1024 + number * 7 % 60000


def datagrams(port, payload_of):
    """One UDP datagram a talk."""
    number = 0
    while True:
        yield frame(ip4(*pair(number), UDP, udp(port_of(number), port, payload_of(number))))
        number += 1


def talks(port, stream_of, cut, order=None):
    """A TCP talk after another: SYN, then the stream cut into segments, in another order when asked."""
    number = 0
    while True:
        source, destination = pair(number)
        yield frame(ip4(source, destination, TCP, tcp(port_of(number), port, 99, SYN)))
        data = stream_of(number)
        segments = [(100 + at, data[at:at + cut]) for at in range(0, len(data), cut)]
        for sequence, part in (order(segments) if order else segments):
            yield frame(ip4(source, destination, TCP, tcp(port_of(number), port, sequence, PSH | ACK, part)))
        number += 1


def reverse(segments):
    return segments[::-1]


# ---- messages ----

def client_hello(length=2048):
    """A hello of about that length: many extensions that nobody knows, as padding."""
    name = b"\0\0\0\x10\0\x0e\0\0\x0bexample.org"
    known = name + b"\0\x2b\0\x03\x02\x03\x04" + b"\0\x0d\0\x06\0\x04\x04\x03\x08\x04" + b"\0\x0a\0\x04\0\x02\0\x1d"
    filler = b"".join(struct.pack("!HH", 0x4000 + i, 4) + b"\0\0\0\0" for i in range(max(0, (length - 120) // 8)))
    extensions = known + filler
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + b"\0\x06\x13\x01\x13\x02\xc0\x2b" + b"\x01\0" + struct.pack("!H", len(extensions)) + extensions
    return b"\x01" + struct.pack("!I", len(body))[1:] + body


def long_lists(number):
    """A hello that fits a segment, its lists as long as are fingerprinted and in the order that is worst to sort, different each time."""
    extensions = b"".join(struct.pack("!HH", 0x5000 + 250 - i, 0) for i in range(245)) + struct.pack("!HHI", 0xfff0, 4, number)
    ciphers = b"".join(struct.pack("!H", 0x5000 + 180 - i) for i in range(180))
    body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack("!H", len(ciphers)) + ciphers + b"\x01\0" + struct.pack("!H", len(extensions)) + extensions
    return records(b"\x01" + struct.pack("!I", len(body))[1:] + body, 16384)


def records(message, size):
    """TLS records of so many bytes each."""
    return b"".join(b"\x16\x03\x01" + struct.pack("!H", len(message[at:at + size])) + message[at:at + size] for at in range(0, len(message), size))


def certificate_flight(rng):
    """ServerHello, and a certificate of nearly 16 KiB."""
    server = b"\x03\x03" + rng.randbytes(32) + b"\0" + b"\xc0\x2f" + b"\0"
    certificate = b"\x30\x82\x3e\x80" + rng.randbytes(16000)
    chain = struct.pack("!I", len(certificate))[1:] + certificate
    listed = struct.pack("!I", len(chain))[1:] + chain
    message = b"\x02" + struct.pack("!I", len(server))[1:] + server + b"\x0b" + struct.pack("!I", len(listed))[1:] + listed
    return records(message, 16384)


def dns_head(questions, answers, flags=0x8180):
    return struct.pack("!HHHHHH", 7, flags, questions, answers, 0, 0)


def dns_pointers():
    """Answers of which every name points at the name before it."""
    message, previous = dns_head(1, 90) + b"\x01a\x07example\x03org\0" + b"\0\x01\0\x01", 12
    for _ in range(90):
        here = len(message)
        message += b"\x01b" + struct.pack("!H", 0xc000 | previous) + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x01\x02\x03\x04"
        previous = here
    return message


def dns_labels():
    return dns_head(1, 0, 0x0100) + b"\x01a" * 126 + b"\0" + b"\0\x01\0\x01"


def http_head(number):
    """16 KiB of headers of one byte each."""
    return b"GET /%d HTTP/1.1\r\n" % number + b"a:\r\n" * 4000 + b"\r\n"


def ssh_key_exchange():
    names = b",".join(b"x%d" % i for i in range(1000))
    body = b"\x14" + bytes(16) + b"".join(struct.pack("!I", len(names)) + names for _ in range(8)) + bytes(10) + b"\0" + bytes(4)
    padding = 8 - (len(body) + 5) % 8 + 4
    return b"SSH-2.0-x\r\n" + struct.pack("!IB", len(body) + padding + 1, padding) + body + bytes(padding)


def quic_initial(rng):
    """Looks like an Initial in every bit that is not protected; its protection holds nothing."""
    return b"\xc3\0\0\0\x01\x08" + rng.randbytes(8) + b"\0\0" + struct.pack("!H", 0x4000 | 1182) + rng.randbytes(1182)


# ---- shapes ----

def tiny_fragments(order):
    """Datagrams in pieces of eight bytes, of which one is missing."""
    number = 0
    while True:
        source, destination = pair(number)
        whole = udp(port_of(number), 53, bytes(400))
        offsets = [at for at in range(0, len(whole), 8) if at != 200]
        for at in order(offsets):
            more = 0x2000 if at + 8 < len(whole) else 0
            yield frame(ip4(source, destination, UDP, whole[at:at + 8], more | at // 8, number))
        number += 1


def overlapping_fragments():
    """Pieces of 64 bytes, each of which covers half of the one before it."""
    number = 0
    while True:
        source, destination = pair(number)
        for step in range(40):
            yield frame(ip4(source, destination, UDP, bytes(64), 0x2000 | step * 4, number))
        number += 1


def first_fragments():
    number = 0
    while True:
        yield frame(ip4(*pair(number), UDP, udp(port_of(number), 53, bytes(64)), 0x2000, number))
        number += 1


def tunnels(layers, protocol):
    number = 0
    while True:
        packet = ip4(*pair(number), UDP, udp(port_of(number), 9, b"x"))
        for layer in range(layers):
            gre = b"\0\0\x08\0" if protocol == GRE else b""
            packet = ip4(*pair(number + layer), protocol, gre + packet)
        yield frame(packet)
        number += 1


def vxlan_tunnels(layers):
    number = 0
    while True:
        packet = ip4(*pair(number), UDP, udp(port_of(number), 9, b"x"))
        for layer in range(layers):
            packet = ip4(*pair(number + layer), UDP, udp(port_of(number), 4789, b"\x08\0\0\0\0\0\x01\0" + frame(packet)))
        yield frame(packet)
        number += 1


def extension_headers():
    """IPv6 with destination options after destination options, never a transport."""
    number = 0
    while True:
        chain = b"\x3c\0" + b"\x01\x04\0\0\0\0"
        payload = chain * 180
        head = struct.pack("!IHBB", 6 << 28, len(payload), 60, 64) + b"\x2a\0" + struct.pack("!Q", number) + bytes(6) + b"\x2a\x01" + bytes(14)
        yield frame(head + payload)
        number += 1


def syn_flood():
    number = 0
    while True:
        yield frame(ip4(*pair(number), TCP, tcp(port_of(number), 80, number, SYN)))
        number += 1


def open_and_reset():
    """Each second packet ends what the first began."""
    number = 0
    while True:
        source, destination = pair(number // 2 % 1000)
        yield frame(ip4(source, destination, TCP, tcp(4000, 80, 1, RST if number & 1 else SYN)))
        number += 1


KNOWN_PORTS = (22, 53, 80, 88, 102, 123, 161, 443, 445, 502, 1883, 2404, 3389, 3478, 4789, 5060, 6081, 2152, 8080, 20000, 44818, 47808)


def noise(protocol):
    """Random bytes where a protocol is expected."""
    rng, number = random.Random(1), 0
    while True:
        payload = rng.randbytes(rng.randrange(1, 300))
        port = KNOWN_PORTS[number % len(KNOWN_PORTS)]
        head = udp(port_of(number), port, payload) if protocol == UDP else tcp(port_of(number), port, 1, PSH | ACK, payload)
        yield frame(ip4(*pair(number), protocol, head))
        number += 1


def icmp_errors():
    number = 0
    while True:
        quoted = ip4(*pair(number), UDP, udp(port_of(number), 53, b"12345678"))
        yield frame(ip4(*pair(number + 1), 1, b"\x03\x03\0\0\0\0\0\0" + quoted))
        number += 1


# Where the bytes of a fuzz seed are put: a whole frame, or the payload of a datagram or of a talk's first segment.
SEED_PORTS = {"dns": (UDP, 53), "quic": (UDP, 443), "tls": (TCP, 443), "http": (TCP, 80), "ssh": (TCP, 22), "smb": (TCP, 445), "rdp": (TCP, 3389), "kerberos": (UDP, 88),
              "stun": (UDP, 3478), "ntp": (UDP, 123), "snmp": (UDP, 161), "sip": (UDP, 5060), "mqtt": (TCP, 1883), "modbus": (TCP, 502), "dnp3": (TCP, 20000),
              "iec104": (TCP, 2404), "s7": (TCP, 102), "enip": (TCP, 44818), "bacnet": (UDP, 47808)}
SEED_ROOMS = ("gate", "decode", "flow", "engine")
SEED_MAX = 1400


def seeds(root):
    """(target, bytes) of every fuzz seed of the rooms that packets pass."""
    for room in SEED_ROOMS:
        folder = pathlib.Path(root) / "tests" / "fuzz" / room / "seeds"
        for path in sorted(folder.glob("*/*")) if folder.is_dir() else ():
            yield path.parent.name, path.read_bytes()[:SEED_MAX]


def seed_frames(root):
    """Each seed as a frame as it is, and as payload where its target's protocol is spoken (or anywhere)."""
    found = list(seeds(root))
    number = 0
    while found:
        for target, content in found:
            protocol, port = next((where for word, where in SEED_PORTS.items() if word in target), ((TCP, UDP)[number & 1], KNOWN_PORTS[number % len(KNOWN_PORTS)]))
            head = udp(port_of(number), port, content) if protocol == UDP else tcp(port_of(number), port, 1, PSH | ACK, content)
            yield frame(ip4(*pair(number), protocol, head))
            if len(content) >= 14:
                yield content
            number += 1


def all_shapes(root):
    """{name: (what it is, generator of frames)}"""
    hello, rng = client_hello(), random.Random(2)
    flight, exchange = certificate_flight(rng), ssh_key_exchange()
    shuffled = random.Random(3)
    return {
        "fragments": ("datagrams in 8-byte pieces, one missing", tiny_fragments(list)),
        "fragments-reversed": ("the same, last piece first", tiny_fragments(lambda offsets: offsets[::-1])),
        "fragments-overlap": ("pieces that cover half of the one before", overlapping_fragments()),
        "fragments-first": ("first fragments of which no second comes", first_fragments()),
        "tunnels-ipip": ("seven IP headers in each other", tunnels(6, IPIP)),
        "tunnels-gre": ("seven layers of GRE", tunnels(6, GRE)),
        "tunnels-vxlan": ("seven layers of VXLAN", vxlan_tunnels(6)),
        "tunnels-too-deep": ("forty IP headers in each other", tunnels(40, IPIP)),
        "ipv6-options": ("180 extension headers", extension_headers()),
        "icmp-errors": ("ICMP errors with a quoted pair", icmp_errors()),
        "hello-64": ("a client hello in 64 segments", talks(443, lambda _: records(hello, 16384), 33)),
        "hello-reversed": ("the same, last segment first", talks(443, lambda _: records(hello, 16384), 33, reverse)),
        "hello-shuffled": ("the same, in any order", talks(443, lambda _: records(hello, 16384), 33, lambda s: shuffled.sample(s, len(s)))),
        "hello-bytes": ("a client hello byte by byte", talks(443, lambda _: records(hello, 16384), 1)),
        "hello-records": ("a client hello in records of one byte", talks(443, lambda _: records(hello, 1), SEGMENT)),
        "hello-lists": ("a client hello a talk, its lists as long as may be and badly sorted", talks(443, long_lists, SEGMENT)),
        "certificates": ("certificates of 16 KiB", talks(443, lambda _: flight, SEGMENT)),
        "dns-pointers": ("names that point at names", datagrams(53, lambda _, message=dns_pointers(): message)),
        "dns-labels": ("names of 126 labels", datagrams(53, lambda _, message=dns_labels(): message)),
        "dns-tcp-bytes": ("DNS over TCP byte by byte", talks(53, lambda _, m=dns_labels(): struct.pack("!H", len(m)) + m, 1)),
        "http-headers": ("16 KiB of one-byte headers", talks(80, http_head, SEGMENT)),
        "http-bytes": ("the same, byte by byte", talks(80, http_head, 1)),
        "ssh-lists": ("key exchanges of 30 KiB", talks(22, lambda _: exchange, SEGMENT)),
        "quic-new": ("QUIC Initials, each of a new connection, nothing in them", datagrams(443, lambda _: quic_initial(rng))),
        "noise-udp": ("random bytes on known ports, UDP", noise(UDP)),
        "noise-tcp": ("random bytes on known ports, TCP", noise(TCP)),
        "syn-flood": ("a new flow with each packet", syn_flood()),
        "open-reset": ("flows opened and reset", open_and_reset()),
        "seeds": ("every fuzz seed, as a frame and as payload", seed_frames(root)),
    }


def write(path, frames, packets):
    """A capture of so many packets, 10 us apart; fewer when the frames end."""
    written = size = 0
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for content in frames:
            if written == packets:
                break
            at = written * 10
            f.write(struct.pack("<IIII", 1_700_000_000 + at // 1_000_000, at % 1_000_000, len(content), len(content)) + content)
            written += 1
            size += len(content)
    return {"packets": written, "bytes": size}


def source_key():
    """Changes when a shape may have changed."""
    return zlib.crc32(pathlib.Path(__file__).read_bytes())
