#!/usr/bin/env python3
"""Detectors over captures that others labelled: every attacker is named with a right word, nobody else is. The twin asks for so much that an attacker is missed, and
for so little that innocents are named: both must be seen."""
import shutil
from lib import *

BENCH = os.path.join(ROOT, "bench", "accuracy")

def judged(*words):
    done = subprocess.run([BENCH, "--sekisho", SEKISHO, "--json", *words], capture_output=True, text=True)
    expect(done.returncode in (0, 1) and done.stdout, f"bench/accuracy failed: {done.stderr}")
    return done.returncode, json.loads(done.stdout)

def the_truth_of_others():
    code, said = judged("--day", need_shared("border"), "--attacks", need_shared("net", "attacks"))
    expect(said["missed"] == [], f"missed: {said['missed']}")
    expect(said["false"] == [], f"innocent and named: {said['false']}")
    expect(said["canaries"] == [], f"of domestic talk: {said['canaries']}")
    expect(code == 0 and len(said["attacks"]) >= 10, f"{len(said['attacks'])} attacks, exit code {code}")
    for attack in said["attacks"]:
        after = min(attack["found"].values())
        expect(after <= max(60, attack["lasted_s"] / 2) , f"{attack['label']} in {attack['place']} was found after {after:.0f} s of {attack['lasted_s']:.0f}")
    print(f"{len(said['attacks'])} attackers, each found; nobody else was named")

def the_cases_of_our_own():
    """Detectors of which others have no labelled capture; the twin asks one of them for more than any case has."""
    border = need_shared("border")
    code, said = judged("--made", border)
    expect(said["missed"] == [], f"missed: {said['missed']}")
    expect(said["false"] == [], f"innocent and named: {said['false']}")
    expect(code == 0 and len({a["label"] for a in said["attacks"]}) >= 22, f"{sorted({a['label'] for a in said['attacks']})}, exit code {code}")
    code, said = judged("--made", border, "--thresholds", "bruteforce.web:refusals=10000", "--thresholds", "lookalike:contacts=1000")
    expect(code == 1 and {label for label, _, _ in said["missed"]} == {"bruteforce_web_made", "lookalike_made"}, f"twin: {said['missed']}")

def where_they_fall_off():
    """Days that nobody looked at when thresholds were chosen: enough of all cases is found, no innocent is named. The twin asks for so much that a detector finds nothing."""
    words = [os.path.join(ROOT, "bench", "variants"), "--sekisho", SEKISHO, "--data", os.path.dirname(need_shared("border")), "--quick", "--check", "--seeds", "17"]
    done = subprocess.run(words, capture_output=True, text=True)
    expect(done.returncode == 0, f"bench/variants: {done.stderr}")
    done = subprocess.run([*words, "--only", "scan.icmp", "--thresholds", "scan.icmp:targets=150"], capture_output=True, text=True)
    expect(done.returncode == 1 and "scan.icmp: 0.0" in done.stderr, f"twin: {done.returncode} {done.stderr}")

def the_comparison_can_fail():
    with Folder() as folder:
        # One attack of the captures alone, so that it is quick.
        attacks = need_shared("net", "attacks")
        with open(os.path.join(attacks, "truth.tsv"), encoding="utf-8") as f: lines = f.read().splitlines()
        row = next(line for line in lines if "\tscan_icmp\t" in line)
        shutil.copy(os.path.join(attacks, row.split("\t")[0]), folder)
        for change, wrong in ((lambda r: r, ("--thresholds", "scan.icmp:targets=100")), (lambda r: r.replace("scan_icmp", "ftp_bruteforce"), ())):
            with open(os.path.join(folder, "truth.tsv"), "w", encoding="utf-8") as f: f.write(lines[0] + "\n" + change(row) + "\n")
            code, said = judged("--attacks", folder, *wrong)
            expect(code == 1 and len(said["missed"]) == 1, f"{wrong}: nobody was missed")
        expect(len(said["false"]) >= 1, "a wrong word was not seen")

main(the_truth_of_others, the_cases_of_our_own, where_they_fall_off, the_comparison_can_fail)
