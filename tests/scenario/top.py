#!/usr/bin/env python3
"""sekisho top against a sensor that is played: the picture, its rates, a terminal of 80x24 that is resized, keys, colours, pipes, and a sensor that goes away, stalls or lies."""
import errno, fcntl, pty, re, select, signal, socket, struct, termios, threading, time
from lib import *

BASE = json.load(open(os.path.join(ROOT, "tests/golden/emit/status.json")))
GOLDEN = os.path.join(ROOT, "tests/golden/top")

def number(value): return value if abs(value) < 2**53 else str(value)

def snapshot(n, change=None):
    """The golden snapshot n seconds later: every cell counts on, each at a rate of its own."""
    s = json.loads(json.dumps(BASE))
    s["monotonic_ns"] += n * 10**9; s["now_ns"] = str(int(s["now_ns"]) + n * 10**9)
    s["figures"].update(flows_created=s["figures"]["flows_created"] + 12345 * n, cpu_ns=s["figures"]["cpu_ns"] + 610_000_000 * n, interval_signed_ns=str(int(s["now_ns"]) - 12 * 10**9))
    for l, link in enumerate(s["links"]):
        for name, cells in link["cells"].items():
            for i, cell in enumerate(cells if isinstance(cells, list) else [cells]):
                if name == "lost": continue
                cell["frames"] = number(int(cell["frames"]) + 1000 * (l + 1) * (i + 1) * n); cell["bytes"] = number(int(cell["bytes"]) + 700_000 * (l + 1) * (i + 1) * n)
    if change: change(s, n)
    return json.dumps(s, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

class Sensor:
    """Plays a sensor on a UNIX socket; answer(n) makes the bytes of the n-th answer, None: says nothing."""
    def __init__(self, path, answer=None):
        self.path, self.n, self.answer, self.going, self.open = path, 0, answer or (lambda n: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + snapshot(n)), True, []
        self.socket = socket.socket(socket.AF_UNIX); self.socket.bind(path); self.socket.listen(8); self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self.run); self.thread.start()
    def run(self):
        while self.going:
            try: client, _ = self.socket.accept()
            except TimeoutError: continue
            asked = client.recv(4096)
            expect(asked.startswith(b"GET /status HTTP/1.0\r\n"), asked)
            said = self.answer(self.n); self.n += 1
            if said is None: self.open.append(client); continue
            try: client.sendall(said)
            except OSError: pass
            client.close()
    def stop(self):
        self.going = False; self.thread.join(); self.socket.close()
        for c in self.open: c.close()
        if os.path.exists(self.path): os.remove(self.path)

class Terminal:
    """sekisho top on a pseudo-terminal of a size."""
    def __init__(self, *words, rows=24, columns=80, env=None):
        self.master, slave = pty.openpty(); self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        def session(): os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([SEKISHO, "top", *words], stdin=slave, stdout=slave, stderr=slave, env={k: v for k, v in os.environ.items() if k != "NO_COLOR"} | (env or {}), preexec_fn=session)
        self.slave, self.all = slave, b""
    def resize(self, rows, columns): fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    def read(self, seconds):
        got, until = b"", time.time() + seconds
        while time.time() < until:
            if not select.select([self.master], [], [], 0.05)[0]: continue
            try: got += os.read(self.master, 65536)
            except OSError as why:
                if why.errno == errno.EIO: break
                raise
        self.all += got; return got.decode()
    def press(self, key): os.write(self.master, key)
    def end(self):
        self.read(0.3); code = self.process.wait(timeout=5); after = termios.tcgetattr(self.slave); os.close(self.master); os.close(self.slave); return code, after

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
def pictures(text):
    """The whole pictures of a stream, without what drives the terminal: each begins with Sekisho. The last one may not have come whole: it is left out."""
    return [p for p in re.split(r"(?=Sekisho \d)", ESCAPE.sub("", text).replace("\r", "")) if p.startswith("Sekisho")][:-1]
def too_wide(text, columns): return [l for p in pictures(text) for l in p.split("\n") if len(l) > columns]

