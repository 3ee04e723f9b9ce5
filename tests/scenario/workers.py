#!/usr/bin/env python3
"""Any number of workers gives the same: account, flows, findings, EVE lines, what is stored; and a run over a silent pipe ends in time, and in order, whatever ends it."""
import signal, time
from collections import Counter
from lib import *

SAMPLES = os.path.join(ROOT, "samples")
CAPTURES = [os.path.join(SAMPLES, "border.pcap.gz"), os.path.join(SAMPLES, "tunnels.pcapng")]
LISTS = [os.path.join(SAMPLES, "selectors", n) for n in ("addresses.txt", "domains.txt", "fingerprints.txt")]

def table(folder):
    path = os.path.join(folder, "b.skb")
    if not os.path.exists(path):
        sekisho("border", "build", "--domestic", SAMPLES + "/border/domestic.txt", "--foreign", SAMPLES + "/border/foreign.txt", "--rest", "unknown", "-o", path)
    return path

def workspace(folder, name, flows=True, extra=()):
    w = make_workspace(folder, name, border=table(folder), extra=extra)
    sekisho("selectors", "import", "--workspace", w, *(("--all-flows",) if flows else ()), *LISTS)
    return w

def without(value, *names):
    """A JSON value without members of these names, anywhere."""
    if isinstance(value, dict): return {k: without(v, *names) for k, v in value.items() if k not in names}
    return [without(v, *names) for v in value] if isinstance(value, list) else value

def bag(values, *names): return Counter(json.dumps(without(v, *names), sort_keys=True) for v in values)

def lines(text, *names): return bag(map(json.loads, text.splitlines()), *names)

def stored(w, command):
    listed = json.loads(sekisho(command, "--workspace", w, "--json").out)
    return bag(listed if isinstance(listed, list) else listed[command], "id", "evidence")

def intervals(w):
    """The interval records of the ledger, but for what differs between any two runs."""
    records, folder = [], os.path.join(w, "ledger", "tile", "entries")
    for name in sorted(n for n in (os.path.relpath(os.path.join(d, f), folder) for d, _, fs in os.walk(folder) for f in fs)):
        data = open(os.path.join(folder, name), "rb").read()
        while data:
            length = int.from_bytes(data[:2], "big")
            record = json.loads(data[2:2 + length]); data = data[2 + length:]
            if record["kind"] == "interval": records.append(without(record, "store"))
    return records

def outcome(folder, name, workers, extra, captures, stdin=None, flows=True):
    w, eve = workspace(folder, name, flows), os.path.join(folder, name + ".eve")
    result, _ = watch_json(w, *captures, extra=("--workers", workers, "--eve", eve, *extra), stdin=stdin)
    check_equation(result["account"]); check_equation(result["account_bytes"]); verify_both(os.path.join(w, "ledger"))
    expect(result["account"]["capture_lost"] == 0, "frames of a file were lost")
    result["findings"].sort(key=lambda finding: finding["id"])
    parts = {"summary": without(result, "workspace", "basis", "rate", "workers", "root", "origin", "evidence"), "eve": lines(open(eve, encoding="utf-8").read(), "id", "finding", "basis"),
             "intervals": intervals(w)}
    for command in ("observations", "findings", "flows"): parts[command] = stored(w, command)
    return parts

def compare(a, b, what):
    for part in a: expect(a[part] == b[part], f"{what}: {part} differ")

def any_number_is_the_same():
    with Folder() as f:
        for i, extra in enumerate(((), ("--interval-frames", "997"), ("--heads", "off"))):
            one = outcome(f, f"one-{i}", 1, extra, CAPTURES)
            expect(sum(one["eve"].values()) > 1000 and one["summary"]["account"]["selected"] > 1000, "the samples gave too little")
            for workers in (2, 4): compare(one, outcome(f, f"{workers}-{i}", workers, extra, CAPTURES), f"{workers} workers, {extra}")

def from_a_pipe_too():
    with Folder() as f:
        data = open(CAPTURES[0], "rb").read()
        one = outcome(f, "one", 1, (), ["-"], data, flows=False)
        compare(one, outcome(f, "three", 3, (), ["-"], data, flows=False), "3 workers from a pipe")
        twice = outcome(f, "files", 3, (), [CAPTURES[0]], flows=False)
        compare({k: one[k] for k in ("eve", "findings", "observations")}, {k: twice[k] for k in ("eve", "findings", "observations")}, "pipe and file")

