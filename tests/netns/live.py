#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real programs cross between two countries and a transit (topology.py has the drawing), and sekisho reads the transit's mirror behind its gate in the kernel.

What must hold: domestic bytes never stand in the sensor's memory, UMEM and rings included, and the saboteur that lets them in is found out (rule: LIVE-1, LIVE-3); its counts are those of the
gate in user space over the same traffic; the host's own traffic goes on; what is handed on is what was admitted (rule: FORWARD-2); a program that judges wrongly is refused (rule: LIVE-2)."""
import secrets, signal
from topology import *

LEAKY = os.environ.get("SEKISHO_LEAKY", "")
MODES = ("xdp-native", "xdp-generic", "packet")


def workspace(f, extra=()):
    border = make_border(f + "/border.skb", domestic=DOMESTIC, foreign=FOREIGN, rest="unknown")
    return make_workspace(f, border=border, profile="lab", extra=extra)


class Sensor:
    """sekisho gate, or watch, on the mirror, in the background."""
    def __init__(self, net, workspace, interface="mt1", out=("-o", "/dev/null"), extra=(), program=SEKISHO, env=None, where="s", command="gate"):
        words = [program, command, "--workspace", workspace, "--interface", interface, "--json", *out, *extra]
        self.process = net.start(where, *words, env={**os.environ, **(env or {})})
        ledger = os.path.join(workspace, "ledger")
        def opened():
            if self.process.poll() is not None: raise Failed(f"the sensor ended: {self.process.stderr.read().decode()}")
            return os.path.exists(ledger) and b'"kernel_gate"' in b"".join(open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(os.path.join(ledger, "tile", "entries")) for n in names)
        wait_for(opened, 20, "the gate did not open")
        time.sleep(0.3)
    def pid(self):
        """ip netns exec becomes the program itself."""
        return self.process.pid
    def stop(self, code=130, sign=signal.SIGINT):
        self.process.send_signal(sign)
        out, err = self.process.communicate(timeout=30)
        expect(self.process.returncode == code, f"exit {self.process.returncode}, expected {code}: {err.decode()}")
        return json.loads(out), err.decode()


def serve(net, f, name, text, home=b""):
    """nginx with a page for everybody, and one that only its own country asks for."""
    root = os.path.join(f, name)
    os.makedirs(root, exist_ok=True); os.chmod(f, 0o755)
    open(root + "/page", "wb").write(text); open(root + "/home", "wb").write(home)
    conf = f"""daemon off; master_process off; worker_processes 1; pid {root}/pid; error_log {root}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; default_type text/plain; client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/c; uwsgi_temp_path {root}/u; scgi_temp_path {root}/g;
server {{ listen 80; listen [::]:80; root {root}; }} }}"""
    open(root + "/conf", "w").write(conf)
    net.start(name, "nginx", "-c", root + "/conf", "-e", root + "/error.log")
    wait_for(lambda: net.run(name, "curl", "-sf", "-o", "/dev/null", "http://127.0.0.1/page", code=None).returncode == 0, 10, "nginx does not answer")


def page(mark): return (mark + b"\n") * 4000


def cross(net):
    """Every kind of talk there is: home to home, home to abroad and back, abroad to abroad; both families; ping, HTTP, datagrams."""
    for source, destination in (("h1", "h2"), ("h1", "f1"), ("f2", "h2"), ("f1", "f2")):
        four, six = HOSTS[destination][0].split("/")[0], HOSTS[destination][2].split("/")[0]
        net.run(source, "ping", "-q", "-c", "3", "-i", "0.05", "-W", "2", four)
        net.run(source, "ping", "-q", "-6", "-c", "3", "-i", "0.05", "-W", "2", six)
        net.run(source, "ping", "-q", "-c", "2", "-i", "0.05", "-W", "2", "-s", "3000", four)  # in fragments
        for host in (four, f"[{six}]"):
            done = net.run(source, "curl", "-sf", "--max-time", "10", f"http://{host}/page")
            expect(len(done.stdout) > 1000, f"{source} got nothing from {destination}")


