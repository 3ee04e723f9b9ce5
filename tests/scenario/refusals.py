#!/usr/bin/env python3
"""Every refusal has its own line and exit code (rule: BASIS-1), and leaves nothing behind (DESIGN.md promise 3; sekisho(1) EXIT STATUS)."""
from lib import *

def small_capture(folder):
    return write_pcap(os.path.join(folder, "small.pcap"), [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x", b"y")])

def refused(code, words, *call, where="err"):
    done = sekisho(*call, code=code)
    text = done.err
    expect(text.count("\n") <= 2 or "usage:" in text, f"more than one line: {text}")
    for word in words: expect(word in text, f"'{word}' is not said: {text}")
    return done

def no_workspace():
    with Folder() as f:
        refused(4, ["no workspace", "sekisho init"], "watch", "--workspace", f + "/none", small_capture(f))

def no_basis():
    with Folder() as f:
        w = make_workspace(f); os.remove(w + "/basis.note")
        refused(20, ["no basis"], "watch", "--workspace", w, small_capture(f))

def altered_basis():
    with Folder() as f:
        w = make_workspace(f); p = w + "/basis.note"
        text = open(p).read(); expect('"FF"' in text or "FF" in text, "basis names no class"); open(p, "w").write(text.replace("lab", "lax", 1))
        refused(21, ["basis"], "watch", "--workspace", w, small_capture(f))

def expired():
    with Folder() as f:
        w = make_workspace(f, extra=("--from", "2020-01-01", "--until", "2020-02-01"))
        refused(22, ["2020-02-01"], "watch", "--workspace", w, small_capture(f))

def future():
    with Folder() as f:
        w = make_workspace(f, extra=("--from", "2090-01-01", "--until", "2091-01-01"))
        refused(23, ["2090-01-01"], "watch", "--workspace", w, small_capture(f))

def set_outside_rule():
    """The set was covered when it was imported; then the basis was renewed with a narrower rule."""
    with Folder() as f:
        w = make_workspace(f); lst = f + "/l.txt"; open(lst, "w").write("198.51.100.1\n198.51.100.2\n198.51.100.0/26\nevil.example\n")
        sekisho("selectors", "import", "--workspace", w, lst)
        for rule, word in ((("--kinds", "address,prefix"), "domain"), (("--max-entries", "2"), "2"), (("--min-prefix-v4", "27"), "26"), (("--exact-set", "00" * 32), "digest")):
            sekisho("basis", "renew", "--workspace", w, *rule)
            refused(24, [word], "watch", "--workspace", w, small_capture(f))
        sekisho("basis", "renew", "--workspace", w)
        watch_json(w, small_capture(f)); verify_both(w + "/ledger")

def class_not_covered():
    with Folder() as f:
        b = make_border(f + "/border.skb")
        refused(25, ["FF"], "init", "--workspace", f + "/ws", "--profile", "own-network", "--role", "party", "--classes", "FF,FD", "--border", b)
        expect(not os.path.exists(f + "/ws") and not [n for n in os.listdir(f) if "new" in n], "a refused workspace left something behind")
        w = make_workspace(f, profile="own-network", border=b, extra=("--role", "party"))
        before = open(w + "/basis.note").read()
        refused(25, ["DD"], "basis", "renew", "--workspace", w, "--classes", "DD")
        expect(open(w + "/basis.note").read() == before, "the basis changed")

def flow_all_for_carrier():
    with Folder() as f:
        w = make_workspace(f, profile="own-network", extra=("--role", "carrier"))
        done = sekisho("selectors", "import", "--workspace", w, "--all-flows", code=None)
        expect(done.returncode == 24, f"flow.all for a carrier: exit {done.returncode} {done.err}")

def profile_not_in_force():
    with Folder() as f:
        w = make_workspace(f, profile="jp-2025", border=make_border(f + "/b.skb", domestic=("11.0.0.0/8",), foreign=("12.0.0.0/8",)))
        refused(26, ["jp-2025", "2027-11-22"], "watch", "--workspace", w, small_capture(f))

def border_table_swapped():
    """rule: BORDER-5"""
    with Folder() as f:
        w = make_workspace(f); other = make_border(f + "/other.skb", domestic=("203.0.113.0/24",), foreign=("192.0.2.0/24",))
        open(w + "/border.skb", "wb").write(open(other, "rb").read())
        refused(28, ["not the one that was approved"], "watch", "--workspace", w, small_capture(f))
        sekisho("basis", "renew", "--workspace", w, "--border", other)
        watch_json(w, small_capture(f)); verify_both(w + "/ledger")

def ledger_cannot_be_written():
    with Folder() as f:
        w = make_workspace(f); cap = small_capture(f)
        watch_json(w, cap)
        cp = w + "/ledger/checkpoint"; data = open(cp, "rb").read(); open(cp, "wb").write(data.replace(data.split(b"\n")[2][:4], b"AAAA", 1))
        done = sekisho("watch", "--workspace", w, "--again", cap, code=None)
        expect(done.returncode not in (0, None) and "ledger" in done.err, f"a forged checkpoint was written on: {done.returncode} {done.err}")

def two_at_once():
    with Folder() as f:
        w = make_workspace(f)
        fifo = f + "/fifo"; os.mkfifo(fifo)
        first = subprocess.Popen([SEKISHO, "watch", "--workspace", w, fifo], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pipe = open(fifo, "wb"); pipe.write(open(small_capture(f), "rb").read()); pipe.flush()
        refused(6, [str(first.pid), "holds this workspace"], "watch", "--workspace", w, small_capture(f))
        pipe.close(); expect(first.wait(60) == 0, "the first run did not end in order")
        verify_both(w + "/ledger")

def same_file_twice():
    with Folder() as f:
        w = make_workspace(f); cap = small_capture(f)
        lst = f + "/l.txt"; open(lst, "w").write("198.51.100.9\n"); sekisho("selectors", "import", "--workspace", w, lst)
        first, _ = watch_json(w, cap); rows = sekisho("observations", "--workspace", w, "--json").out; found = sekisho("findings", "--workspace", w, "--json").out
        expect(first["account"]["selected"] > 0, "nothing was selected")
        second, done = watch_json(w, cap, code=5)
        expect("watched already" in done.err and second["account"]["received"] == 0, f"counted twice: {done.err}")
        expect(sekisho("observations", "--workspace", w, "--json").out == rows and sekisho("findings", "--workspace", w, "--json").out == found, "rows changed")
        third, _ = watch_json(w, cap, extra=("--again",))
        expect(third["account"]["received"] == first["account"]["received"], "--again did not look again")
        expect(len(json.loads(sekisho("observations", "--workspace", w, "--json").out)) == len(json.loads(rows)), "--again doubled the observations")
        expect([x["count"] for x in json.loads(sekisho("findings", "--workspace", w, "--json").out)] == [x["count"] for x in json.loads(found)], "--again doubled a finding's count")
        verify_both(w + "/ledger")

def init_twice():
    with Folder() as f:
        w = make_workspace(f)
        refused(2, ["there already"], "init", "--workspace", w, "--profile", "lab", "--border", f + "/border.skb")

def open_key_file():
    with Folder() as f:
        w = make_workspace(f); os.chmod(w + "/keys/ledger.key", 0o644)
        refused(7, ["600"], "watch", "--workspace", w, small_capture(f))

def wrong_calls():
    for call in ((), ("watch",), ("watch", "x.pcap"), ("nonsense",), ("watch", "--nonsense"), ("init",), ("watch", "--own", "1.2.3.4/8", "x")):
        done = sekisho(*call, code=2); expect(done.err.strip(), "a wrong call says nothing")

def interrupt():
    import signal, time
    with Folder() as f:
        w = make_workspace(f); fifo = f + "/fifo"; os.mkfifo(fifo)
        run_ = subprocess.Popen([SEKISHO, "watch", "--workspace", w, "--json", fifo], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        pipe = open(fifo, "wb"); pipe.write(open(small_capture(f), "rb").read()); pipe.flush(); time.sleep(0.5)
        run_.send_signal(signal.SIGINT); out, err = run_.communicate(timeout=30)
        expect(run_.returncode == 130, f"exit code {run_.returncode}, {err}")
        account = json.loads(out)["account"]; check_equation(account)
        pipe.close(); verify_both(w + "/ledger")

def output_that_is_an_input():
    """An output that is also read would be lost, under whatever name; the capture stays as it was, and no ledger tells of a run."""
    with Folder() as folder:
        workspace, capture = make_workspace(folder), small_capture(folder)
        other = os.path.join(folder, "link"); os.link(capture, other)
        before = open(capture, "rb").read()
        for output in (capture, other):
            for words in (("watch", "--eve", output), ("gate", "-o", output)):
                expect("would be lost" in sekisho(*words, "--workspace", workspace, capture, code=2).err, f"{words}")
                expect(open(capture, "rb").read() == before and not os.path.exists(workspace + "/ledger/checkpoint"), f"{words} began")
        sekisho("gate", "-o", os.path.join(folder, "out"), "--workspace", workspace, capture)

main(no_workspace, no_basis, altered_basis, expired, future, set_outside_rule, class_not_covered, flow_all_for_carrier, profile_not_in_force, border_table_swapped, ledger_cannot_be_written,
     two_at_once, same_file_twice, init_twice, output_that_is_an_input, open_key_file, wrong_calls, interrupt)
