#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench's own tools: bounds and their sabotage, ratios, charts, corpora and lists against an independent reader, and each command once at a tiny size.
usage: tools.py BUILD"""
import hashlib, importlib.machinery, importlib.util, pathlib, subprocess, sys, tempfile, xml.dom.minidom

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
BUILD = pathlib.Path(sys.argv[1]).resolve()

from lib import chart, contest, corpora, curves, machine, programs, sekisho, shapes, targets


def command(name):
    """A command of bench as a module."""
    loader = importlib.machinery.SourceFileLoader(f"bench_{name}", str(ROOT / "bench" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Failure(Exception): pass


def expect(truth, words):
    if not truth: raise Failure(words)


def raises(kind, call, words):
    try: call()
    except kind as why: return str(why)
    raise Failure(words)


def bench(name, *words, code=0):
    done = subprocess.run([ROOT / "bench" / name, *map(str, words), "--build", BUILD], capture_output=True, text=True, timeout=600)
    expect(done.returncode == code, f"{name} {' '.join(map(str, words))}: exit {done.returncode}, expected {code}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    return done


# ---- bounds ----

def just_met(target):
    return target.must[0] if isinstance(target.must, tuple) else target.must


def just_missed(target):
    if isinstance(target.must, tuple): return target.must[1] * 1.01
    return target.must + 1 if target.unit == "flows" else target.must * (0.99 if target.least else 1.01)


def bounds_hold_at_their_edge():
    rows = targets.judge({t.key: just_met(t) for t in targets.TARGETS})
    expect(targets.failures(rows) == [] and all(verdict == "pass" for _, _, verdict in rows), f"figures on the bound: {targets.failures(rows)}")


def sabotage_every_bound_goes_red_alone():
    for target in targets.TARGETS:
        seen = {t.key: just_met(t) for t in targets.TARGETS}
        seen[target.key] = just_missed(target)
        expect(targets.failures(targets.judge(seen)) == [target.key], f"{target.key} missed its bound and was not told")
        if target.unit != "flows":
            expect(targets.failures(targets.judge(seen, loose=1.5)) == [], f"{target.key}: --loose 1.5 does not forgive one per cent")


def a_figure_that_is_not_there_is_not_a_pass():
    rows = targets.judge({}, {"5 bytes": "no such option"})
    expect(all(figure is None for _, figure, _ in rows) and targets.failures(rows) == [], "nothing was measured")
    expect([verdict for t, _, verdict in rows if t.key == "5 bytes"] == ["no such option"], "the reason is lost")
    expect("aim" in [verdict for _, _, verdict in targets.judge({"1 mix": 4.5})], "an aim that was reached is not told")


def contest_row(name, kind, run, packets=1000, **more):
    return {"name": name, "kind": kind, "run": run, "rate": packets / run, "failed": None, **more}


def ratios_are_of_the_right_rows():
    ratios, corpus = command("compare").ratios, {"packets": 1000}
    rows = [contest_row("flows", "us", 1.0), contest_row("heads", "us", 2.0), contest_row("lists", "us", 2.1), contest_row("hits", "us", 2.4), contest_row("softflowd", "meter", 4.0),
            contest_row("nfpcapd", "meter", 8.0), contest_row("ndpiReader", "dpi", 20.0), contest_row("floor", "floor", 0.5), contest_row("all gated", "us", 0.3, told=0.00003),
            contest_row("walk", "walk", 0.1, told=0.00001)]
    seen = ratios("mix", rows, corpus)
    wanted = {"1 mix": 4.0, "1 floor mix": 0.5, "2 mix": 10.0, "3 mix": 5.0, "3 mix hits": 20.0, "4 gated mix": 20.0}
    expect(seen.keys() == wanted.keys() and all(abs(seen[k] - wanted[k]) < 1e-6 for k in wanted), f"{seen}, expected {wanted}")
    expect(ratios("mix", rows[1:], corpus)["1 mix"] == 2.0, "without `--heads off`, the row with heads stands in")
    expect("2 mix" not in ratios("small", rows, corpus), "item 2 speaks of mix alone")


def the_shape_is_of_the_last_decade():
    seen = {}
    curves.shape([{"curve": "packets", "cpu": c, "ns": 0} for c in (0.2, 1.0, 10.0)] + [{"curve": "flows", "cpu": 0, "ns": n} for n in (40, 50, 90)], seen)
    expect(seen == {"4 packets": 10.0, "4 flows": 2.25}, f"{seen}")


# ---- what programs answer ----

def answers_are_checked():
    good = '{"account": {"received": 10, "gate_erased": 1, "select_erased": 2, "selected": 7, "capture_lost": 0, "pending": 0}}'
    expect(sekisho.answer_of(good, 10)["account"]["received"] == 10, "a good answer")
    for words, text, packets in (("packets missing", good, 11), ("the equation broken", good.replace('"selected": 7', '"selected": 6'), 10),
                                 ("pending left", good.replace('"pending": 0', '"pending": 1'), 10), ("no JSON", "oops", 10)):
        raises(machine.Failed, lambda text=text, packets=packets: sekisho.answer_of(text, packets), f"accepted: {words}")


class Fake(programs.Program):
    kind, what = "meter", "a fake"

    def __init__(self, name, words, missing=None):
        self.name, self.words, self.why = name, words, missing

    def missing(self, corpus): return self.why

    def command(self, corpus, scratch): return self.words


class Arguments:
    core, timeout, memory, runs, patience = None, 1.0, 4096, 3, 60


def a_program_that_gives_no_figure_gives_its_reason():
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        corpus = {"name": "x", "packets": 1, "path": scratch / "x"}
        corpus["path"].write_bytes(b"x")
        rows = contest.Contest(Arguments, scratch).run([Fake("good", ["true"]), Fake("bad", ["sh", "-c", "echo broken >&2; exit 3"]), Fake("late", ["sleep", "9"]),
                                                        Fake("dead", ["sh", "-c", "kill -SEGV $$"]), Fake("absent", ["x"], "not installed")], corpus)
        why = {r["name"]: r["failed"] for r in rows}
        expect(why["good"] is None and rows[0]["runs"] == 3, f"{rows[0]}")
        expect(why["bad"] == "ends with 3: broken" and "stopped after" in why["late"] and "SIGSEGV" in why["dead"] and why["absent"] == "not installed", f"{why}")


# ---- charts ----

def charts_are_svg_and_points_lie_inside():
    text = chart.chart("a < b & c", "packets", "s", {"one": [(100, 0.02), (10_000_000, 3.1)], "two": [(100, 5.0), (1000, 7.0)]})
    document = xml.dom.minidom.parseString(text)
    circles = document.getElementsByTagName("circle")
    expect(len(circles) == 4 and len(document.getElementsByTagName("polyline")) == 2, "points or lines are missing")
    for circle in circles:
        x, y = float(circle.getAttribute("cx")), float(circle.getAttribute("cy"))
        expect(chart.LEFT <= x <= chart.WIDTH - chart.RIGHT and chart.TOP <= y <= chart.HEIGHT - chart.BOTTOM, f"a point at {x}, {y}")
    one = [float(c.getAttribute("cy")) for c in circles[:2]]
    expect(one[0] > one[1], "more seconds must stand higher")


# ---- corpora and lists ----

def frames_of(path):
    data, at = path.read_bytes(), 24
    while at < len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def addresses_of(path):
    found = set()
    for frame in frames_of(path):
        if frame[12:14] == b"\x08\0":
            found |= {".".join(map(str, frame[26:30])), ".".join(map(str, frame[30:34]))}
    return found


def corpora_are_the_same_each_time_and_kept():
    with tempfile.TemporaryDirectory() as folder:
        makers = [corpora.Corpora(pathlib.Path(folder) / name, BUILD, ROOT / "samples") for name in "ab"]
        for make in (lambda c: c.small(3000), lambda c: c.flows(3000, 700), lambda c: c.mix(3000)):
            first, second = (make(m) for m in makers)
            expect(hashlib.sha256(first["path"].read_bytes()).digest() == hashlib.sha256(second["path"].read_bytes()).digest(), f"{first['name']} differs from run to run")
            expect(sum(1 for _ in frames_of(first["path"])) == first["packets"] and 3000 <= first["packets"] <= 3001, f"{first['name']} has {first['packets']} packets")
            before = first["path"].stat().st_mtime_ns
            expect(make(makers[0])["path"].stat().st_mtime_ns == before, "made again although it was kept")
            makers[0].source, kept = "other", makers[0].source
            expect(make(makers[0])["path"].stat().st_mtime_ns != before, "kept although its source changed")
            makers[0].source = kept
        expect(makers[0].flows(3000, 700)["flows"] == 700, "flows makes another number of flows")


def lists_hit_what_they_say():
    with tempfile.TemporaryDirectory() as folder:
        maker = corpora.Corpora(pathlib.Path(folder), BUILD, ROOT / "samples")
        corpus = maker.small(5000)
        held = addresses_of(corpus["path"])
        for one_in in (0, 50):
            lists = maker.lists(corpus, 2000, one_in)
            for name in ("ipv4.txt", "ipv6.txt", "domains.txt"):
                lines = (lists["path"] / name).read_text().split()
                expect(len(lines) == 2000 and len(set(lines)) == 2000, f"{name}: {len(set(lines))} distinct lines")
            hits = sum(line in held for line in (lists["path"] / "ipv4.txt").read_text().split())
            expect(hits == lists["ipv4_hits"] and (hits == 0) == (one_in == 0), f"one in {one_in}: {hits} hits, {lists['ipv4_hits']} told")
        share = lists["ipv4_hits"] / len(held)
        expect(0.01 < share < 0.04, f"one in 50 became {share:.4f}")


def half_of_the_blocks():
    share = len(sekisho.half_blocks()) / (250 * 16 + 6 * 4096 + 0x2000)
    expect(abs(share - sekisho.HALF_OF_256 / 256) < 0.02, f"{share:.3f} of the blocks")


def shapes_are_the_same_each_time():
    names = shapes.all_shapes(ROOT).keys()
    for name in names:
        sums = []
        for _ in range(2):
            digest = hashlib.sha256()
            for _, frame in zip(range(300), shapes.all_shapes(ROOT)[name][1]):
                expect(14 <= len(frame) <= 65549, f"{name}: a frame of {len(frame)} bytes")
                digest.update(frame)
            sums.append(digest.digest())
        expect(sums[0] == sums[1], f"{name} differs from run to run")


# ---- the guard ----

def sabotage_the_guard_sees_more_instructions():
    guard = command("instructions")
    ceilings = {"mix heads": 1000, "small heads": 1000}
    expect(guard.compare({"mix heads": 1000, "small heads": 900}, ceilings)[1] == [], "at the ceiling")
    expect(guard.compare({"mix heads": 1001, "small heads": 900}, ceilings)[1] == ["mix heads"], "one more than the ceiling")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "ceiling"
        path.write_text("# a comment\nmix heads 12 # why\n")
        expect(guard.read_ceilings(path) == {"mix heads": 12}, "a good file")
        for line in ("mix heads", "mix heads x", "mix heads 1 2"):
            path.write_text(line + "\n")
            expect(":1:" in raises(corpora.Broken, lambda: guard.read_ceilings(path), f"accepted '{line}'"), "the line is not named")
    expect(guard.read_ceilings(guard.CEILINGS).keys() >= {f"{c} {r}" for c in guard.HALVES for r in ("heads", "gated")}, "the committed ceilings do not name every row")


# ---- each command once ----

def compare_prints_its_tables_and_goes_red():
    with tempfile.TemporaryDirectory() as folder:
        words = ["--quick", "--packets", 3000, "--lists", 300, "--runs", 1, "--work", f"{folder}/work", "--items", "1,3", "--programs", "heads,lists,hits,all gated,walk,floor"]
        page = bench("compare", *words, "--check", "--loose", 1e6, "-o", f"{folder}/bench.md").stdout
        expect(page.strip() == pathlib.Path(f"{folder}/bench.md").read_text().strip() and folder not in page, "the page differs from what was printed, or tells a folder")
        for words_there in ("## What must be shown", "## mix:", "## small:", "**heads**", "| floor |", "| walk |"):
            expect(words_there in page, f"the page lacks {words_there}")
        # A start is never faster than nothing: with a bound a million times as strict every run is too slow.
        expect("not met:" in bench("compare", *words, "--check", "--loose", 1e-6, code=1).stderr, "--check does not say what was not met")
        bench("compare", "--quick", "--programs", "nosuch", code=1)


def curves_write_charts_and_numbers():
    with tempfile.TemporaryDirectory() as folder:
        bench("curves", "--quick", "--runs", 1, "--only", "selectors", "-o", folder)
        names = {p.name for p in pathlib.Path(folder).iterdir()}
        expect(names == {"selectors.svg", "open.svg", "curves.tsv", "README.md"}, f"{names}")
        xml.dom.minidom.parse(f"{folder}/selectors.svg")
        lines = pathlib.Path(f"{folder}/curves.tsv").read_text().splitlines()
        expect(len(lines) == 5 and all(line.count("\t") == lines[0].count("\t") for line in lines), "curves.tsv")


def hostile_tells_the_dear_ones():
    too_dear = command("hostile").too_dear
    rows = [{"name": "at", "times": 3.0}, {"name": "above", "times": 3.1}]
    expect(too_dear(rows) == ["above"] and too_dear(rows, 1.1) == [], "the bound of three mean packets")
    words = ["--quick", "--packets", 1000, "--runs", 1, "--only", "fragments,seeds"]
    expect("| fragments |" in bench("hostile", *words, "--check", "--loose", 1e6).stdout, "no row for a shape")
    bench("hostile", *words, "--loose", 1e6, "--only", "nosuch", code=1)


def workers_compare_and_go_red():
    different = command("workers").different
    def row(name, evicted=0, **account):
        return {"name": name, "answer": {"account": {term: account.get(term, 7) for term in command("workers").SAME}, "flows": {"evicted": evicted}, "beside": {}}}
    expect(different([row("1"), row("2")]) == [], "the same accounts are told apart")
    expect(different([row("1"), row("2", selected=8)]) == ["selected with 2"], "different accounts are not told apart")
    expect(different([row("1"), row("2", 3, selected=8)]) == [], "a short table explains a difference")
    text = bench("workers", "--quick", "--runs", 1, "--only", "small").stdout
    expect("| 2 workers |" in text and "exchanged" in text, f"no row for two workers:\n{text}")


def exports_lists_every_form_and_goes_red():
    words = ["--quick", "--records", 3000, "--runs", 1, "--no-loopback"]
    page = bench("exports", *words, "--check", "--loose", 1e6).stdout
    for form in ("v5", "v9", "ipfix", "sflow"): expect(f"| {form} | " in page and " 0 | " not in page.split(f"| {form} |")[1].split("\n")[0], f"no figure of {form}: {page}")
    for what in ("half", "domestic"): bench("exports", *words, "--forms", "v9,sflow", "--set", what)
    expect("FAIL: v5" in bench("exports", *words, "--forms", "v5", "--check", "--loose", 1e-9, code=1).stdout, "--check does not say what was not met")


def main():
    tests = [bounds_hold_at_their_edge, sabotage_every_bound_goes_red_alone, a_figure_that_is_not_there_is_not_a_pass, ratios_are_of_the_right_rows,
             the_shape_is_of_the_last_decade, answers_are_checked, a_program_that_gives_no_figure_gives_its_reason, charts_are_svg_and_points_lie_inside,
             corpora_are_the_same_each_time_and_kept, lists_hit_what_they_say, half_of_the_blocks, shapes_are_the_same_each_time, sabotage_the_guard_sees_more_instructions,
             compare_prints_its_tables_and_goes_red, curves_write_charts_and_numbers, hostile_tells_the_dear_ones,
             exports_lists_every_form_and_goes_red, workers_compare_and_go_red]
    bad = 0
    corpora.build_tools(BUILD)
    for test in tests:
        try:
            test(); print("ok  ", test.__name__, flush=True)
        except Failure as why:
            bad += 1; print("FAIL", test.__name__, "-", why, flush=True)
    print(f"{len(tests) - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
