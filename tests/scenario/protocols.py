#!/usr/bin/env python3
"""Protocols where they do not belong, certificates of real handshakes, control of machines against its ground truth, and relays: from packets to findings."""
import collections, csv, json, os, ssl, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import *

INSIDE, ABROAD = "192.0.2.7", "198.51.100.9"
MSS = 1400

def findings(folder, frames, *detectors, times=None, start=1_790_000_000, extra=()):
    capture = write_pcap(os.path.join(folder, "x.pcap"), [ether(p) for p in frames], times=times, start=start)
    border = make_border(os.path.join(folder, "x.skb"))
    words = [w for d in detectors for w in ("--detectors", d)]
    return json.loads(sekisho("watch", capture, "--border", border, *words, "--json", *extra).out)["findings"]

def talk(client, sport, server, dport, turns):
    """A TCP connection in which the sides speak in turns: [(True: the client, bytes), ...]."""
    sides = {True: (client, sport, server, dport), False: (server, dport, client, sport)}
    seq = {True: 101, False: 501}
    yield tcp(*sides[True], SYN, seq=100)
    yield tcp(*sides[False], SYN | ACK, seq=500, ack=101)
    yield tcp(*sides[True], ACK, seq=101, ack=501)
    for from_client, data in turns:
        for at in range(0, len(data), MSS):
            part = data[at:at + MSS]
            yield tcp(*sides[from_client], PSH | ACK, part, seq=seq[from_client], ack=seq[not from_client])
            seq[from_client] += len(part)
    yield tcp(*sides[True], FIN | ACK, seq=seq[True], ack=seq[False])
    yield tcp(*sides[False], FIN | ACK, seq=seq[False], ack=seq[True] + 1)
    yield tcp(*sides[True], ACK, seq=seq[True] + 1, ack=seq[False] + 1)

SSH = [(False, b"SSH-2.0-OpenSSH_9.2p1\r\n"), (True, b"SSH-2.0-OpenSSH_9.2p1\r\n")]

def answer_of(query): return query[:2] + b"\x81\x80" + query[4:]

def handshake(folder, name):
    """The flights of a TLS 1.2 handshake between two real OpenSSL, over no wire; and when the certificate ends."""
    key, cert = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".crt")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=" + name, "-keyout", key, "-out", cert)
    if name == "signed":  # by another name
        request = os.path.join(folder, "r.csr")
        run("openssl", "req", "-new", "-key", key, "-subj", "/CN=leaf", "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", cert, "-CAkey", key, "-days", "30", "-set_serial", "7", "-out", cert + "2")
        cert += "2"
    end = ssl.cert_time_to_seconds(run("openssl", "x509", "-noout", "-enddate", "-in", cert).out.split("=", 1)[1].strip())
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(cert, key)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = {True: client.wrap_bio(to_client, to_server, server_hostname="a.example"), False: server.wrap_bio(to_server, to_client, server_side=True)}
    turns, done = [], {True: False, False: False}
    seen = {True: (to_server, to_client), False: (to_client, to_server)}
    while not all(done.values()):
        for side in (True, False):
            try: sides[side].do_handshake(); done[side] = True
            except ssl.SSLWantReadError: pass
            out = seen[side][0]
            data = out.read()
            if data: turns.append((side, data)); out.write(data)
    return turns, end

def ports():
    with Folder() as folder:
        query = dns_query("x.example")
        frames = [*talk(INSIDE, 40001, ABROAD, 443, SSH), *talk(ABROAD, 40002, INSIDE, 2222, SSH), *talk(INSIDE, 40003, ABROAD, 22, SSH),
                  udp(INSIDE, 40004, ABROAD, 31337, query), udp(ABROAD, 31337, INSIDE, 40004, answer_of(query)),
                  # a scanner that speaks TLS to SSH: the server never does
                  *talk(ABROAD, 40005, INSIDE, 22, [(True, client_hello("a.example")), (False, SSH[0][1])])]
        got = findings(folder, frames, "protocol.port")
        expect(sorted(f["matched"] for f in got) == ["tcp/443=ssh", "udp/31337=dns"], str([f["matched"] for f in got]))
        expect({f["kind"] for f in got} == {"protocol.port"} and all(INSIDE in f["sentence"] and ABROAD in f["sentence"] for f in got), str(got))
        expect(findings(folder, frames) == [], "it runs only when asked for")
        other = findings(folder, frames, "protocol.port:moved=0")
        expect([f["matched"] for f in other] == ["tcp/443=ssh"], str(other))