def the_picture():
    with Folder() as f:
        sensor = Sensor(f + "/s")
        try: done = sekisho("top", "--socket", f + "/s", "--once", "--interval", "100ms")
        finally: sensor.stop()
        path = GOLDEN + "/once.txt"
        if os.environ.get("SK_UPDATE_GOLDEN"): open(path, "w").write(done.out)
        expect(done.out == open(path).read(), f"not as tests/golden/top/once.txt:\n{done.out}")
        expect("\x1b" not in done.out and not done.err, "a pipe got what drives a terminal")

def rates_are_rates():
    with Folder() as f:
        sensor = Sensor(f + "/s")
        try: data = json.loads(sekisho("top", "--socket", f + "/s", "--once", "--json", "--interval", "100ms").out)
        finally: sensor.stop()
        link = data["links"][1]  # the played rates: 1000 (l+1) (i+1) frames a second, 700000 (l+1) (i+1) bytes
        expect(data["seconds"] == 1 and link["frames_per_s"] == 2000 and link["bits_per_s"] == 2 * 8 * 700000 and link["lost_per_s"] == 0, str(link))
        expect(link["erased_per_s"] == 2000 * (sum(range(1, 10)) + sum(range(1, 7))), str(link))
        expect(data["classes"]["DD"]["frames_per_s"] == (1 + 2 + 3) * 4 * 1000 and data["gate_erased"]["domestic"]["frames_per_s"] == 6000, str(data["classes"]))
        expect(data["flows"]["created_per_s"] == 12345 and data["health"] == {"state": "ok", "reasons": []} and data["findings"][0]["kind"] == "indicator.domain", str(data))

def unnamed(s, n):
    for link in s["links"]: link["figures"]["health_named"] = 0
    s["links"][0]["figures"]["health"] = 4

def the_health_of_links():
    with Folder() as f:
        sensor = Sensor(f + "/s", lambda n: b"HTTP/1.1 200 OK\r\n\r\n" + snapshot(n, unnamed))
        try: text, data = sekisho("top", "--socket", f + "/s", "--once", "--interval", "100ms").out, json.loads(sekisho("top", "--socket", f + "/s", "--once", "--json", "--interval", "100ms").out)
        finally: sensor.stop()
        line = next(l for l in text.split("\n") if l.startswith("health"))
        expect("border-1 DOWN" in line and "no countries named" in line, line)
        expect([l.get("health", {}).get("says") for l in data["links"]] == ["DOWN", "DEGRADED", None] and not data["links"][0]["health"]["countries_named"], str(data["links"]))

def restarted(s, n):
    s["figures"]["start_ns"] = str(int(s["figures"]["start_ns"]) + n); s["links"][0]["cells"]["received"]["frames"] = 5

def a_restart_is_no_rate():
    with Folder() as f:
        sensor = Sensor(f + "/s", lambda n: b"HTTP/1.1 200 OK\r\n\r\n" + snapshot(n, restarted))
        try: data = json.loads(sekisho("top", "--socket", f + "/s", "--once", "--json", "--interval", "100ms").out)
        finally: sensor.stop()
        expect(data["seconds"] is None and data["links"][0]["frames_per_s"] is None, str(data["links"][0]))