def at_home(net):
    for host in ("198.51.100.66", "[2001:db8:1:2::2]"):
        done = net.run("h1", "curl", "-sf", "--max-time", "10", f"http://{host}/home")
        expect(len(done.stdout) > 1000, "h2 does not answer")


def dump(net, path):
    """tcpdump where the mirror leaves the transit: what the sensor is shown."""
    p = net.start("t", "tcpdump", "-i", "mt0", "-w", path, "-B", "16384", "-U", "--immediate-mode")
    wait_for(lambda: os.path.exists(path) and os.path.getsize(path) >= 24, 10, "tcpdump does not start")
    return p


def end_dump(p):
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=20)[1].decode()
    expect("\n0 packets dropped by kernel" in err, f"tcpdump lost frames: {err}")


# ---- tests ----

def domestic_bytes_never_come_in(net, f):
    """In each way of capture: the domestic mark is nowhere in the process, while the foreign one demonstrably passed through it."""
    domestic, foreign = secrets.token_hex(16).encode(), secrets.token_hex(16).encode()
    serve(net, f, "h2", page(b"q" * 32), page(domestic)); serve(net, f, "f1", page(foreign)); serve(net, f, "f2", page(foreign))
    for mode in MODES:
        with Folder() as g:
            w = workspace(g)
            sensor = Sensor(net, w, out=("-o", g + "/out.pcap"), extra=("--mode", mode))
            for _ in range(2): cross(net)
            for _ in range(5): at_home(net)
            time.sleep(0.3)
            os.kill(sensor.pid(), signal.SIGSTOP)
            # Frames still come while it stands: they are in the ring, unread.
            at_home(net); net.run("h1", "curl", "-sf", "--max-time", "10", "http://203.0.113.2/page")
            found, read, unread = find_in_memory(sensor.pid(), (domestic, foreign))
            os.kill(sensor.pid(), signal.SIGCONT)
            result, _ = sensor.stop()
            print(f"  {mode}: {read >> 20} MiB of memory read: domestic mark {found[domestic]}, foreign mark {found[foreign]}; {result['live']['kernel']['erased']} frames erased in the kernel, "
                  f"{result['account']['selected']} handed on; not readable: {unread or 'nothing'}")
            expect(found[domestic] == 0, f"{mode}: {found[domestic]} domestic marks in the sensor's memory")
            expect(found[foreign] > 0, f"{mode}: the scan finds nothing at all")
            expect(result["classes"]["DD"]["packets"] > 100 and result["live"]["mode"].startswith(mode.split("-")[0]), f"{result}")
            data = open(g + "/out.pcap", "rb").read()
            expect(data.count(foreign) > 1000 and domestic not in data, "what was handed on")
            for folder, _, names in os.walk(w):
                for n in names: expect(domestic not in open(os.path.join(folder, n), "rb").read(), f"{n} holds the domestic mark")
            check_equation(result["account"]); check_equation(result["account_bytes"]); verify_both(w + "/ledger")


def the_saboteur_is_found_out(net, f):
    """The twin: kernel gate off, user gate and rings do not overwrite: the same scan finds the domestic mark."""
    domestic = secrets.token_hex(16).encode()
    serve(net, f, "h2", b"", page(domestic))
    for mode in MODES:
        with Folder() as g:
            sensor = Sensor(net, workspace(g), extra=("--mode", mode), program=LEAKY, env={"SEKISHO_SABOTAGE": "leak"})
            for _ in range(3): at_home(net)
            time.sleep(0.3)
            os.kill(sensor.pid(), signal.SIGSTOP)
            found, _, _ = find_in_memory(sensor.pid(), (domestic,))
            os.kill(sensor.pid(), signal.SIGCONT)
            sensor.stop()
            print(f"  {mode}: the saboteur's memory holds {found[domestic]} domestic marks")
            expect(found[domestic] > 0, f"{mode}: the scan would not have found it")