def certificates():
    with Folder() as folder:
        own, end = handshake(folder, "own")
        signed, signed_end = handshake(folder, "signed")
        for turns, self_signed, ends in ((own, True, end), (signed, False, signed_end)):
            frames = list(talk(INSIDE, 40001, ABROAD, 8443, turns))
            for days in (-10, 0, 400):
                got = findings(folder, frames, "tls.expired", "tls.selfsigned", start=ends + days * 86400 + 60)
                kinds = sorted(f["kind"] for f in got)
                expect(kinds == (["tls.expired"] if days == 400 else []) + (["tls.selfsigned"] if self_signed else []), f"{days} days, {self_signed}: {kinds}")
                if days == 400:
                    expect(any("ended 400 days ago" in f["sentence"] for f in got), str(got))
            got = findings(folder, frames, "tls.expired", start=ends - 100 * 86400)
            expect([f["matched"] for f in got] == ["tcp/8443 early"] and "begins only in" in got[0]["sentence"], str(got))

WRITES = {"dnp3_func": {2, 3, 4, 5, 6, *range(7, 23), 27, 31}, "modbus_func": {5, 6, 15, 16, 21, 22, 23}}

def control():
    """Commands of each sender and machine, against what another program reads in the same captures."""
    folder_of_data = need_shared("net", "ics")
    truth = collections.defaultdict(collections.Counter)
    with open(os.path.join(folder_of_data, "functions.tsv")) as f:
        for row in csv.DictReader(f, delimiter="\t"):
            for column, writes in WRITES.items():
                for function in (row[column] or "").split(","):
                    if function.strip(): truth[row["file"]][(row["src"], row["dst"])] += int(function) in writes
    seen = 0
    with Folder() as folder:
        for name, pairs in sorted(truth.items()):
            for (source, destination), wanted in sorted(pairs.items()):
                border = os.path.join(folder, "b.skb")
                sekisho("border", "build", "--foreign", source, "--domestic", destination, "--rest", "unknown", "-o", border)
                out = json.loads(sekisho("watch", os.path.join(folder_of_data, name), "--border", border, "--detectors", "ics.command", "--json").out)
                told = sum(f["count"] for f in out["findings"] if f["class"] == "FD")
                expect(told == wanted, f"{name}: {source} to {destination}: {told} commands told, {wanted} sent")
                seen += wanted
    expect(seen >= 20, f"{seen} commands in all")

def relays():
    with Folder() as folder:
        frames = [*tcp_talk(INSIDE, 40001, ABROAD, 9001, b"x", b"y"), *tcp_talk(INSIDE, 40002, "198.51.100.10", 9001, b"x", b"y"), *tcp_talk("198.51.100.11", 40003, INSIDE, 80, b"x", b"y")]
        capture = write_pcap(os.path.join(folder, "x.pcap"), [ether(p) for p in frames])
        tor, bad = os.path.join(folder, "exits.txt"), os.path.join(folder, "bad.txt")
        with open(tor, "w") as f: f.write("198.51.100.9\n198.51.100.10\n198.51.100.11\n")
        with open(bad, "w") as f: f.write("198.51.100.10\n")
        w = make_workspace(folder)
        expect("expected tor, proxy or vpn" in sekisho("selectors", "import", "--workspace", w, "--relay", "pigeon", tor, code=2).err, "a relay that there is not")
        sekisho("selectors", "import", "--workspace", w, "--relay", "tor", tor)
        expect("198.51.100.9\texits.txt:1\ttor" in sekisho("selectors", "show", "--workspace", w).out, "show does not say tor")
        sekisho("selectors", "import", "--workspace", w, bad)
        got, _ = watch_json(w, capture)
        kinds = sorted((f["kind"], f["matched"], f["severity"]) for f in got["findings"])
        expect(kinds == [("indicator.address", "198.51.100.10", "high"), ("indicator.relay", "from tor", "low"), ("indicator.relay", "tor", "medium")], str(kinds))
        expect(any("a relay of Tor" in f["sentence"] and ABROAD in f["sentence"] for f in got["findings"]), str(got["findings"]))

main(ports, certificates, control, relays)