def on_a_terminal():
    with Folder() as f:
        sensor = Sensor(f + "/s")
        try:
            t = Terminal("--socket", f + "/s", "--interval", "200ms")
            small = t.read(1.5); t.resize(40, 130); t.process.send_signal(signal.SIGWINCH); large = t.read(1.2); t.press(b"q"); code, after = t.end()
        finally: sensor.stop()
        expect(code == 0 and after == t.before, f"left with {code}, or the terminal is not as it was")
        seen = pictures(small)
        expect(len(seen) >= 3 and not too_wide(small, 80), f"{len(seen)} pictures, too wide: {too_wide(small, 80)}")
        expect(all(p.count("\n") <= 23 for p in seen), "higher than the terminal")
        expect("capture_loss" in seen[-1] and "border-2" in seen[-1] and "UNKNOWN" in seen[-1], f"80x24 does not show the whole:\n{seen[-1]}")
        expect("FRAMES/S" in small and "  -  " in seen[0] and "1.00 k" in seen[-1], "the first picture has no rates, the later ones have")
        expect(too_wide("Sekisho 0\n" + "x" * 81 + "\nSekisho 0", 80), "the twin: a line that is too wide would be seen")
        expect("\x1b[2J" in large and "\x1b[2J" not in small, "a resize draws all anew, and nothing else does")
        expect("\x1b[?1049h" not in small and "\x1b[32m" in small and "\x1b[2m" in small, "no alternate screen unless asked; colours")
        expect(len(pictures(large)[-1].split("\n")[5]) > 80, f"a wide terminal is not used: {pictures(large)[-1].split(chr(10))[5]!r}")