def a_wrong_table_is_refused(net, f):
    """The kernel's table calls everything foreign: the self-test sees it before a frame passes, and the sensor does not start."""
    for mode in MODES:
        with Folder() as g:
            w = workspace(g)
            done = net.run("s", LEAKY, "gate", "--workspace", w, "--interface", "mt1", "-o", g + "/out.pcap", "--mode", mode, "--for", "2s", code=31, env={"SEKISHO_SABOTAGE": "table"})
            expect("judges wrongly" in done.err and not os.path.exists(g + "/out.pcap"), done.err)
            expect("xdp" not in net.run("s", "ip", "link", "show", "mt1").out, "the program is still attached")


def counts_are_those_of_the_gate(net, f):
    """The same traffic, live behind the kernel's gate and from a capture through the gate in user space: the same classes and reasons, in frames and in bytes."""
    for name in ("h2", "f1", "f2"): serve(net, f, name, page(b"x" * 32))
    for mode in MODES:
        with Folder() as g:
            w = workspace(g)
            capture = dump(net, g + "/seen.pcap")
            sensor = Sensor(net, w, out=("-o", g + "/out.pcap"), extra=("--mode", mode))
            cross(net)
            time.sleep(0.5)
            live, _ = sensor.stop()
            end_dump(capture)
            w2 = make_workspace(g, name="ws2", border=g + "/border.skb")
            user = json.loads(sekisho("gate", g + "/seen.pcap", "--workspace", w2, "-o", g + "/user.pcap", "--json").out)
            for key in ("classes", "erased"): expect(live[key] == user[key], f"{mode}: {key}: live {live[key]}, from the capture {user[key]}")
            for key in ("account", "account_bytes"):
                for term in ("received", "gate_erased", "selected", "capture_lost"): expect(live[key][term] == user[key][term], f"{mode}: {key}.{term}: live {live[key]}, capture {user[key]}")
            kernel = live["live"]["kernel"]
            expect(kernel["in"] == kernel["erased"] + kernel["no_socket"] + kernel["delivered"] + kernel["ring_lost"] and kernel["pending"] == 0, f"{kernel}")
            expect(kernel["erased"] == live["account"]["gate_erased"] and kernel["unfinished"] == 0, f"the kernel left {kernel['unfinished']} to user space")
            expect(open(g + "/out.pcap", "rb").read().count(b"x" * 32) == open(g + "/user.pcap", "rb").read().count(b"x" * 32), "other frames were handed on")
            print(f"  {mode}: {kernel['in']} frames, {kernel['erased']} erased in the kernel: " + ", ".join(f"{c} {n['packets']}" for c, n in live["classes"].items()))
            verify_both(w + "/ledger")


def the_hosts_own_traffic_goes_on(net, f):
    """On an interface with an address XDP would take the host's traffic away: it is not taken, and the gate is a filter; programs of that host notice nothing."""
    serve(net, f, "f1", page(b"y" * 32))
    with Folder() as g:
        w = workspace(g)
        done = net.run("f1", SEKISHO, "gate", "--workspace", w, "--interface", "eth0", "-o", g + "/x", "--mode", "xdp", "--for", "1s", code=4)
        expect("address of this host" in done.err, done.err)
        sensor = Sensor(net, w, interface="eth0", where="f1", out=("-o", g + "/out.pcap"))
        for _ in range(3): net.run("h1", "curl", "-sf", "--max-time", "10", "http://203.0.113.2/page")
        net.run("f1", "ping", "-q", "-c", "3", "-i", "0.05", "198.51.100.2")
        result, err = sensor.stop()
        expect(result["live"]["mode"] == "packet_filter" and not result["live"]["never_in_this_process"] and "address of this host" in result["live"]["why_not_xdp"], f"{result['live']}")
        expect("AF_PACKET instead of XDP" in err, err)
        expect(result["classes"]["FD"]["packets"] > 20 and result["classes"]["DF"]["packets"] > 10, f"{result['classes']}")


