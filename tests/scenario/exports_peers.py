#!/usr/bin/env python3
"""sekisho collect, and --ipfix, with real peers on the loopback: softflowd and pmacctd send, nfcapd, nfacctd, libfixbuf's ipfixDump and tshark read."""
import gzip, re, shutil, signal, time
from exports import (S, FILTER, IN, OUT, PLAIN, all_flows, counts, everything_foreign, exports, flows, ipfix, key, plain, read_pcap, sample_border, template, v5)
from lib import *

def need(*programs):
    missing = [p for p in programs if not shutil.which(p)]
    if missing: print(f"note: {', '.join(missing)} is not here (scripts/install-packages test)")
    return not missing

def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s: s.bind(("127.0.0.1", 0)); return s.getsockname()[1]

def until(truth, what, seconds=20):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, f"waited for {what}"); time.sleep(0.02)

def listens(port, tcp=False): return any(f":{port:04X} " in line.split("rem_address")[0][:30] for line in open("/proc/net/tcp" if tcp else "/proc/net/udp"))

class Collect:
    """sekisho collect in the background; leaving it interrupts it. answer, said: what it then told."""
    def __init__(self, workspace, *extra, tcp=False):
        self.port, self.tcp_port = free_port(), free_port(socket.SOCK_STREAM) if tcp else None
        listen = ["--listen", f"udp:127.0.0.1:{self.port}"] + (["--listen", f"tcp:127.0.0.1:{self.tcp_port}"] if tcp else [])
        self.child = subprocess.Popen([SEKISHO, "collect", "--workspace", workspace, "--json", *listen, *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: listens(self.port) or self.child.poll() is not None, "the collector to listen")
        expect(self.child.poll() is None, f"collect ended: {self.child.poll()} {self.child.stderr.read() if self.child.poll() is not None else ''}")
    def __enter__(self): return self
    def send(self, *datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for i, d in enumerate(datagrams):
                s.sendto(d, ("127.0.0.1", self.port))
                if i % 64 == 63: time.sleep(0.002)
    def __exit__(self, kind, *_):
        if kind: self.child.kill(); self.child.communicate(); return
        time.sleep(0.4); self.child.send_signal(signal.SIGINT)
        out, self.said = self.child.communicate(timeout=30)
        expect(self.child.returncode == 130, f"exit {self.child.returncode}: {self.said}")
        self.answer = json.loads(out); check_equation(self.answer["account"])
        a = self.answer["exports"]["account"]
        expect(a["received"] == a["gate_erased"] + a["select_erased"] + a["selected"] + a["malformed"], str(a))

def moved_to_now(path):
    """border.pcap.gz with its last frame now, so that an exporter that takes its clock from the frames is right."""
    data, at, last = bytearray(gzip.open(S + "/border.pcap.gz").read()), 24, 0
    while at < len(data): last = max(last, struct.unpack_from("<I", data, at)[0]); at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    at, later = 24, int(time.time()) - last
    while at < len(data): struct.pack_into("<I", data, at, struct.unpack_from("<I", data, at)[0] + later); at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    open(path, "wb").write(data); return path

def softflowd(capture, folder, port, *words, what=FILTER):
    done = run("softflowd", "-r", capture, "-d", "-6", "-a", "-p", folder + "/pid", "-c", "none", "-n", f"127.0.0.1:{port}", *words, *([what] if what else []), timeout=60)
    return int(re.search(r"Flows exported: \d+ \((\d+) records\)", done.out + done.err)[1])

def payloads(port, transport=17): return [r[3][42:] for r in read_pcap(S + "/exports/routers.pcap.gz") if r[3][23] == transport and struct.unpack_from("!H", r[3], 36)[0] == port]

# ---- senders ----

def softflowd_sends():
    if not need("softflowd"): return
    for words, tcp, form, each in ((("-v", "5"), False, "netflow5", 1), (("-v", "9"), False, "netflow9", 1), (("-v", "10"), False, "ipfix", 1), (("-v", "10", "-b"), False, "ipfix", 2),
                                   (("-v", "10", "-b", "-P", "tcp"), True, "ipfix", 2)):
        with Folder() as f:
            w = all_flows(f, sample_border(f))
            with Collect(w, "--interval", "1", tcp=tcp) as c: sent = softflowd(moved_to_now(f + "/now.pcap"), f, c.tcp_port if tcp else c.port, *words)
            e = c.answer["exports"]
            expect(sent > 200 and e["beside"]["data_records"] == sent and e["account"]["received"] == each * sent, f"{words}: {sent} sent, {e}")
            expect(e["messages"][form] == e["beside"]["messages"] > 5 and e["beside"]["times_wrong"] == 0 and e["account"]["gate_erased"] > 0 < e["account"]["selected"], f"{words}: {e}")
            expect(e["listener"]["streams"] == int(tcp) and e["listener"]["kernel_dropped"] == 0 and c.answer["account"]["received"] == 0, str(e))
            expect(len(flows(w)) == e["account"]["selected"] and "interrupted; the last interval is signed" in c.said, c.said)
            verify_both(w + "/ledger")

def pmacctd_sends():
    if not need("pmacctd"): return
    for plugin in ("nfprobe_version: 9", "nfprobe_version: 10", "sampling_rate: 20"):
        with Folder() as f:
            w, kind = all_flows(f, sample_border(f)), "sfprobe" if "sampling" in plugin else "nfprobe"
            with Collect(w) as c:
                with open(f + "/conf", "w") as conf:
                    conf.write(f"daemonize: false\npcap_savefile: {moved_to_now(f + '/now.pcap')}\nplugins: {kind}[x]\n{kind}_receiver: 127.0.0.1:{c.port}\n{plugin}\npcap_filter: {FILTER}\n"
                               + ("sfprobe_agentip: 192.0.2.1\n" if kind == "sfprobe" else ""))
                run("pmacctd", "-f", conf.name, timeout=60, code=None); time.sleep(1)
            e = c.answer["exports"]
            if kind == "sfprobe": expect(e["beside"]["samples"] > 100 and c.answer["account"]["received"] == e["beside"]["samples"] and c.answer["account"]["selected"] > 50, str(e))
            else: expect(e["account"]["selected"] > 100 and e["account"]["gate_erased"] > 20 and e["beside"]["no_template"] == e["beside"]["malformed_messages"] == 0, f"{plugin}: {e}")
            verify_both(w + "/ledger")

def nfcapd_counts_the_same():
    if not need("nfcapd"): return
    for port in (2055, 9995):
        with Folder() as f:
            messages = payloads(port); told = nfcapd(f, lambda p: [send(p, m) for m in messages])
            w = all_flows(f, everything_foreign(f))
            with Collect(w) as c: c.send(*messages)
            got = flows(w); e = c.answer["exports"]
            expect(told["Flows"] == e["account"]["received"] == e["account"]["selected"] > 400, f"nfcapd {told}, sekisho {e['account']}")
            expect((told["Packets"], told["Bytes"]) == tuple(map(sum, zip(*map(counts, got)))), f"nfcapd {told}, sekisho {len(got)} flows")

def send(port, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.sendto(message, ("127.0.0.1", port))
    time.sleep(0.001)

def nfcapd(f, sender):
    """What nfcapd says that it stored of what sender(port) sends."""
    port = free_port(); os.makedirs(f + "/nf", exist_ok=True)
    with open(f + "/nfcapd.log", "w+") as log:
        child = subprocess.Popen(["nfcapd", "-w", f + "/nf", "-p", str(port), "-b", "127.0.0.1", "-t", "86400", "-B", "8000000"], stdout=log, stderr=log)
        until(lambda: listens(port), "nfcapd"); time.sleep(0.3)
        sender(port); time.sleep(1); child.terminate(); child.wait(20); log.seek(0)
        said = re.search(r"Ident: 'none' (Flows): (\d+), (Packets): (\d+), (Bytes): (\d+), (Sequence Errors): (\d+), (Bad Packets): (\d+)", log.read())
        return {said[i]: int(said[i + 1]) for i in range(1, 11, 2)}

# ---- what hostile senders can do ----

def noise(n):
    rnd = __import__("random").Random(n)
    good = [v5([(IN, 1000, OUT, 443, 6, 10, 1000)]), ipfix([(2, template(256, *PLAIN)), (256, plain((IN, 1000, OUT, 443, 6, 10, 1000)))])]
    for i in range(n):
        b = bytearray(rnd.choice(good)); kind = i % 4
        if kind == 0: b = bytearray(rnd.randbytes(rnd.randrange(200)))
        elif kind == 1: b = b[:rnd.randrange(len(b))]
        elif kind == 2: b[rnd.randrange(len(b))] ^= 1 << rnd.randrange(8)
        else: b = bytearray(ipfix([(2, b"".join(template(256 + (i * 40 + t) % 60000, *PLAIN) for t in range(40)))], domain=i))
        yield bytes(b)

def noise_never_stops_it():
    with Folder() as f:
        w = all_flows(f)
        with Collect(w, "--interval", "1") as c:
            rss = lambda: int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{c.child.pid}/status").read())[1])
            c.send(*noise(2000)); time.sleep(0.5); before = rss()
            c.send(*noise(20000)); time.sleep(0.5); after = rss()
            expect(after < before + 2048, f"memory grew from {before} to {after} KiB")
            # A domain of its own: the others' are full of templates by now.
            c.send(v5([(IN, 7777, OUT, 443, 6, 10, 1000)]))
        e = c.answer["exports"]
        expect(e["beside"]["malformed_messages"] > 5000 and e["beside"]["templates_refused"] + e["beside"]["exporters_refused"] > 100, str(e["beside"]))
        expect(any(key(flow)[1] == 7777 for flow in flows(w)), "what came after the noise was not read"); verify_both(w + "/ledger")

def senders_that_are_not_named():
    with Folder() as f:
        w = all_flows(f)
        with Collect(w, "--exporter", "192.0.2.0/24", tcp=True) as c:
            c.send(v5([(IN, 1000, OUT, 443, 6, 10, 1000)]))
            with socket.create_connection(("127.0.0.1", c.tcp_port)) as s:
                s.settimeout(5); expect(s.recv(1) == b"", "the connection was not closed")
        l = c.answer["exports"]["listener"]; expect(l["senders_refused"] == 2 and c.answer["exports"]["account"]["received"] == 0, str(l))

def what_the_kernel_drops_is_counted():
    with Folder() as f:
        w, messages = all_flows(f), [v5([(IN, 1000 + i % 60000, OUT, 443, 6, 10, 1000)] * 30, sequence=30 * i) for i in range(30000)]
        with Collect(w) as c:
            os.kill(c.child.pid, signal.SIGSTOP)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                for m in messages: s.sendto(m, ("127.0.0.1", c.port))
            os.kill(c.child.pid, signal.SIGCONT); time.sleep(1)
            c.send(v5([(IN, 1, OUT, 443, 6, 10, 1000)], sequence=30 * len(messages)))   # the kernel tells of drops with the next datagram
        e = c.answer["exports"]; l = e["listener"]
        expect(l["kernel_dropped"] > 0 and l["datagrams"] + l["kernel_dropped"] == len(messages) + 1, str(l))
        expect(e["beside"]["lost_records"] == 30 * l["kernel_dropped"] and c.answer["beside"]["upstream_lost"] == l["kernel_dropped"], f"{e['beside']} {l}")
        verify_both(w + "/ledger")

def killed_and_started_again():
    with Folder() as f:
        w = all_flows(f); message = lambda port: v5([(IN, port, OUT, 443, 6, 10, 1000)] * 12)
        c = Collect(w, "--interval", "1"); c.send(message(1)); time.sleep(1.6); c.send(message(2)); time.sleep(0.2); c.child.kill(); c.child.communicate()
        with Collect(w) as again: again.send(message(3))
        expect({key(flow)[1] for flow in flows(w)} >= {1, 3}, "a signed interval was lost"); verify_both(w + "/ledger")

def the_basis_ends_while_it_listens():
    """Also when nothing comes: collection stops within a second, the last interval is signed, and nothing that comes later is read (rule: BASIS-2)."""
    with Folder() as f:
        end = int(time.time()) + 4
        w = make_workspace(f, extra=("--until", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)))); sekisho("selectors", "import", "--workspace", w, "--all-flows")
        c = Collect(w); c.send(v5([(IN, 1000, OUT, 443, 6, 10, 1000)] * 12))
        out, err = c.child.communicate(timeout=20); late = time.time() - end
        expect(c.child.returncode == 22 and "nothing may be collected" in err and -0.1 < late < 1.5, f"{c.child.returncode}, {late} s late: {err}")
        expect(json.loads(out)["exports"]["account"]["selected"] == 12, out); verify_both(w + "/ledger")

# ---- readers of what is sent on ----

def border_watch(f, *extra):
    w = all_flows(f, sample_border(f)); result, _ = watch_json(w, S + "/border.pcap.gz", extra=extra); return w, result

def totals(w):
    """Directions with a packet, packets and bytes of what was selected."""
    directions = packets = octets = 0
    for flow in flows(w):
        for side in ("from_initiator", "from_responder"):
            directions += flow["packets"][side] > 0; packets += flow["packets"][side]; octets += flow["ip_bytes"][side]
    return directions, packets, octets

def nfcapd_reads():
    if not need("nfcapd", "nfdump"): return
    with Folder() as f:
        kept = {}
        def sender(port): kept["w"], _ = border_watch(f, "--ipfix", f"udp:127.0.0.1:{port}")
        told = nfcapd(f, sender); directions, packets, octets = totals(kept["w"])
        expect((told["Flows"], told["Packets"], told["Bytes"]) == (directions, packets, octets) and told["Bad Packets"] == 0 and directions > 5000, f"nfcapd {told}, sekisho {directions} {packets} {octets}")
        file = next(n for n in os.listdir(f + "/nf") if n.startswith("nfcapd.2"))
        lines = run("nfdump", "-r", f"{f}/nf/{file}", "-q", "-N", "-o", "fmt:%sa %sp %da %dp %pr %pkt %byt").out.split("\n")
        mine = {(flow["initiator"], flow["responder"], flow["packets"]["from_initiator"], flow["ip_bytes"]["from_initiator"]) for flow in flows(kept["w"]) if flow["ip_proto"] == 6 and ":" not in flow["initiator"]}
        theirs = {(p[0], p[2], int(p[5]), int(p[6])) for p in (l.split() for l in lines) if len(p) == 7}
        expect(len(mine) > 100 and mine <= theirs, f"nfdump lacks {list(mine - theirs)[:3]}")

def nfacctd_reads():
    if not need("nfacctd"): return
    with Folder() as f:
        port = free_port()
        open(f + "/conf", "w").write(f"daemonize: false\nnfacctd_ip: 127.0.0.1\nnfacctd_port: {port}\nnfacctd_pipe_size: 16000000\nplugins: print[a]\n"
                                     f"aggregate[a]: src_host, dst_host, src_port, dst_port, proto, timestamp_start\nprint_output[a]: csv\nprint_output_file[a]: {f}/out.csv\nprint_refresh_time[a]: 60\n"
                                     "print_history[a]: 0\nnfacctd_time_new: true\nprint_cache_entries: 65521\nplugin_buffer_size: 1024000\nplugin_pipe_size: 102400000\n")
        with open(f + "/log", "w") as log:
            child = subprocess.Popen(["nfacctd", "-f", f + "/conf"], stdout=log, stderr=log)
            until(lambda: listens(port), "nfacctd"); time.sleep(0.5)
            w, _ = border_watch(f, "--ipfix", f"udp:127.0.0.1:{port}"); time.sleep(2)
            child.send_signal(signal.SIGINT); child.wait(20)
        rows = [l.split(",") for l in open(f + "/out.csv").read().split("\n")[1:] if l]
        packets, octets = sum(int(r[-2]) for r in rows), sum(int(r[-1]) for r in rows)
        expect((packets, octets) == totals(w)[1:], f"nfacctd {len(rows)} {packets} {octets}, sekisho {totals(w)}")

def messages_of(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data): length = struct.unpack_from("!H", data, at + 2)[0]; yield data[at:at + length]; at += length

def ipfix_dump_and_tshark_read():
    with Folder() as f:
        w, _ = border_watch(f, "--ipfix", f + "/out.ipfix"); directions, packets, octets = totals(w)
        if need("ipfixDump"):
            said = run("ipfixDump", "--in", f + "/out.ipfix").out
            told = [list(map(int, re.findall(rf"{name}[^\n]*: (\d+)", said))) for name in ("packetDeltaCount", "octetDeltaCount")]
            expect(len(told[0]) == directions and sum(told[0]) == packets and sum(told[1]) == octets, f"ipfixDump {len(told[0])} {sum(told[0])} {sum(told[1])}, sekisho {totals(w)}")
        if need("tshark"):
            path = write_pcap(f + "/out.pcap", [ether(udp("192.0.2.1", 40000, "192.0.2.2", 4739, m)) for m in messages_of(f + "/out.ipfix")])
            said = run("tshark", "-r", path, "-T", "fields", "-e", "cflow.packets", "-e", "cflow.octets", "-Y", "cflow").out
            numbers = [[int(n) for cell in (l.split("\t")[i] for l in said.split("\n") if l) for n in cell.split(",") if n] for i in (0, 1)]
            expect(len(numbers[0]) == directions and sum(numbers[0]) == packets and sum(numbers[1]) == octets, f"tshark {len(numbers[0])} {sum(numbers[0])}, sekisho {totals(w)}")
            expect(run("tshark", "-r", path, "-Y", "_ws.malformed or cflow.sequence_analysis.expected_sn").out.strip() == "", "tshark sees a malformed message or a gap")
        # and ours reads it again, out of the file and over TCP: the same directions
        again = all_flows(f, sample_border(f), "again"); exports(again, f + "/out.ipfix")
        expect(totals(again) == totals(w), f"read again {totals(again)}, sent {totals(w)}")
        live = all_flows(f, sample_border(f), "live")
        with Collect(live, tcp=True) as c: watch_json(w, S + "/border.pcap.gz", extra=("--again", "--ipfix", f"tcp:127.0.0.1:{c.tcp_port}"))
        expect(totals(live) == (directions, packets, octets) and c.answer["exports"]["beside"]["lost_records"] == 0, f"over TCP {totals(live)}, sent {directions, packets, octets}")
        verify_both(live + "/ledger")

def nothing_listens_there():
    with Folder() as f:
        w = all_flows(f, sample_border(f)); port = free_port(socket.SOCK_STREAM)
        done = sekisho("watch", "--workspace", w, "--ipfix", f"tcp:127.0.0.1:{port}", S + "/border.pcap.gz", code=None)
        expect(done.returncode not in (0, 1) and str(port) in done.err, f"{done.returncode} {done.err}")
        # UDP tells nobody: the run goes on, and says what was refused
        watch_json(w, S + "/border.pcap.gz", code=None, extra=("--ipfix", f"udp:127.0.0.1:{free_port()}")); verify_both(w + "/ledger")

if __name__ == "__main__":
    main(softflowd_sends, pmacctd_sends, nfcapd_counts_the_same, noise_never_stops_it, senders_that_are_not_named, what_the_kernel_drops_is_counted, killed_and_started_again, the_basis_ends_while_it_listens,
         nfcapd_reads, nfacctd_reads, ipfix_dump_and_tshark_read, nothing_listens_there)