def ways_to_leave_and_to_look():
    with Folder() as f:
        sensor = Sensor(f + "/s")
        try:
            t = Terminal("--socket", f + "/s", "--interval", "200ms", "--full-screen", env={"NO_COLOR": "1"}); said = t.read(0.7); t.process.send_signal(signal.SIGINT); code, after = t.end()
            expect(code == 0 and after == t.before and "\x1b[?1049h" in said and b"\x1b[?1049l" in t.all, "Ctrl-C on the alternate screen")
            expect(not re.search(r"\x1b\[[0-9;]*m", said), "NO_COLOR is not heeded")
            piped = subprocess.Popen([SEKISHO, "top", "--socket", f + "/s", "--interval", "100ms"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            first = piped.stdout.read(400); piped.stdout.close(); code = piped.wait(timeout=5); told = piped.stderr.read(); piped.stderr.close()
            expect(first.startswith(b"Sekisho") and b"\x1b" not in first and code == 0 and not told, f"a pipe whose reader leaves: {code} {told}")
        finally: sensor.stop()

def in_tmux():
    if not shutil.which("tmux"): print("note: tmux is not there, one look less"); return
    with Folder() as f:
        sensor = Sensor(f + "/s"); name = "sk" + str(os.getpid()); tmux = lambda *w: run("tmux", "-L", name, *w).out
        try:
            tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", f"echo BEFORE; {SEKISHO} top --socket {f}/s --interval 200ms; echo AFTER $?; sleep 60"); time.sleep(1.5)
            screen = tmux("capture-pane", "-p", "-S", "-")
            expect("BEFORE" in screen and screen.count("Sekisho 0.1.0") == 1, f"the scrollback is not as it was:\n{screen}")
            tmux("resize-window", "-x", "60", "-y", "12"); time.sleep(0.8); screen = tmux("capture-pane", "-p")
            expect("a taller window shows the rest" in screen and screen.startswith("Sekisho 0.1.0"), f"a low window:\n{screen}")
            tmux("resize-window", "-x", "100", "-y", "40"); time.sleep(0.8); screen = tmux("capture-pane", "-p")
            expect("capture_loss" in screen and screen.count("Sekisho 0.1.0") == 1, f"a high window:\n{screen}")
            tmux("send-keys", "q"); time.sleep(0.5); expect("AFTER 0" in tmux("capture-pane", "-p", "-S", "-"), "q does not quit")
        finally: subprocess.run(["tmux", "-L", name, "kill-server"], capture_output=True); sensor.stop()

def ill(s, n):
    s["health"] = {"reasons": [{"number": 1, "reason": "link_down"}, {"number": 1, "reason": "stalled"}], "state": "failing"}; s["links"][1]["figures"]["up"] = 0; s["links"][0]["cells"]["lost"][0]["frames"] += 77 * n
    s["figures"]["collecting"] = 0

def a_sensor_that_is_not_well():
    with Folder() as f:
        sensor = Sensor(f + "/s", lambda n: b"HTTP/1.1 200 OK\r\n\r\n" + snapshot(n, ill))
        try: out = sekisho("top", "--socket", f + "/s", "--once", "--interval", "100ms").out; t = Terminal("--socket", f + "/s", "--interval", "200ms"); said = t.read(0.7); t.press(b"q"); t.end()
        finally: sensor.stop()
        for words in ("health failing", "NOTHING IS COLLECTED", "! link border-2 is down", "! worker 1 made no turn", " DOWN "): expect(words in out, f"{words!r} is not told:\n{out}")
        expect("\x1b[31m" in said and re.search(r"border-1 .* 77\.0\n", out), f"red, and loss:\n{out}")

def a_sensor_that_goes_away():
    with Folder() as f:
        sensor = Sensor(f + "/s"); t = Terminal("--socket", f + "/s", "--interval", "200ms"); t.read(0.7); sensor.stop(); said = t.read(0.7)
        expect("no such socket" in said and "border-1" in said, f"silence is not told:\n{said}")
        sensor = Sensor(f + "/s")
        try: said = t.read(0.8); expect("Sekisho 0.1.0" in said, "a sensor that came back is not seen"); t.press(b"q"); code, _ = t.end(); expect(code == 0, str(code))
        finally: sensor.stop()

def what_answers_wrongly():
    with Folder() as f:
        call = lambda code: sekisho("top", "--socket", f + "/s", "--once", "--interval", "100ms", code=code)
        expect("no such socket" in call(4).err, "no socket")
        dead = socket.socket(socket.AF_UNIX); dead.bind(f + "/s"); dead.close(); expect("nobody listens there" in call(7).err, "a dead socket"); os.remove(f + "/s")
        hostile = snapshot(0).replace(b'"border-1"', b'"\\u001b[2Jborder"').replace(b'"indicator.domain"', b'"\xc2\x9b31m"')
        for answer, code in ((b"SSH-2.0-x\r\n", 3), (b"HTTP/1.1 503 No\r\n\r\n{}", 3), (b"HTTP/1.1 200 OK\r\n\r\n{}", 3), (b"HTTP/1.1 200 OK\r\n\r\n" + snapshot(0)[:-9], 3), (b"", 3), (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 9000, 3),
                             (None, 7), (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * (9 << 20), 3), (b"HTTP/1.1 200 OK\r\n\r\n" + hostile, 0)):
            sensor = Sensor(f + "/s", lambda n: answer)
            try: done = call(code)
            finally: sensor.stop()
            expect("\x1b" not in done.out + done.err and "\x9b" not in done.out and (code == 0 or done.err.count("\n") == 1), f"{(answer or b'')[:30]}: {done.err}")

def wrong_calls():
    for words in (("x",), ("--interval", "1"), ("--interval", "50ms"), ("--interval", "2h"), ("--socket", ""), ("--socket", "/" + "x" * 200), ("--what",)): sekisho("top", *words, code=2)
    with Folder() as f:
        open(f + "/c", "w").write("workspace: /w\nlinks: [{name: a, interface: eth0}]\nmetrics: {socket: " + f + "/s}\n"); sensor = Sensor(f + "/s")
        try: expect("Sekisho" in sekisho("top", "--config", f + "/c", "--once", "--interval", "100ms").out, "--config")
        finally: sensor.stop()
        open(f + "/c", "w").write('workspace: /w\nlinks: [{name: a, interface: eth0}]\nmetrics: {socket: ""}\n'); sekisho("top", "--config", f + "/c", code=2); sekisho("top", "--config", f + "/none", code=4)
    text = sekisho("top", "--explain").out; data = json.loads(sekisho("top", "--explain", "--json").out)
    expect(len(data) > 50 and all(d["help"].endswith(".") and f"sekisho_{d['name']} (" in text for d in data), "explain")
    sekisho("top", "--help")

main(the_picture, rates_are_rates, the_health_of_links, a_restart_is_no_rate, on_a_terminal, ways_to_leave_and_to_look, in_tmux, a_sensor_that_is_not_well, a_sensor_that_goes_away, what_answers_wrongly, wrong_calls)