def a_tool_behind_the_interface(net, f):
    """--pass-to: what stands behind the other interface sees exactly the admitted frames; here tcpdump, and nfpcapd and softflowd as whoever would."""
    domestic, foreign = secrets.token_hex(16).encode(), secrets.token_hex(16).encode()
    serve(net, f, "h2", page(b"q" * 32), page(domestic)); serve(net, f, "f1", page(foreign)); serve(net, f, "f2", page(foreign))
    with Folder() as g:
        w = workspace(g)
        tool = net.start("s", "tcpdump", "-i", "out1", "-w", g + "/tool.pcap", "-B", "16384", "-U", "--immediate-mode")
        wait_for(lambda: os.path.exists(g + "/tool.pcap"), 10, "tcpdump does not start")
        flows = None
        if shutil.which("nfpcapd"):
            os.mkdir(g + "/flows")
            flows = net.start("s", "nfpcapd", "-i", "out1", "-w", g + "/flows", "-e", "2,2", "-t", "3600", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1)
        sensor = Sensor(net, w, out=("--pass-to", "out0"))
        cross(net); at_home(net)
        time.sleep(0.5)
        result, _ = sensor.stop()
        end_dump(tool)
        data = open(g + "/tool.pcap", "rb").read()
        frames = int(run("sh", "-c", f"tcpdump -nr {g}/tool.pcap 2>/dev/null | wc -l").out)
        expect(domestic not in data and data.count(foreign) > 1000, "what the tool saw")
        expect(frames == result["account"]["selected"], f"the tool saw {frames} frames, {result['account']['selected']} were handed on")
        expect(result["output"] == {**result["output"], "path": "out0", "format": "interface", "whole": True}, f"{result['output']}")
        if flows is not None:
            flows.send_signal(signal.SIGINT); flows.wait(timeout=20)
            text = run("sh", "-c", f"nfdump -q -R {g}/flows -o 'fmt:%sa %da' 2>/dev/null").out
            lines = [l.split() for l in text.splitlines() if len(l.split()) == 2]
            expect(len(lines) > 4 and not any(a.startswith("198.51.100.") and b.startswith("198.51.100.") for a, b in lines), f"nfpcapd recorded domestic talk, or nothing: {text[:500]}")
        check_equation(result["account"]); verify_both(w + "/ledger")


def time_and_the_basis_end_it(net, f):
    """--for ends in order with 0, the end of the basis within a second with 22; both intervals are signed."""
    serve(net, f, "f1", page(b"z" * 32))
    with Folder() as g:
        w = workspace(g)
        done = net.run("s", SEKISHO, "gate", "--workspace", w, "--interface", "mt1", "-o", "/dev/null", "--for", "1s", "--json")
        expect(json.loads(done.out)["live"]["kernel"]["pending"] == 0, done.out)
        verify_both(w + "/ledger")
    for command, out, extra in (("gate", ("-o", "/dev/null"), ()), ("watch", (), ("--workers", "2", "--mode", "packet")), ("watch", (), ())):
        with Folder() as g:
            w = workspace(g, extra=("--for", "6s"))
            began = time.time()
            sensor = Sensor(net, w, command=command, out=out, extra=extra)
            while sensor.process.poll() is None and time.time() < began + 15:
                net.run("h1", "curl", "-sf", "--max-time", "5", "-o", "/dev/null", "http://203.0.113.2/page", code=None)
            took = time.time() - began
            out, err = sensor.process.communicate(timeout=10)
            expect(sensor.process.returncode == 22, f"exit {sensor.process.returncode}: {err}")
            expect(took < 7.5, f"it took {took:.1f} s to stop for a basis of 6 s")
            result = json.loads(out)
            check_equation(result["account"]); verify_both(w + "/ledger")
            expect(b"basis_expired" in b"".join(open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(w + "/ledger/tile/entries") for n in names), "the ledger does not say why")


