# SPDX-License-Identifier: Apache-2.0
"""Labelled cases that we made ourselves, of every kind of attack that the data of others do not have, laid into a day of real conversations; beside each kind its
look-alikes, which are innocent. All of it comes out of one seed; nothing of the background is shipped, it is read where it lies.

Attackers stand at addresses of their own (198.18.0.0/16 inside, 198.19.0.0/16 abroad: RFC 2544), so that the truth is known by construction. How hard they try is drawn at
random, also close to what a detector needs."""
import functools
import ipaddress
import pathlib
import random
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ICMP, TCP, UDP = 1, 6, 17
INSIDE, ABROAD = "198.18", "198.19"
HOUR = 3600
LINK = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
COLUMNS = "first last ip_proto initiator iport responder rport packets ip_bytes class initiator_cc responder_cc label scenario".split()


@functools.cache
def packed(address):
    return ipaddress.ip_address(address).packed


class Day:
    """Frames and the truth of them."""

    def __init__(self, rng, start):
        self.rng, self.start, self.frames, self.rows, self.used = rng, start, [], [], 0

    def inside(self):
        self.used += 1
        return f"{INSIDE}.{self.used // 250}.{1 + self.used % 250}"

    def abroad(self):
        self.used += 1
        return f"{ABROAD}.{self.used // 250}.{1 + self.used % 250}"

    def crowd(self, count, net=ABROAD, third=200):
        """So many different addresses abroad."""
        return [f"{net}.{third + n // 250}.{1 + n % 250}" for n in self.rng.sample(range(50 * 250), count)]

    def hour(self, first=1, last=22):
        return self.start + self.rng.uniform(first, last) * HOUR

    def frame(self, at, source, destination, proto, head, said):
        """said: bytes, or how many of them are only counted."""
        body = said if isinstance(said, bytes) else b""
        length = len(head) + (len(said) if isinstance(said, bytes) else said)
        ends = packed(source), packed(destination)
        if len(ends[0]) == 16:
            packet = b"\x86\xdd" + struct.pack("!IHBB16s16s", 6 << 28, length, 58 if proto == ICMP else proto, 60, *ends)
            length += 40
        else:
            length += 20
            packet = b"\x08\0" + struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0x4000, 60, proto, 0, *ends)
        self.frames.append((at, 14 + length, LINK + packet + head + body))
        return length

    def row(self, label, first, last, proto, initiator, iport, responder, rport, packets, size):
        side = {True: "J", False: "F"}
        class_ = side[initiator.startswith(INSIDE)] + side[responder.startswith(INSIDE)]
        self.rows.append(dict(zip(COLUMNS, (f"{first:.6f}", f"{last:.6f}", proto, initiator, iport, responder, rport, packets, size, class_, "-", "-", label, "made"))))

    def tcp(self, label, at, source, sport, destination, dport, script=(), refuse=False, silent=False, close=True):
        """script: (seconds to wait, who speaks: '>' or '<', bytes or a number)."""
        now, count, size, numbers = at, 0, 0, {">": 1, "<": 1}

        def send(side, flags, said=b""):
            nonlocal count, size
            back = "<" if side == ">" else ">"
            ends, ports = ((source, destination), (sport, dport)) if side == ">" else ((destination, source), (dport, sport))
            head = struct.pack("!HHIIBBHHH", *ports, numbers[side] & 0xffffffff, numbers[back] & 0xffffffff if flags & ACK else 0, 0x50, flags, 65535, 0, 0)
            size += self.frame(now, *ends, TCP, head, said)
            count += 1
            numbers[side] += (len(said) if isinstance(said, bytes) else said) + (1 if flags & (SYN | FIN) else 0)

        send(">", SYN)
        if refuse:
            now += 0.01
            send("<", RST | ACK)
        elif not silent:
            now += 0.02
            send("<", SYN | ACK)
            now += 0.02
            send(">", ACK)
            for wait, side, said in script:
                now += wait
                send(side, PSH | ACK, said)
            if close:
                now += 0.02
                send(">", FIN | ACK)
                now += 0.02
                send("<", FIN | ACK)
                now += 0.01
                send(">", ACK)
        self.row(label, at, now, TCP, source, sport, destination, dport, count, size)
        return now

    def udp(self, label, at, source, sport, destination, dport, script):
        now, count, size = at, 0, 0
        for wait, side, said in script:
            now += wait
            ends, ports = ((source, destination), (sport, dport)) if side == ">" else ((destination, source), (dport, sport))
            length = len(said) if isinstance(said, bytes) else said
            size += self.frame(now, *ends, UDP, struct.pack("!HHHH", *ports, 8 + length, 0), said)
            count += 1
        self.row(label, at, now, UDP, source, sport, destination, dport, count, size)

    def dns(self, label, at, client, server, name, kind=1, rcode=0, answers=(), ttl=300):
        ident, sport = self.rng.randrange(65536), self.rng.randrange(20000, 60000)
        question = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0" + struct.pack("!HH", kind, 1)
        reply = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, ttl, 4) + ipaddress.ip_address(a).packed for a in answers)
        self.udp(label, at, client, sport, server, 53, ((0, ">", struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question),
                                                        (0.03, "<", struct.pack("!HHHHHH", ident, 0x8180 | rcode, 1, len(answers), 0, 0) + question + reply)))


