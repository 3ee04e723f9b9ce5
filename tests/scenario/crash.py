#!/usr/bin/env python3
"""kill -9 at random moments, and a full disk: store and ledger agree afterwards, nothing is counted double, both verifiers accept.

SEKISHO_CRASHES sets how many kills (default 60; the figure in docs is from 300)."""
import random, time
from lib import *

def busy_capture(folder):
    def frames():
        for i in range(6000):
            yield from (ether(p) for p in tcp_talk("192.0.2.5", 1024 + i, f"198.51.100.{i % 200 + 1}", 443, b"x" * 50, b"y" * 500))
    return write_pcap(os.path.join(folder, "busy.pcap"), frames(), step=0.001)

def lists(folder):
    path = os.path.join(folder, "l.txt"); open(path, "w").write("".join(f"198.51.100.{i}\n" for i in range(1, 101)))
    return path

def kill_loop():
    crashes = int(os.environ.get("SEKISHO_CRASHES", "60")); rng = random.Random(7)
    with Folder() as f:
        w = make_workspace(f); cap = busy_capture(f)
        sekisho("selectors", "import", "--workspace", w, lists(f))
        whole = ("--interval-frames", "2000")
        reference = make_workspace(f, "ref", border=f + "/border.skb"); sekisho("selectors", "import", "--workspace", reference, f + "/l.txt")
        started = time.time(); watch_json(reference, cap, extra=whole); took = time.time() - started
        died = tries = 0
        while died < crashes and tries < 10 * crashes: # the reference was the first run on this machine and may have been the slowest: the span learns
            tries += 1
            p = subprocess.Popen([SEKISHO, "watch", "--workspace", w, "--again", *whole, cap], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.001, took * 0.95)); p.kill()
            if p.wait() == -9: died += 1
            else: took *= 0.9
            if os.path.exists(w + "/ledger/checkpoint") and rng.random() < 0.3: verify_both(w + "/ledger")
        expect(died == crashes, f"only {died} of {tries} runs were killed: the test did not test")
        result, done = watch_json(w, cap, extra=whole, code=None)
        expect(done.returncode in (0, 5), f"the run after the crashes failed: {done.err}")
        verify_both(w + "/ledger")
        a, b = (json.loads(sekisho("observations", "--workspace", x, "--json").out) for x in (w, reference))
        def facts(rows): return sorted((r["initiator"], r.get("initiator_port"), r["responder"], r.get("responder_port"), str(r.get("first"))) for r in rows)
        expect(facts(a) == facts(b), f"{len(a)} observations after {died} crashes, {len(b)} without")
        fa, fb = (sorted((x["matched"], x["count"]) for x in json.loads(sekisho("findings", "--workspace", x, "--json").out)) for x in (w, reference))
        expect(fa == fb, "finding counts differ from a run without crashes")
        print(f"  {died} of {tries} runs killed; {len(a)} observations as without")

def disk_full():
    if os.geteuid() != 0: print("note: disk_full needs root to mount a tmpfs; left out"); return
    with Folder() as f:
        cap = busy_capture(f); small = os.path.join(f, "small"); os.mkdir(small)
        for size in ("1500k", "2m", "2500k", "3m"):
            if run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small, code=None).returncode != 0: print("note: no tmpfs can be mounted here; left out"); return
            try:
                done = sekisho("init", "--workspace", small + "/ws", "--profile", "lab", "--border", make_border(f + "/b.skb"), code=None)
                if done.returncode != 0: expect(done.returncode == 7 and not os.path.exists(small + "/ws"), f"half a workspace: {done.err}"); continue
                done = sekisho("selectors", "import", "--workspace", small + "/ws", "--all-flows", lists(f), code=None)
                if done.returncode != 0: expect(done.returncode == 7, done.err); continue
                done = sekisho("watch", "--workspace", small + "/ws", "--interval-frames", "2000", "--json", cap, code=None)
                print(f"  {size}: exit {done.returncode} {done.err.strip()[:120]}")
                expect(done.returncode in (0, 7, 27), f"exit {done.returncode}: {done.err}")
                if done.returncode: expect("disk full" in done.err.lower() or "no space" in done.err.lower() or "full" in done.err.lower(), f"does not say why: {done.err}")
                if os.path.exists(small + "/ws/ledger/checkpoint"): verify_both(small + "/ws/ledger")
                run("mount", "-o", "remount,size=64m", small)
                result, done = watch_json(small + "/ws", cap, extra=("--interval-frames", "2000"), code=None)
                expect(done.returncode in (0, 5), f"does not go on when there is room again: {done.err}")
                verify_both(small + "/ws/ledger")
            finally: run("umount", small)

if __name__ == "__main__": main(kill_loop, disk_full)