def a_link_that_goes_away(net, f):
    """The interface is deleted under the sensor: it says so, ends in order, and what came until then is signed."""
    serve(net, f, "f1", page(b"v" * 32))
    for command, out in (("watch", ()), ("gate", ("-o", f + "/kept.pcap"))):
        with Folder() as g:
            w = workspace(g)
            sensor = Sensor(net, w, command=command, out=out)
            net.run("h1", "curl", "-sf", "--max-time", "10", "-o", "/dev/null", "http://203.0.113.2/page")
            time.sleep(0.3)
            net.run("t", "ip", "link", "del", "mt0")
            out_, err = sensor.process.communicate(timeout=20)
            result = json.loads(out_)
            expect(sensor.process.returncode == 7 and b"the interface is gone" in err, f"{sensor.process.returncode} {err}")
            expect(result["classes"]["DF"]["packets"] > 3, f"{result['classes']}")
            check_equation(result["account"]); verify_both(w + "/ledger")
            if command == "gate": expect(os.path.getsize(f + "/kept.pcap") > 1000 and result["output"]["whole"], "what was handed on is gone")
        if command == "watch":  # the mirror once more
            ip_(f"-n {net.ns('t')} link add mt0 type veth peer name mt1 netns {net.ns('s')}")
            net.sh("t", "sysctl -qw net.ipv6.conf.mt0.disable_ipv6=1; ip link set mt0 up"); net.sh("s", "sysctl -qw net.ipv6.conf.mt1.disable_ipv6=1; ip link set mt1 up")
            for name in HOSTS:
                net.sh("t", f"tc filter del dev {name} ingress; tc filter add dev {name} ingress protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev mt0")


def watch_on_a_link(net, f):
    """sekisho watch on the mirror: flows and findings of what crosses, in each mode; the same counts as watch over tcpdump's capture; a selector's hit is told."""
    for name in ("h2", "f1", "f2"): serve(net, f, name, page(b"x" * 32))
    for mode, workers in [(m, n) for m in MODES for n in (1, 2)]:
        with Folder() as g:
            w = workspace(g)
            open(g + "/list", "w").write("203.0.113.2\n")
            sekisho("selectors", "import", "--workspace", w, "--all-flows", g + "/list")
            w2 = make_workspace(g, name="ws2", border=g + "/border.skb")
            sekisho("selectors", "import", "--workspace", w2, "--all-flows", g + "/list")
            capture = dump(net, g + "/seen.pcap")
            sensor = Sensor(net, w, command="watch", out=(), extra=("--mode", mode, "--workers", workers))
            cross(net)
            time.sleep(0.5)
            live, _ = sensor.stop()
            end_dump(capture)
            user, _ = watch_json(w2, g + "/seen.pcap")
            for key in ("classes", "erased", "account", "account_bytes", "protocols"): expect(live[key] == user[key], f"{mode}, {workers}: {key}: live {live[key]}, from the capture {user[key]}")
            expect(live["flows"]["total"] == user["flows"]["total"] and live["findings"] and len(live["findings"]) == len(user["findings"]), f"{live['flows']} {user['flows']} {live['findings']}")
            expect(live["live"]["kernel"]["erased"] == live["account"]["gate_erased"], f"{live['live']}")
            check_equation(live["account"]); verify_both(w + "/ledger")
            print(f"  {mode}, {workers} worker{'s' if workers > 1 else ''}: {live['flows']['total']} flows, {len(live['findings'])} findings")


def main():
    need("nginx", "curl", "ping", "tcpdump")
    tests = [domestic_bytes_never_come_in, the_saboteur_is_found_out, a_wrong_table_is_refused, counts_are_those_of_the_gate, the_hosts_own_traffic_goes_on, a_tool_behind_the_interface,
             time_and_the_basis_end_it, a_link_that_goes_away, watch_on_a_link]
    wanted, failed = sys.argv[1:], 0
    for test in tests:
        if wanted and test.__name__ not in wanted: continue
        began = time.time()
        try:
            with Net() as net, Folder() as f: test(net, f)
            print(f"ok    {test.__name__} ({time.time() - began:.1f} s)", flush=True)
        except Failed as why:
            failed += 1
            print(f"FAILED {test.__name__}: {why}", flush=True)
    sys.exit(1 if failed else 0)


main()