# ---- what is said ----

def der(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)]) if len(body) < 256 else b"\x82" + struct.pack("!H", len(body))
    return bytes([tag]) + size + body


def certificate(subject, issuer, first, last):
    """X.509 of the shape that is read of one: names, dates; nobody looks at the signature. first, last: YYMMDD."""
    def name(text):
        return der(0x30, der(0x31, der(0x30, der(6, b"\x55\x04\x03"), der(12, text.encode()))))
    sign = der(0x30, der(6, b"\x2a\x86\x48\xce\x3d\x04\x03\x02"))
    key = der(0x30, der(0x30, der(6, b"\x2a\x86\x48\xce\x3d\x02\x01"), der(6, b"\x2a\x86\x48\xce\x3d\x03\x01\x07")), der(3, b"\0\x04" + bytes(range(64))))
    body = der(0x30, der(0xa0, der(2, b"\x02")), der(2, b"\x11\x22\x33"), sign, name(issuer), der(0x30, der(23, (first + "000000Z").encode()), der(23, (last + "000000Z").encode())),
               name(subject), key)
    return der(0x30, body, sign, der(3, b"\0" + bytes(70)))


def record(kind, message):
    return bytes([kind]) + b"\x03\x03" + struct.pack("!H", len(message)) + message


def handshake(kind, body):
    return bytes([kind]) + struct.pack("!I", len(body))[1:] + body


def client_hello(name, ciphers):
    sni = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name.encode()
    extensions = struct.pack("!HH", 0, len(sni)) + sni + struct.pack("!HHHHH", 13, 6, 4, 0x0403, 0x0804) + struct.pack("!HHHH", 10, 4, 2, 0x001d)
    return record(22, handshake(1, b"\x03\x03" + bytes(range(32)) + b"\0" + struct.pack("!H", 2 * len(ciphers)) + b"".join(struct.pack("!H", c) for c in ciphers) + b"\x01\0" +
                                struct.pack("!H", len(extensions)) + extensions))


def server_flight(cert):
    chain = struct.pack("!I", len(cert))[1:] + cert
    return record(22, handshake(2, b"\x03\x03" + bytes(32) + b"\0" + struct.pack("!H", 0xc02b) + b"\0" + struct.pack("!H", 5) + b"\xff\x01\0\x01\0") +
                  handshake(11, struct.pack("!I", len(chain))[1:] + chain) + handshake(14, b""))


PLAIN_CIPHERS = (0xc02b, 0xc02f, 0xcca9, 0xc013)


