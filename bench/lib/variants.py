# SPDX-License-Identifier: Apache-2.0
"""Attacks whose every parameter can be turned, one at a time while the others are drawn as they come, and innocents that look like them: what bench/variants lays into a day
of real conversations. Addresses are of RFC 2544 and RFC 5180 alone; everything comes out of one seed.

A case is a function of a day and of what is fixed; it answers with whom a finding should name and who else took part."""
import math
import struct

from lib import cases
from lib.cases import ACK, FIN, HOUR, ICMP, PSH, RST, SYN, TCP, UDP

INSIDE6, ABROAD6 = "2001:2:0:1::", "2001:2:0:2::"
OWN, TARGETS, ATTACKERS, INNOCENT, NETS = range(0, 40), range(40, 100), range(100, 200), range(200, 250), range(100, 250)


class VariantDay(cases.Day):
    """A day in which hosts are given out once, and of IPv6 when it is asked for."""

    def __init__(self, rng, start, six=False):
        super().__init__(rng, start)
        self.six, self.counts = six, {"inside": 0, "abroad": 0}

    def host(self, side, third, number):
        if self.six:
            return f"{INSIDE6 if side == 'inside' else ABROAD6}{third:x}:{number:x}"
        return f"{cases.INSIDE if side == 'inside' else cases.ABROAD}.{third}.{number}"

    def next(self, side):
        n = self.counts[side]
        self.counts[side] += 1
        return self.host(side, OWN[n // 250], 1 + n % 250)

    def inside(self):
        return self.next("inside")

    def abroad(self):
        return self.next("abroad")

    def some(self, side, thirds, count):
        """So many different ones of those that several cases share."""
        return [self.host(side, thirds[n // 250], 1 + n % 250) for n in self.rng.sample(range(250 * len(thirds)), count)]

    def row(self, *_):
        """The truth is what a case answers with."""


def pick(given, rng, *choices):
    return rng.choice(choices) if given is None else given


# ---- scans ----

def answer_of(rng, talk):
    """What a port that is open says: nothing but the handshake, a banner, or a talk."""
    return {"brief": (), "banner": ((0.02, "<", 40),), "talk": ((0.02, ">", 400), (0.03, "<", 2500))}[talk]


def probe(day, at, source, target, port, open_, proto, talk="brief", repeat=1):
    sport = day.rng.randrange(30000, 60000)
    if proto == UDP:
        day.udp("", at, source, sport, target, port, ((0, ">", 40),) + (((0.03, "<", 90),) if open_ else ()))
    elif open_:
        day.tcp("", at, source, sport, target, port, answer_of(day.rng, talk))
    else:
        refuse = day.rng.random() < 0.4
        for i in range(repeat):
            day.tcp("", at + 1.0 * i, source, sport, target, port, refuse=refuse, silent=not refuse)
            if refuse:
                break


def scan_horizontal(day, targets=None, answered=None, pause=None, proto=TCP, talk="brief", repeat=1, outward=False, port=None):
    rng = day.rng
    source, at = (day.inside() if outward else day.abroad()), day.hour(1, 4)
    hosts = day.some("abroad" if outward else "inside", ATTACKERS if outward else TARGETS, pick(targets, rng, 40, 80, 150))
    port, pause, answered = port or rng.choice((22, 23, 80, 445, 1433, 3389, 5900, 8080)), pick(pause, rng, 0.05, 0.5, 2), pick(answered, rng, 0, 5, 10)
    if proto == UDP:
        port = rng.choice((161, 1900, 5060, 137))
    for host in hosts:
        at += pause * rng.uniform(0.5, 1.5)
        probe(day, at, source, host, port, rng.random() * 100 < answered, proto, talk, repeat)
    return source, hosts


def scan_vertical(day, ports=None, answered=None, pause=None, proto=TCP):
    rng = day.rng
    source, target, at = day.abroad(), day.inside(), day.hour(1, 4)
    pause, answered = pick(pause, rng, 0.01, 0.2, 1), pick(answered, rng, 0, 2, 10)
    for port in rng.sample(range(1, 20000), pick(ports, rng, 40, 100, 300)):
        at += pause * rng.uniform(0.5, 1.5)
        probe(day, at, source, target, port, rng.random() * 100 < answered, proto)
    return source, [target]


def scan_block(day, targets=None, ports=None, pause=None):
    rng = day.rng
    source, at = day.abroad(), day.hour(1, 4)
    hosts = day.some("inside", TARGETS, pick(targets, rng, 6, 10, 20))
    chosen = rng.sample((21, 22, 23, 80, 81, 110, 139, 443, 445, 1433, 3306, 3389, 5432, 5900, 6379, 8080, 8443, 9200), pick(ports, rng, 5, 8, 12))
    pause = pick(pause, rng, 0.05, 0.5, 2)
    for host, port in rng.sample([(h, p) for h in hosts for p in chosen], len(hosts) * len(chosen)):
        at += pause * rng.uniform(0.5, 1.5)
        probe(day, at, source, host, port, rng.random() < 0.05, TCP)
    return source, hosts


def echo(day, at, source, target, number, answered):
    types = (128, 129) if day.six else (8, 0)
    day.frame(at, source, target, ICMP, struct.pack("!BBHHH", types[0], 0, 0, 7, number), 56)
    if answered:
        day.frame(at + 0.02, target, source, ICMP, struct.pack("!BBHHH", types[1], 0, 0, 7, number), 56)


def scan_icmp(day, targets=None, pause=None, packets=None, answered=None):
    rng = day.rng
    source, at = day.abroad(), day.hour(1, 4)
    hosts, pause, answered = day.some("inside", TARGETS, pick(targets, rng, 30, 60, 200)), pick(pause, rng, 0.02, 0.3, 2), pick(answered, rng, 5, 20, 50)
    for host in hosts:
        at += pause * rng.uniform(0.5, 1.5)
        there = rng.random() * 100 < answered
        for i in range(pick(packets, rng, 1, 1, 2)):
            echo(day, at + i, source, host, i, there)
    return source, hosts


# ---- guessing ----

# Payload of one try that fails, each way, and how long it takes: seconds.
SERVICES = {"SSH": (22, 2000, 2400, 2.0), "SSH, new key exchange": (22, 3600, 4200, 2.0), "SSH, six a connection": (22, 3400, 3400, 14.0), "Telnet": (23, 60, 200, 4.0), "FTP": (21, 40, 120, 3.0),
            "RDP": (3389, 1500, 2500, 1.0), "SMB": (445, 900, 1100, 0.3), "VNC": (5900, 30, 40, 2.0), "WinRM": (5985, 1500, 900, 0.3), "IMAP": (143, 60, 180, 3.0), "IMAPS": (993, 900, 5000, 2.0),
            "POP3": (110, 40, 120, 3.0), "submission": (587, 250, 500, 3.0), "MySQL": (3306, 220, 180, 0.1), "PostgreSQL": (5432, 120, 110, 0.1), "MS SQL": (1433, 600, 300, 0.1), "VPN portal": (10443, 1400, 5000, 0.5)}


def attempt(day, at, source, target, service, broken=False):
    port, out, back, lasts = SERVICES[service]
    rng = day.rng
    out, back = int(out * rng.uniform(0.9, 1.1)), int(back * rng.uniform(0.9, 1.1))
    script = [(0.02, "<", b"SSH-2.0-OpenSSH_9.2\r\n"), (0.02, ">", b"SSH-2.0-libssh2_1.10\r\n")] if port == 22 else []
    script += [(lasts / 4, ">", out // 2), (0.02, "<", back // 2), (lasts / 2, ">", out - out // 2), (lasts / 4, "<", back - back // 2)]
    return day.tcp("", at, source, rng.randrange(20000, 60000), target, port, script, close=not broken)


def bruteforce(day, tries=None, pause=None, service=None, jitter=0.5):
    rng = day.rng
    source, target, at = day.abroad(), day.inside(), day.hour(1, 6)
    service, pause = service or "SSH", pick(pause, rng, 0.3, 2, 6)
    for _ in range(pick(tries, rng, 40, 80, 150)):
        at += pause * rng.uniform(1 - jitter, 1 + jitter)
        attempt(day, at, source, target, service)
    return source, [target]


def bruteforce_spray(day, targets=None, each=None, pause=None, service=None):
    rng = day.rng
    source, at = day.abroad(), day.hour(1, 6)
    hosts, each, pause = day.some("inside", TARGETS, pick(targets, rng, 20, 40, 80)), pick(each, rng, 1, 2, 3), pick(pause, rng, 0.5, 3, 10)
    service = service or rng.choice(("SSH", "RDP", "FTP", "Telnet"))
    for _ in range(each):
        for host in hosts:
            at += pause * rng.uniform(0.5, 1.5)
            attempt(day, at, source, host, service)
    return source, hosts


def bruteforce_spread(day, sources=None, minutes=None, each=None, service=None):
    rng = day.rng
    target, at = day.inside(), day.hour(1, 6)
    senders, each, minutes = day.some("abroad", ATTACKERS, pick(sources, rng, 60, 100, 200)), pick(each, rng, 1, 2, 3), pick(minutes, rng, 5, 15)
    service = service or rng.choice(("SSH", "RDP", "FTP"))
    for source in senders:
        for _ in range(each):
            attempt(day, at + rng.uniform(0, minutes * 60), source, target, service)
    return target, senders


def bruteforce_web(day, refusals=None, pause=None, status=None, kept=False):
    rng = day.rng
    source, target, at = day.abroad(), day.inside(), day.hour(1, 6)
    pause, status = pick(pause, rng, 0.2, 1, 3), pick(status, rng, "401 Unauthorized", "403 Forbidden")
    ask = b"POST /login HTTP/1.1\r\nHost: www.corp.example\r\nContent-Length: 30\r\n\r\nuser=admin&password=0123456789"
    answer = f"HTTP/1.1 {status}\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n".encode()
    count = pick(refusals, rng, 60, 100, 200)
    if kept:
        day.tcp("", at, source, 20000, target, 80, ((pause, ">", ask), (0.05, "<", answer)) * count)
    else:
        for i in range(count):
            at += pause * rng.uniform(0.5, 1.5)
            day.tcp("", at, source, 20000 + i % 40000, target, 80, ((0.01, ">", ask), (0.05, "<", answer)))
    return source, [target]


# ---- floods ----

def flood(day, proto, rate=None, sources=None, seconds=None, flags=SYN, victims=1):
    rng = day.rng
    rate, seconds = pick(rate, rng, 2000, 3000), seconds or 2
    count = sources or rng.choice((200, 1000, 5000))
    senders, begun = day.some("abroad", ATTACKERS, count), day.hour(1, 20)
    if victims == 1:
        hosts = [day.inside()]
    else:
        third = NETS[day.nets]
        day.nets += 1
        hosts = [day.host("inside", third, n) for n in rng.sample(range(1, 255), victims)]
    at, port = begun, rng.choice((80, 443, 25565))
    for _ in range(int(rate * seconds)):
        at += rng.uniform(0, 2) / rate
        source, sport, victim = rng.choice(senders), rng.randrange(1024, 60000), rng.choice(hosts)
        if proto == TCP:
            day.frame(at, source, victim, TCP, struct.pack("!HHIIBBHHH", sport, port, rng.randrange(1 << 31), 1 if flags & ACK else 0, 0x50, flags, 512, 0, 0), b"")
        elif proto == UDP:
            day.frame(at, source, victim, UDP, struct.pack("!HHHH", sport, rng.randrange(1024, 60000), 408, 0), 400)
        else:
            day.frame(at, source, victim, ICMP, struct.pack("!BBHHH", 128 if day.six else 8, 0, 0, sport, 1), 56)
    return hosts[0] if victims == 1 else ("2001:2::" if day.six else f"{cases.INSIDE}.{third}.0"), senders + hosts


def flood_syn(day, **more):
    return flood(day, TCP, **more)


def flood_tcp(day, **more):
    return flood(day, TCP, flags=day.rng.choice((ACK, RST, PSH | ACK)), **more)


def flood_udp(day, **more):
    return flood(day, UDP, **more)


def flood_icmp(day, **more):
    return flood(day, ICMP, **more)


def flood_carpet(day, hosts=None, **more):
    return flood(day, day.rng.choice((TCP, UDP)), victims=hosts or day.rng.choice((60, 150, 250)), **more)


AMPLIFIERS = {"DNS": 53, "NTP": 123, "SNMP": 161, "CLDAP": 389, "SSDP": 1900, "memcached": 11211, "chargen": 19, "WS-Discovery": 3702}


def amplification(day, reflectors=None, rate=None, seconds=None, service=None, port=None):
    rng = day.rng
    victim, servers, at = day.inside(), day.some("abroad", ATTACKERS, pick(reflectors, rng, 60, 200, 400)), day.hour(1, 20)
    rate, seconds, sport = pick(rate, rng, 500, 1500), seconds or 2, AMPLIFIERS[service or rng.choice(list(AMPLIFIERS))]
    dport = port if port is not None else rng.randrange(10000, 60000)
    for _ in range(int(rate * seconds)):
        at += rng.uniform(0, 2) / rate
        day.frame(at, rng.choice(servers), victim, UDP, struct.pack("!HHHH", sport, dport or rng.randrange(10000, 60000), 1208, 0), 1200)
    return victim, servers


def amplification_reflector(day, asks=None, factor=None, rate=None, service=None):
    rng = day.rng
    server, victim, at = day.inside(), day.abroad(), day.hour(1, 20)
    rate, factor, sport = pick(rate, rng, 20, 60, 200), factor or rng.choice((10, 30)), rng.randrange(1024, 60000)
    for _ in range(pick(asks, rng, 600, 1500)):
        at += rng.expovariate(rate)
        day.udp("", at, victim, sport, server, AMPLIFIERS[service or "DNS"], [(0, ">", 60)] + [(0.001, "<", min(1200, 60 * factor))] * max(1, 60 * factor // 1200))
    return server, [victim]


# ---- hosts that obey ----

def parts(side, size):
    return [(0.02, side, min(60000, size - done)) for done in range(0, size, 60000)]


def beacon(day, period=None, jitter=None, contacts=None, each=1, port=443, proto=TCP, hosts=1, loss=0, size=(300, 600)):
    rng = day.rng
    server, bots, jitter = day.abroad(), [day.inside() for _ in range(hosts)], pick(jitter, rng, 0, 5, 10)
    period = pick(period, rng, 60, 300, 600)
    for host in bots:
        at, count = day.start + rng.uniform(0, min(period, HOUR)), pick(contacts, rng, 40, 60)
        for _ in range(count):
            if at > day.start + 23.5 * HOUR:
                break
            if rng.random() * 100 >= loss:
                for i in range(each):
                    if proto == UDP:
                        day.udp("", at + i, host, rng.randrange(32768, 60999), server, port, ((0, ">", size[0]), (0.03, "<", size[1])))
                    else:
                        day.tcp("", at + i, host, rng.randrange(32768, 60999), server, port, [*parts(">", size[0]), *parts("<", size[1])])
            at += period * (1 + jitter / 100 * rng.uniform(-1, 1))
    return bots[0], [server] + bots[1:]


ALPHABETS = {"hex": "0123456789abcdef", "base32": "abcdefghijklmnopqrstuvwxyz234567"}
NUMBERS = {"A": 1, "TXT": 16, "NULL": 10, "CNAME": 5, "MX": 15, "AAAA": 28}


def dns_tunnel(day, names=None, length=None, kind=None, pause=None, coding=None):
    rng = day.rng
    host, server, at = day.inside(), day.abroad(), day.hour(1, 8)
    domain, coding = f"{rng.choice(cases.WORDS)}{rng.randrange(1000)}.com", ALPHABETS[coding or rng.choice(("hex", "base32"))]
    length, kind, pause = pick(length, rng, 40, 80, 150), kind or rng.choice(("TXT", "NULL", "CNAME", "MX")), pick(pause, rng, 0.1, 1, 5)
    for _ in range(pick(names, rng, 60, 150, 300)):
        at += pause * rng.uniform(0.5, 1.5)
        data = "".join(rng.choice(coding) for _ in range(length))
        day.dns("", at, host, server, ".".join(data[i:i + 60] for i in range(0, length, 60)) + "." + domain, kind=NUMBERS[kind])
    return host, [server]


def dns_dga(day, names=None, missing=None, family=None, pause=None):
    rng = day.rng
    host, server, at = day.inside(), day.abroad(), day.hour(1, 8)
    missing, family, pause = pick(missing, rng, 90, 97, 100), family or rng.choice(("letters", "hex", "short")), pick(pause, rng, 0.2, 2, 5)
    for _ in range(pick(names, rng, 80, 150, 250)):
        at += pause * rng.uniform(0.5, 1.5)
        day.dns("", at, host, server, cases.made_up(rng, family), rcode=3 if rng.random() * 100 < missing else 0)
    return host, [server]


def exfiltration(day, size=None, past=None, minutes=None, parts=1):
    """size: megabytes; past: megabytes that the host sends in an ordinary hour."""
    rng = day.rng
    host, server, others = day.inside(), day.abroad(), [day.abroad() for _ in range(3)]
    size, past = pick(size, rng, 80, 150), 1 if past is None else past
    for hour in range(8):
        for other in others:
            cases.upload(day, "", day.start + (0.3 + hour + rng.random() * 0.6) * HOUR, host, other, max(60000, past * 1000000 // 3))
    at, lasts = day.start + 10.1 * HOUR, (minutes or 1) * 60
    chunks = max(1, size * 1000000 // parts // 60000)
    for _ in range(parts):
        day.tcp("", at + (rng.random() if parts > 1 else 0) * lasts, host, rng.randrange(20000, 60000), server, 443,
                [(lasts / parts / chunks, ">", 60000) if i % 8 else (lasts / parts / chunks, "<", 40) for i in range(1, chunks + 1)])
    return host, [server]


# ---- what is turned ----

SWEEPS = (
    ("scan.horizontal", scan_horizontal, "targets", (8, 12, 16, 24, 60), {}),
    ("scan.horizontal", scan_horizontal, "answered", (0, 20, 40, 60, 80, 100), {}),
    ("scan.horizontal", scan_horizontal, "answered", (20, 40, 60, 80, 100), {"talk": "banner", "targets": 100}),
    ("scan.horizontal", scan_horizontal, "answered", (10, 25, 40, 60), {"talk": "talk", "targets": 120}),
    ("scan.horizontal", scan_horizontal, "pause", (0.001, 10, 60, 240, 600, 1200), {"targets": 30}),
    ("scan.horizontal", scan_horizontal, "repeat", (1, 3), {}),
    ("scan.horizontal", scan_horizontal, "targets", (16, 30, 60), {"proto": UDP}),
    ("scan.horizontal", scan_horizontal, "answered", (0, 20, 40), {"proto": UDP, "targets": 100}),
    ("scan.horizontal", scan_horizontal, "targets", (16, 60, 150), {"outward": True}),
    ("scan.vertical", scan_vertical, "ports", (8, 12, 16, 30, 100), {}),
    ("scan.vertical", scan_vertical, "answered", (0, 20, 40, 60), {}),
    ("scan.vertical", scan_vertical, "pause", (0.001, 5, 60, 240, 480), {"ports": 30}),
    ("scan.vertical", scan_vertical, "ports", (30, 100), {"proto": UDP}),
    ("scan.block", scan_block, "ports", (2, 3, 4, 6, 12), {"targets": 10}),
    ("scan.block", scan_block, "pause", (0.01, 10, 60), {"targets": 8, "ports": 6}),
    ("scan.icmp", scan_icmp, "targets", (8, 12, 14, 20, 60), {}),
    ("scan.icmp", scan_icmp, "pause", (0.005, 5, 30, 120, 300), {"targets": 40}),
    ("scan.icmp", scan_icmp, "packets", (1, 3, 4, 5, 6), {}),
    ("bruteforce", bruteforce, "tries", (10, 15, 20, 40), {}),
    ("bruteforce", bruteforce, "pause", (0.05, 5, 15, 20, 30, 60, 120), {"tries": 80}),
    ("bruteforce", bruteforce, "service", tuple(SERVICES), {"tries": 400, "pause": 0.7}),
    ("bruteforce.spray", bruteforce_spray, "targets", (8, 12, 15, 30), {}),
    ("bruteforce.spray", bruteforce_spray, "pause", (0.05, 30, 60, 120, 300), {"targets": 30, "each": 1}),
    ("bruteforce.spread", bruteforce_spread, "sources", (20, 40, 50, 100), {}),
    ("bruteforce.spread", bruteforce_spread, "minutes", (1, 15, 30, 45, 60, 120), {"sources": 100, "each": 1}),
    ("bruteforce.web", bruteforce_web, "refusals", (20, 40, 60, 150), {}),
    ("bruteforce.web", bruteforce_web, "pause", (0.05, 2, 5, 10, 30), {"refusals": 120}),
    ("bruteforce.web", bruteforce_web, "status", ("401 Unauthorized", "403 Forbidden", "429 Too Many Requests"), {}),
    ("bruteforce.web", bruteforce_web, "kept", (False, True), {}),
    ("flood.syn", flood_syn, "rate", (300, 500, 700, 1000, 4000), {}),
    ("flood.syn", flood_syn, "seconds", (0.1, 0.3, 1), {"rate": 3000}),
    ("flood.syn", flood_syn, "sources", (1, 10, 50, 5000), {}),
    ("flood.tcp", flood_tcp, "rate", (300, 500, 700, 1500), {}),
    ("flood.tcp", flood_tcp, "sources", (1, 10, 40, 100, 1000), {}),
    ("flood.udp", flood_udp, "rate", (300, 500, 800, 1000, 1500, 3000), {}),
    ("flood.udp", flood_udp, "seconds", (0.1, 0.3, 1), {"rate": 3000}),
    ("flood.udp", flood_udp, "sources", (1, 10, 40, 100, 1000), {}),
    ("flood.icmp", flood_icmp, "rate", (300, 500, 700, 1500), {}),
    ("flood.icmp", flood_icmp, "sources", (1, 10, 40, 100), {"rate": 3000}),
    ("flood.carpet", flood_carpet, "rate", (500, 1000, 1500, 3000), {}),
    ("flood.carpet", flood_carpet, "hosts", (8, 16, 24, 100, 250), {}),
    ("flood.carpet", flood_carpet, "sources", (20, 100, 150, 1000), {}),
    ("amplification", amplification, "reflectors", (5, 10, 20, 30, 100), {}),
    ("amplification", amplification, "rate", (30, 50, 80, 200, 2000), {}),
    ("amplification", amplification, "service", tuple(AMPLIFIERS), {}),
    ("amplification", amplification, "port", (0, 53, 80, 123, 443, 5060), {}),
    ("amplification.reflector", amplification_reflector, "factor", (3, 5, 8, 20, 100), {"asks": 1500}),
    ("amplification.reflector", amplification_reflector, "rate", (1, 5, 20, 200), {"asks": 1500, "factor": 20}),
    ("beacon", beacon, "period", (10, 30, 60, 300, 600, 1800, 3600, 7200), {"contacts": 40}),
    ("beacon", beacon, "contacts", (8, 10, 12, 16, 24), {}),
    ("beacon", beacon, "jitter", (0, 10, 20, 30, 40, 50), {"contacts": 60}),
    ("beacon", beacon, "each", (1, 2, 3, 6), {"contacts": 40}),
    ("beacon", beacon, "hosts", (1, 4, 8, 12, 20), {"contacts": 40}),
    ("beacon", beacon, "loss", (0, 10, 30), {"contacts": 60}),
    ("beacon", beacon, "port", (22, 53, 80, 123, 993, 4444, 8080, 8443), {}),
    ("beacon", beacon, "port", (443, 4444), {"proto": UDP}),
    ("beacon", beacon, "size", ((40, 40), (300, 600), (2000, 200000), (100000, 300)), {}),
    ("dns.tunnel", dns_tunnel, "names", (8, 12, 20, 60), {}),
    ("dns.tunnel", dns_tunnel, "length", (12, 16, 24, 40, 100, 180), {}),
    ("dns.tunnel", dns_tunnel, "kind", tuple(NUMBERS), {}),
    ("dns.tunnel", dns_tunnel, "length", (24, 40, 60, 90, 120), {"kind": "A", "names": 300, "pause": 1}),
    ("dns.tunnel", dns_tunnel, "pause", (0.02, 10, 60, 120), {"names": 60}),
    ("dns.dga", dns_dga, "names", (20, 40, 80, 200), {}),
    ("dns.dga", dns_dga, "missing", (100, 90, 70, 50), {}),
    ("dns.dga", dns_dga, "family", ("letters", "hex", "short", "words"), {}),
    ("dns.dga", dns_dga, "pause", (0.02, 10, 30, 60), {"names": 100}),
    ("exfiltration", exfiltration, "size", (10, 25, 50, 200), {}),
    ("exfiltration", exfiltration, "past", (1, 5, 10, 20), {"size": 120}),
    ("exfiltration", exfiltration, "minutes", (1, 30, 60, 180), {"size": 120}),
    ("exfiltration", exfiltration, "parts", (1, 10, 100), {"size": 120, "minutes": 30}),
)


# ---- innocents ----

def talk(day, at, client, server, port, out=600, back=6000, sport=None):
    day.tcp("", at, client, sport or day.rng.randrange(1024, 65000), server, port, ((0.02, ">", out), (0.03, "<", back)))


def innocent_mail_server(day):
    """Sends mail to six hundred exchangers, a fifth of them dead, a tenth of them puts it off."""
    server, at = day.inside(), day.hour(1, 3)
    for other in day.some("abroad", INNOCENT, 600):
        at += day.rng.expovariate(0.2)
        luck = day.rng.random()
        day.tcp("", at, server, day.rng.randrange(20000, 60000), other, 25, ((0.1, "<", 60), (0.1, ">", 20), (0.1, "<", 60)) if luck < 0.3 else
                ((0.1, "<", 60), (0.1, ">", 300), (0.1, "<", 300), (0.1, ">", 20000), (0.1, "<", 60)), silent=luck < 0.2)
    return [server]


def innocent_mail_readers(day):
    """Two hundred people fetch mail from one server each ten minutes for two hours, over TLS."""
    server, at = day.inside(), day.hour(1, 8)
    for reader in day.some("abroad", INNOCENT, 200):
        for i in range(12):
            attempt(day, at + i * 600 + day.rng.uniform(0, 500), reader, server, "IMAPS")
    return [server]


def innocent_nat_pool(day):
    """A thousand people behind four addresses: the web, of which a fiftieth is dead, and their mail."""
    addresses, servers = [day.inside() for _ in range(4)], day.some("abroad", INNOCENT, 2000)
    mail = day.abroad()
    for _ in range(8000):
        at, server, address = day.hour(1, 5), day.rng.choice(servers), day.rng.choice(addresses)
        if day.rng.random() < 0.02:
            day.tcp("", at, address, day.rng.randrange(1024, 65000), server, 443, silent=True)
        else:
            talk(day, at, address, server, day.rng.choice((80, 443, 443, 443)))
    for _ in range(2400):
        attempt(day, day.hour(1, 3), day.rng.choice(addresses), mail, "IMAPS")
    return addresses + [mail]


def innocent_resolver(day):
    """Asks three thousand name servers of the world, an eighth of them silent, for everybody; one name in fourteen is no name, and browsers try names of their own making."""
    resolver, servers, at = day.inside(), day.some("abroad", INNOCENT, 3000), day.hour(1, 3)
    for server in servers * 2:
        at += day.rng.expovariate(2)
        luck = day.rng.random()
        name = "".join(day.rng.choice(cases.LETTERS) for _ in range(day.rng.randrange(7, 15))) if luck < 0.01 else f"www.{day.rng.choice(cases.WORDS)}{day.rng.choice(cases.WORDS)}.com"
        if day.rng.random() < 0.125:
            day.udp("", at, resolver, day.rng.randrange(1024, 65000), server, 53, ((0, ">", 40), (1.0, ">", 40)))
        else:
            day.dns("", at, resolver, server, name, rcode=3 if luck < 0.07 else 0, answers=() if luck < 0.07 else (f"{cases.ABROAD}.253.9",))
    return [resolver]


def innocent_name_server(day):
    """Is asked by three thousand resolvers, and answers; some ask from port 53."""
    server, at = day.inside(), day.hour(1, 3)
    for resolver in day.some("abroad", INNOCENT, 3000):
        for _ in range(2):
            at += day.rng.expovariate(150)
            day.udp("", at, resolver, 53 if day.rng.random() < 0.1 else day.rng.randrange(1024, 65000), server, 53, ((0, ">", 45), (0.001, "<", 300)))
    return [server]


def innocent_time_server(day):
    """One of a public pool: six thousand clients, some from port 123."""
    server, at = day.inside(), day.hour(1, 3)
    for client in day.some("abroad", INNOCENT, 6000):
        at += day.rng.expovariate(300)
        day.udp("", at, client, 123 if day.rng.random() < 0.3 else day.rng.randrange(1024, 65000), server, 123, ((0, ">", 48), (0.001, "<", 48)))
    return [server]


def innocent_time_clients(day):
    """Twenty hosts ask four servers each 64 to 1024 seconds, all day."""
    servers, clients = [day.abroad() for _ in range(4)], [day.inside() for _ in range(20)]
    for client in clients:
        step = day.rng.choice((64, 256, 1024))
        for server in servers:
            at = day.start + day.rng.uniform(0, step)
            while at < day.start + 12 * HOUR:
                day.udp("", at, client, 123, server, 123, ((0, ">", 48), (0.02, "<", 48)))
                at += step
    return servers + clients


def innocent_ping_monitor(day):
    """Pings forty own servers from abroad each minute, for two hours."""
    monitor, hosts, at = day.abroad(), [day.inside() for _ in range(40)], day.hour(1, 3)
    for tick in range(120):
        for n, host in enumerate(hosts):
            echo(day, at + tick * 60 + n * 0.05, monitor, host, tick, True)
    return [monitor]


def innocent_port_monitor(day):
    """Looks from abroad each minute whether forty own web servers answer, for two hours."""
    monitor, hosts, at = day.abroad(), [day.inside() for _ in range(40)], day.hour(1, 3)
    for tick in range(120):
        for n, host in enumerate(hosts):
            talk(day, at + tick * 60 + n * 0.1, monitor, host, 443, 700, 4500)
    return [monitor]


def innocent_login_monitor(day):
    """Logs in at ten own servers from abroad each five minutes and asks one thing."""
    monitor, hosts, at = day.abroad(), [day.inside() for _ in range(10)], day.hour(1, 3)
    for tick in range(40):
        for n, host in enumerate(hosts):
            attempt(day, at + tick * 300 + n * 3, monitor, host, "SSH, new key exchange")
    return [monitor]


def innocent_builds(day):
    """A machine abroad fetches sources by SSH: bursts of fifty small fetches from one server, each hour."""
    builder, server, at = day.abroad(), day.inside(), day.hour(1, 3)
    for hour in range(4):
        for i in range(50):
            day.tcp("", at + hour * HOUR + i * 4, builder, day.rng.randrange(20000, 60000), server, 22,
                    [(0.02, "<", b"SSH-2.0-OpenSSH_9.2\r\n"), (0.02, ">", b"SSH-2.0-OpenSSH_9.7\r\n"), (0.02, ">", 2600), (0.05, "<", 3200), (0.2, ">", 1200), (0.2, "<", day.rng.choice((2500, 4000, 30000, 60000)))])
    return [builder]


def innocent_peers(day):
    """Two hosts share files: two thousand peers by UDP and TCP, half of them gone, most at ports of their own and a sixth at the usual one."""
    hosts = [day.inside() for _ in range(2)]
    for host in hosts:
        at = day.hour(1, 4)
        for peer in day.some("abroad", INNOCENT, 2000):
            at += day.rng.expovariate(1)
            port = 6881 if day.rng.random() < 0.17 else day.rng.randrange(10000, 60000)
            day.udp("", at, host, 51413, peer, port, ((0, ">", 100),) + (((0.1, "<", 300),) if day.rng.random() < 0.5 else ()))
            if day.rng.random() < 0.3:
                luck = day.rng.random()
                day.tcp("", at + 1, host, day.rng.randrange(20000, 60000), peer, port, ((0.1, ">", 2000), (0.1, "<", 30000)), silent=luck < 0.5, refuse=luck < 0.1)
    return hosts


def innocent_game_browser(day):
    """Six players' lists of game servers: four hundred each, a third do not answer."""
    hosts = [day.inside() for _ in range(6)]
    for host in hosts:
        at = day.hour(1, 20)
        for server in day.some("abroad", INNOCENT, 400):
            at += 0.02
            day.udp("", at, host, 27005, server, 27015, ((0, ">", 53),) + (((0.08, "<", 180),) if day.rng.random() < 0.67 else ()))
    return hosts


def innocent_game_server(day):
    """A server for games: three thousand ask for its state, sixty play."""
    server, at = day.inside(), day.hour(1, 3)
    for player in day.some("abroad", INNOCENT, 3000):
        at += day.rng.expovariate(50)
        day.udp("", at, player, day.rng.randrange(1024, 65000), server, 27015, ((0, ">", 53), (0.01, "<", 400)))
    for player in day.some("abroad", INNOCENT, 60):
        day.udp("", at + day.rng.random(), player, 27005, server, 27015, ((0.03, ">", 80), (0.01, "<", 200)) * 200)
    return [server]


def innocent_quic(day):
    """Four hosts whose every page is QUIC: many servers, much from few."""
    hosts = [day.inside() for _ in range(4)]
    for host in hosts:
        for server in day.some("abroad", INNOCENT, 300):
            day.udp("", day.hour(1, 6), host, day.rng.randrange(20000, 65000), server, 443, [(0, ">", 1250), (0.03, "<", 1250)] + [(0.001, "<", 1250), (0.001, "<", 1250), (0.001, ">", 40)] * day.rng.randrange(2, 30))
    return hosts


def innocent_content(day):
    """A crowd at a server of ours: two thousand visitors in a minute, one in fifty leaves after the SYN."""
    server, at = day.inside(), day.hour(1, 20)
    for visitor in day.some("abroad", INNOCENT, 2000):
        at += day.rng.expovariate(40)
        day.tcp("", at, visitor, day.rng.randrange(20000, 60000), server, 443, ((0.02, ">", 500), (0.05, "<", 9000)), silent=day.rng.random() < 0.02)
    return [server]


def innocent_portal(day):
    """An application at port 8443: three hundred visitors, and a program that asks it each two seconds."""
    server, program, at = day.inside(), day.abroad(), day.hour(1, 20)
    for visitor in day.some("abroad", INNOCENT, 300):
        for _ in range(3):
            talk(day, at + day.rng.uniform(0, 1500), visitor, server, 8443, 900, 5500)
    for i in range(600):
        talk(day, at + i * 2, program, server, 8443, 900, 5500)
    return [server, program]


def innocent_backup_hourly(day):
    host, server = day.inside(), day.abroad()
    for hour in range(20):
        cases.upload(day, "", day.start + (hour + day.rng.random()) * HOUR, host, server, day.rng.randrange(30, 45) * 1000000)
    return [host]


def innocent_web_poll(day):
    """Pages that refresh themselves: each minute, jittered by a second, at three services that thirty hosts have open."""
    hosts, servers = [day.inside() for _ in range(30)], [day.abroad() for _ in range(3)]
    for host in hosts:
        for server in servers:
            at = day.hour(1, 3)
            for _ in range(90):
                talk(day, at, host, server, 443, 700, 3000)
                at += 60 + day.rng.uniform(-1, 1)
    return hosts


def innocent_people(day):
    """People who log in at a server by SSH; one in four mistypes once or twice."""
    server = day.inside()
    for person in day.some("abroad", INNOCENT, 120):
        at = day.hour(1, 10)
        if day.rng.random() < 0.25:
            for _ in range(day.rng.randrange(1, 3)):
                at = attempt(day, at, person, server, "SSH") + 4
        cases.login(day, "", at, person, server, session=True)
    return [server]


def innocent_hash_lookups(day):
    """Advertisers and measurements: names that a program coded, thirty different ones below each of eight domains, for addresses."""
    host, server = day.inside(), day.abroad()
    for n in range(8):
        for _ in range(30):
            label = "".join(day.rng.choice(ALPHABETS["hex"]) for _ in range(day.rng.choice((20, 32, 50, 64))))
            day.dns("", day.hour(1, 2), host, server, f"{label[:60]}.ads{n}{cases.WORDS[n]}.com", answers=(f"{cases.ABROAD}.253.9",))
    return [host]


def innocent_bulk_sensors(day):
    """Eighty machines report figures by UDP to one collector of ours, which never answers."""
    server, at = day.inside(), day.hour(1, 3)
    for machine in day.some("abroad", INNOCENT, 80):
        for i in range(60):
            day.udp("", at + i * 10 + day.rng.random(), machine, 40000, server, 8125, ((0, ">", 300),))
    return [server]


INNOCENTS = (innocent_mail_server, innocent_mail_readers, innocent_nat_pool, innocent_resolver, innocent_name_server, innocent_time_server, innocent_time_clients, innocent_ping_monitor,
             innocent_port_monitor, innocent_login_monitor, innocent_builds, innocent_peers, innocent_game_browser, innocent_game_server, innocent_quic, innocent_content, innocent_portal,
             innocent_backup_hourly, innocent_web_poll, innocent_people, innocent_hash_lookups, innocent_bulk_sensors)


# ---- the day ----

class Case:
    def __init__(self, sweep, value, name, others, first, last):
        self.sweep, self.value, self.name, self.others, self.first, self.last = sweep, value, name, set(others), first, last
        self.found = {}


def make(rng, start, six, each, kinds=None):
    """The frames, the cases, and the innocents: {address: which look-alike}. kinds: the detectors of these sweeps alone."""
    day = VariantDay(rng, start, six)
    day.nets = 0
    made, innocents = [], {}
    for number, (kind, function, key, values, fixed) in enumerate(SWEEPS):
        for value in values if kinds is None or kind in kinds else ():
            for _ in range(each):
                begun = len(day.frames)
                name, others = function(day, **fixed, **{key: value})
                made.append(Case(number, value, name, others, min(f[0] for f in day.frames[begun:]), max(f[0] for f in day.frames[begun:])))
    for function in INNOCENTS:
        innocents.update(dict.fromkeys(function(day), function.__name__.removeprefix("innocent_")))
    return day.frames, made, innocents