def saboteur():
    """The comparison must see a single missing line."""
    with Folder() as f:
        one = outcome(f, "one", 1, (), CAPTURES)
        other = dict(one); other["eve"] = one["eve"] - Counter([next(iter(one["eve"]))])
        try: compare(one, other, "")
        except Failed: return
        raise Failed("a missing line was not seen")

# ---- a silent pipe ----

def start_on_pipe(w, workers):
    """A run that has read part of a capture from a pipe, and waits."""
    data = b"".join(run("gzip", "-dc", CAPTURES[0]).stdout[a:b] for a, b in ((0, 400000),))
    process = subprocess.Popen([SEKISHO, "watch", "--workspace", w, "--workers", str(workers), "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(data); process.stdin.flush()
    time.sleep(0.7)
    expect(process.poll() is None, "it ended by itself")
    return process

def ended(process, w, code, reason, within):
    started = time.monotonic()
    try: process.wait(timeout=within + 5)
    except subprocess.TimeoutExpired:
        process.kill(); raise Failed(f"it goes on: {reason}")
    took = time.monotonic() - started
    out, err = process.stdout.read().decode(), process.stderr.read().decode()
    expect(process.returncode == code, f"{reason}: exit code {process.returncode}, expected {code}: {err}")
    expect(took <= within, f"{reason}: it took {took:.1f} s")
    result = json.loads(out)
    check_equation(result["account"])
    expect(result["account"]["received"] > 100, "nothing had been read")
    verify_both(os.path.join(w, "ledger"))
    expect(any(json.dumps(reason) in e for e in [open(os.path.join(d, n), "rb").read().decode("latin-1") for d, _, ns in os.walk(os.path.join(w, "ledger", "tile", "entries")) for n in ns]),
           f"the ledger does not say {reason}")
    return result

def silent_pipe(workers, act, code, reason, extra=()):
    with Folder() as f:
        w = workspace(f, "ws", flows=False, extra=extra)
        process = start_on_pipe(w, workers)
        act(process, w)
        result = ended(process, w, code, reason, 1.5)
        expect(result["erased"]["stopped"] > 0, "open flows were not stopped")
        return w if not extra else None

def suspended():
    for workers in (1, 3):
        with Folder() as f:
            w = workspace(f, "ws", flows=False)
            process = start_on_pipe(w, workers)
            open(os.path.join(w, "suspended"), "w").close()
            ended(process, w, 30, "basis_suspended", 1.5)
            done = sekisho("watch", "--workspace", w, CAPTURES[0], code=30)
            expect("suspended" in done.err and done.err.count("\n") == 1, f"not one clear line: {done.err}")
            os.unlink(os.path.join(w, "suspended"))
            sekisho("watch", "--workspace", w, CAPTURES[0])

def interrupted():
    for workers in (1, 3): silent_pipe(workers, lambda process, w: process.send_signal(signal.SIGINT), 130, "interrupted")

def expired():
    for workers in (1, 3):
        with Folder() as f:
            w = workspace(f, "ws", flows=False, extra=("--for", "4s"))
            made = time.monotonic()
            process = start_on_pipe(w, workers)
            time.sleep(max(0, made + 3.9 - time.monotonic()))
            ended(process, w, 22, "basis_expired", 1.5)

def wrong_numbers():
    for n in ("0", "65", "-1", "two", "1x", ""):
        done = sekisho("watch", "--own", "192.0.2.0/24", "--workers", n, CAPTURES[0], code=2)
        expect("--workers" in done.err and "64" in done.err, f"not clear: {done.err}")
    # Flow exports and their samples are read in one thread.
    done = sekisho("watch", "--own", "192.0.2.0/24", "--workers", "2", "--exports", CAPTURES[0], code=2)
    expect("--workers" in done.err and "--exports" in done.err, f"not clear: {done.err}")

main(any_number_is_the_same, from_a_pipe_too, saboteur, suspended, interrupted, expired, wrong_numbers)