def tls(day, label, at, client, server, name, cert, ciphers=PLAIN_CIPHERS, port=443):
    day.tcp(label, at, client, day.rng.randrange(20000, 60000), server, port, ((0.01, ">", client_hello(name, ciphers)), (0.03, "<", server_flight(cert)), (0.02, ">", 200), (0.05, "<", 4000)))


def login(day, label, at, source, target, port=22, session=False):
    """One connection to SSH: a try that fails, or a session."""
    out, back = ((9000, 30000) if session else (day.rng.randrange(1200, 3000), day.rng.randrange(1500, 3500)))
    script = [(0.02, ">", b"SSH-2.0-Go\r\n"), (0.02, "<", b"SSH-2.0-OpenSSH_9.2\r\n"), (0.02, ">", out // 2), (0.05, "<", back // 2), (day.rng.uniform(0.3, 1.5), ">", out // 2), (0.05, "<", back // 2)]
    if session:
        script += [(day.rng.uniform(2, 40), ">", 2000), (0.1, "<", 20000)] * 3
    return day.tcp(label, at, source, day.rng.randrange(20000, 60000), target, port, script)


# ---- attacks, one function each: label, and what a detector should see ----

def scan_vertical(day):
    source, target, at = day.abroad(), day.inside(), day.hour()
    for port in day.rng.sample(range(1, 20000), day.rng.randrange(25, 300)):
        at += day.rng.expovariate(day.rng.choice((1, 5, 20)))
        day.tcp("scan_vertical_made", at, source, day.rng.randrange(30000, 60000), target, port, refuse=day.rng.random() < 0.4, silent=True)


def scan_block(day):
    source, targets, at = day.abroad(), [day.inside() for _ in range(day.rng.randrange(6, 16))], day.hour()
    ports = day.rng.sample((21, 22, 23, 80, 81, 110, 139, 443, 445, 1433, 3306, 3389, 5432, 5900, 6379, 8080, 8443, 9200), day.rng.randrange(6, 16))
    for target, port in day.rng.sample([(t, p) for t in targets for p in ports], len(targets) * len(ports)):
        at += day.rng.expovariate(day.rng.choice((1, 5)))
        day.tcp("scan_block_made", at, source, day.rng.randrange(30000, 60000), target, port, refuse=day.rng.random() < 0.3, silent=True)


def senders(day):
    """A few hundred machines that obey somebody, or forged addresses."""
    return day.crowd(day.rng.randrange(150, 900) if day.rng.random() < 0.5 else day.rng.randrange(3000, 9000))


def flood(day, label, proto, flags=0):
    victim, sources, at, rate = day.inside(), senders(day), day.hour(), day.rng.randrange(1300, 3500)
    first = at
    for _ in range(3 * rate):
        source, sport, dport = day.rng.choice(sources), day.rng.randrange(1024, 60000), day.rng.randrange(1024, 60000)
        at += 1 / rate
        if proto == TCP:
            day.frame(at, source, victim, TCP, struct.pack("!HHIIBBHHH", sport, 443, day.rng.randrange(1 << 31), 1, 0x50, flags, 512, 0, 0), b"")
        elif proto == UDP:
            day.frame(at, source, victim, UDP, struct.pack("!HHHH", sport, dport, 8 + 400, 0), 400)
        else:
            day.frame(at, source, victim, ICMP, struct.pack("!BBHHH", 8, 0, 0, sport, 1), 56)
    for source in sources:
        day.row(label, first, at, proto, source, 1, victim, 443, 1, 60)


def flood_tcp(day):
    flood(day, "flood_tcp_made", TCP, day.rng.choice((ACK, RST, FIN | ACK, PSH | ACK)))


def flood_udp(day):
    flood(day, "flood_udp_made", UDP)


def flood_icmp(day):
    flood(day, "flood_icmp_made", ICMP)


def flood_carpet(day):
    net, sources, at, rate = f"{INSIDE}.{day.rng.randrange(100, 250)}", senders(day), day.hour(), day.rng.randrange(1500, 3500)
    first, proto, hosts = at, day.rng.choice((TCP, UDP)), day.rng.sample(range(1, 255), day.rng.randrange(60, 250))
    for _ in range(3 * rate):
        source, sport, host = day.rng.choice(sources), day.rng.randrange(1024, 60000), day.rng.choice(hosts)
        at += 1 / rate
        if proto == TCP:
            day.frame(at, source, f"{net}.{host}", TCP, struct.pack("!HHIIBBHHH", sport, 80, day.rng.randrange(1 << 31), 0, 0x50, SYN, 512, 0, 0), b"")
        else:
            day.frame(at, source, f"{net}.{host}", UDP, struct.pack("!HHHH", sport, 9000 + host, 308, 0), 300)
    for source, host in zip(sources, hosts * 200):
        day.row("flood_carpet_made", first, at, proto, source, 1, f"{net}.{host}", 80, 1, 60)


def amplification_reflector(day):
    server, victim, at = day.inside(), day.abroad(), day.hour()
    port, ask, answers = day.rng.choice(((123, 48, 8), (53, 60, 2), (161, 60, 1), (11211, 40, 20), (1900, 90, 6)))
    for _ in range(max(900, 3600 // answers)):
        at += day.rng.expovariate(40)
        day.udp("amplification_reflector_made", at, victim, day.rng.randrange(1024, 60000), server, port, [(0, ">", ask)] + [(0.001, "<", 1400)] * answers)


def bruteforce_spread(day):
    target, at = day.inside(), day.hour()
    for source in day.crowd(day.rng.randrange(55, 140), third=40):
        for _ in range(day.rng.randrange(1, 4)):
            at += day.rng.expovariate(0.2)
            login(day, "bruteforce_spread_made", at, source, target)


def bruteforce_web(day):
    source, target, at = day.abroad(), day.inside(), day.hour()
    for i in range(day.rng.randrange(45, 200)):
        at += day.rng.expovariate(1)
        ask = f"POST /login HTTP/1.1\r\nHost: www.corp.example\r\nContent-Length: 30\r\n\r\nuser=admin&password={i:010d}".encode()
        day.tcp("bruteforce_web_made", at, source, 20000 + i, target, 80, ((0.01, ">", ask), (0.05, "<", b"HTTP/1.1 401 Unauthorized\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n")))


def bruteforce_success(day):
    source, target, at = day.abroad(), day.inside(), day.hour()
    for _ in range(day.rng.randrange(25, 80)):
        at = login(day, "bruteforce_success_made", at + day.rng.expovariate(0.5), source, target)
    login(day, "bruteforce_success_made", at + day.rng.uniform(5, 300), source, target, session=True)


def chain(day):
    source, target, at = day.abroad(), day.inside(), day.hour(1, 18)
    for _ in range(day.rng.randrange(30, 80)):
        at += day.rng.expovariate(1)
        day.tcp("chain_made", at, source, day.rng.randrange(20000, 60000), day.inside(), 22, silent=True)
    at += day.rng.uniform(60, 2 * HOUR)
    for _ in range(day.rng.randrange(25, 60)):
        at = login(day, "chain_made", at + day.rng.expovariate(0.5), source, target)
    login(day, "chain_made", at + day.rng.uniform(60, HOUR), source, target, session=True)


def long_connection(day):
    lasts = day.rng.uniform(4.3, 12) * HOUR
    at, step = day.hour(0.5, 10), day.rng.uniform(20, 100)
    day.tcp("long_connection_made", at, day.inside(), day.rng.randrange(20000, 60000), day.abroad(), day.rng.choice((443, 22, 1194, 8443)),
            [(step, ">" if i % 2 == 0 else "<", 120) for i in range(int(lasts / step))])


def upload(day, label, at, host, server, size, chunk=60000):
    return day.tcp(label, at, host, day.rng.randrange(20000, 60000), server, 443, [(0.01, ">", chunk) if i % 8 else (0.01, "<", 40) for i in range(1, size // chunk + 1)])


def exfiltration(day):
    host, server, began = day.inside(), day.abroad(), day.start + day.rng.uniform(0.2, 3) * HOUR
    hours = day.rng.randrange(8, 18)
    for hour in range(hours):
        for _ in range(3):
            upload(day, "benign_made", began + (hour + day.rng.random()) * HOUR, host, f"{ABROAD}.250.{1 + hour}", day.rng.randrange(120, 600) * 1000)
    at = began + (hours + 1) * HOUR
    for _ in range(day.rng.randrange(1, 4)):
        at = upload(day, "exfiltration_made", at + 5, host, server, day.rng.randrange(40, 120) * 1000000)


LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ("river stone cloud paper green silver window garden table morning winter flower bridge market doctor engine yellow circle forest island corner number letter "
         "summer pocket basket button candle dinner finger hammer kitten ladder mirror needle orange pencil rabbit saddle tunnel velvet wallet").split()


def made_up(rng, family):
    if family == "letters":
        return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(11, 20))) + rng.choice((".com", ".net", ".biz"))
    if family == "hex":
        return "".join(rng.choice("0123456789abcdef") for _ in range(rng.randrange(12, 24))) + rng.choice((".info", ".com"))
    if family == "short":
        return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(7, 9))) + rng.choice((".com", ".ru", ".org"))
    return rng.choice(WORDS) + rng.choice(WORDS) + rng.choice((".com", ".net"))


def dns_dga(day):
    host, server, at = day.inside(), day.abroad(), day.hour()
    family = ("letters", "hex", "short", "words")[day.rng.randrange(4)]
    for _ in range(day.rng.randrange(100, 250)):
        at += day.rng.expovariate(0.5)
        day.dns("dns_dga_made", at, host, server, made_up(day.rng, family), rcode=3 if day.rng.random() < 0.97 else 0)


def dns_fastflux(day):
    server, clients, at = day.abroad(), [day.inside() for _ in range(day.rng.randrange(1, 5))], day.hour()
    name = f"cdn{day.rng.randrange(100)}.{made_up(day.rng, 'letters')}"
    for _ in range(day.rng.randrange(20, 60)):
        at += day.rng.expovariate(1 / 60)
        day.dns("dns_fastflux_made", at, day.rng.choice(clients), server, name, ttl=day.rng.choice((60, 150, 300)),
                answers=[f"{day.rng.choice((1, 24, 37, 58, 62, 77, 85, 91, 95, 109, 178, 188))}.{day.rng.randrange(256)}.{day.rng.randrange(256)}.{day.rng.randrange(1, 255)}" for _ in range(4)])


def dns_new(day):
    """Half a day is for learning, from the first answer on."""
    server, at = day.abroad(), day.hour(18, 21)
    name = f"www.{day.rng.choice(WORDS)}-{day.rng.choice(WORDS)}-{day.rng.randrange(1000)}.com"
    for _ in range(day.rng.randrange(4, 20)):
        at += day.rng.expovariate(1 / 60)
        day.dns("dns_new_made", at, day.inside(), server, name, answers=(f"{ABROAD}.251.1",))


IMITATIONS = ("www.rakutem.com", "rakuten.top", "login.rakuten.co.jp.check-id.info", "mercarri.com", "paypay-secure-login.com", "yodobashl.com", "paypa1.com", "rakuten-card-support.net")


def lookalike(day):
    day.dns("lookalike_made", day.hour(), day.inside(), day.abroad(), IMITATIONS[day.rng.randrange(len(IMITATIONS))], answers=(f"{ABROAD}.251.2",))


def protocol_port(day):
    day.tcp("protocol_port_made", day.hour(), day.inside(), day.rng.randrange(20000, 60000), day.abroad(), day.rng.choice((80, 443, 53, 25, 993)),
            ((0.02, ">", b"SSH-2.0-OpenSSH_9.2\r\n"), (0.02, "<", b"SSH-2.0-dropbear\r\n"), (0.02, ">", 1500), (0.05, "<", 3000)))


def tls_expired(day):
    server = day.abroad()
    for _ in range(day.rng.randrange(1, 4)):
        tls(day, "tls_expired_made", day.hour(), day.inside(), server, "www.old.example.com", certificate("www.old.example.com", "Some CA", "230101", f"25{day.rng.randrange(1, 13):02d}15"))


def tls_selfsigned(day):
    server = day.abroad()
    for _ in range(day.rng.randrange(1, 4)):
        tls(day, "tls_selfsigned_made", day.hour(), day.inside(), server, "router", certificate("router", "router", "250101", "350101"), port=day.rng.choice((443, 8443, 4443)))


def tls_rare(day):
    """A net of many hosts that all say hello in a few ways, and one that does not."""
    third = day.rng.randrange(60, 99)
    hosts, cert = [f"{INSIDE}.{third}.{n}" for n in range(1, 60)], certificate("www.news.example.com", "Some CA", "260101", "260601")
    for _ in range(2600):
        tls(day, "benign_made", day.hour(0.2, 13), day.rng.choice(hosts), f"{ABROAD}.252.{day.rng.randrange(1, 200)}", "www.news.example.com", cert,
            ciphers=day.rng.choice((PLAIN_CIPHERS, PLAIN_CIPHERS[:3], PLAIN_CIPHERS[1:])))
    tls(day, "tls_rare_made", day.hour(15, 20), f"{INSIDE}.{third}.{day.rng.randrange(100, 200)}", day.abroad(), "www.news.example.com", cert, ciphers=(0x0035, 0x002f, 0x000a, 0x0005))


def ics_command(day):
    source, target, at = day.abroad(), day.inside(), day.hour()
    script = []
    for i in range(day.rng.randrange(1, 12)):
        code, body = day.rng.choice(((5, b"\0\x10\xff\0"), (6, b"\0\x01\x12\x34"), (15, b"\0\x10\0\x08\x01\x55"), (16, b"\0\x01\0\x01\x02\0\x07")))
        script += [(1, ">", struct.pack("!HHHBB", i + 1, 0, 2 + len(body), 1, code) + body), (0.02, "<", struct.pack("!HHHBB", i + 1, 0, 6, 1, code) + body[:4])]
    day.tcp("ics_command_made", at, source, day.rng.randrange(20000, 60000), target, 502, script)


ATTACKS = (scan_vertical, scan_block, flood_tcp, flood_udp, flood_icmp, flood_carpet, amplification_reflector, bruteforce_spread, bruteforce_web, bruteforce_success, chain, long_connection,
           exfiltration, dns_dga, dns_fastflux, dns_new, lookalike, protocol_port, tls_expired, tls_selfsigned, tls_rare, ics_command)
ONCE = (tls_rare,)     # thousands of hellos each


# ---- look-alikes: innocent, and more like an attack than most talk ----

def benign_crowd(day):
    """Everybody comes at once, and is served."""
    server, at = day.inside(), day.hour()
    for source in day.crowd(1500):
        at += day.rng.expovariate(700)
        day.tcp("benign_made", at, source, day.rng.randrange(20000, 60000), server, 443, ((0.02, ">", 500), (0.05, "<", 9000)))


def benign_stream(day):
    """A film by UDP: much comes from one, and little goes back."""
    day.udp("benign_made", day.hour(), day.inside(), 40000, day.abroad(), 443, [(0, ">", 1200)] + [(0.0005, "<", 1200) if i % 12 else (0.0005, ">", 60) for i in range(1, 20000)])


def benign_backup(day):
    """As much each hour, all day: no theft is seen in it."""
    host, server = day.inside(), day.abroad()
    for hour in range(20):
        upload(day, "benign_made", day.start + (hour + day.rng.random()) * HOUR, host, server, day.rng.randrange(30, 45) * 1000000)


def benign_monitor(day):
    """Looks at ten ports of one's own server each ten minutes; all answer."""
    source, target = day.abroad(), day.inside()
    for tick in range(60):
        for port in (22, 25, 80, 110, 143, 443, 587, 993, 995, 8080):
            day.tcp("benign_made", day.start + HOUR + tick * 600 + port / 1000, source, day.rng.randrange(20000, 60000), target, port, ((0.01, "<", 60), (0.01, ">", 60)))


def benign_typist(day):
    """Names that do not exist, as people mistype them, among many that do."""
    host, server, at = day.inside(), day.abroad(), day.hour()
    for i in range(400):
        at += day.rng.expovariate(0.3)
        word = day.rng.choice(WORDS)
        missing = i % 9 == 0
        day.dns("benign_made", at, host, server, f"www.{word if not missing else word[:3] + word[4:] + day.rng.choice(WORDS)[:3]}.com", rcode=3 if missing else 0,
                answers=() if missing else (f"{ABROAD}.253.9",))


def benign_content(day):
    """A content network: many addresses, in few networks."""
    server, at = day.abroad(), day.hour()
    for _ in range(60):
        at += day.rng.expovariate(1 / 60)
        day.dns("benign_made", at, day.inside(), server, "img.shop-static.com", ttl=30, answers=[f"{day.rng.choice(('23.1', '23.2', '104.16'))}.{day.rng.randrange(256)}.{day.rng.randrange(1, 255)}" for _ in range(4)])


def benign_people(day):
    """People who log in at one server, from home; some mistype once."""
    target = day.inside()
    for source in day.crowd(60, third=50):
        at = day.hour()
        if day.rng.random() < 0.2:
            at = login(day, "benign_made", at, source, target) + 3
        login(day, "benign_made", at, source, target, session=True)


def benign_web(day):
    """A person whose session has ended, and a program that asks without a password first."""
    source, target, at = day.abroad(), day.inside(), day.hour()
    for i in range(120):
        at += day.rng.expovariate(1)
        status = b"401 Unauthorized" if i % 3 == 0 else b"200 OK"
        day.tcp("benign_made", at, source, 20000 + i, target, 80, ((0.01, ">", b"GET /a HTTP/1.1\r\nHost: www.corp.example\r\n\r\n"), (0.05, "<", b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")))


LOOK_ALIKES = (benign_crowd, benign_stream, benign_backup, benign_monitor, benign_typist, benign_content, benign_people, benign_web)


# ---- the day ----

def background(path):
    raw = pathlib.Path(path).read_bytes()
    at, frames = 24, []
    while at + 16 <= len(raw):
        seconds, part, length, wire = struct.unpack_from("<IIII", raw, at)
        frames.append((seconds + part / 1e6, wire, raw[at + 16:at + 16 + length]))
        at += 16 + length
    return frames


def make(folder, real, seed=1, each=4):
    """Write made.pcap and flows.tsv into folder: the real day's frames and truth, and ours."""
    folder, real = pathlib.Path(folder), pathlib.Path(real)
    frames = background(real / "border-day.pcap")
    day = Day(random.Random(seed), min(f[0] for f in frames))
    for attack in ATTACKS:
        for _ in range(1 if attack in ONCE else each):
            attack(day)
    for innocent in LOOK_ALIKES:
        innocent(day)
    frames += day.frames
    frames.sort(key=lambda f: f[0])
    with open(folder / "made.pcap", "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for at, wire, data in frames:
            seconds = int(at)
            out.write(struct.pack("<IIII", seconds, min(int((at - seconds) * 1e6), 999999), len(data), wire) + data)
    truth = (real / "flows.tsv").read_text(encoding="utf-8")
    assert truth.splitlines()[0].split("\t") == COLUMNS, "flows.tsv has other columns"
    with open(folder / "flows.tsv", "w", encoding="utf-8") as out:
        out.write(truth if truth.endswith("\n") else truth + "\n")
        for row in day.rows:
            out.write("\t".join(str(row[c]) for c in COLUMNS) + "\n")
    return {"frames": len(day.frames), "flows": len(day.rows), "of": len(frames)}
