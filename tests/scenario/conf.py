#!/usr/bin/env python3
"""sekisho conf: the shipped example, the canonical form read by another YAML library, exit codes, what only a workspace knows."""
import re
from lib import *
try: import yaml
except ImportError: yaml = None

EXAMPLE = os.path.join(ROOT, "packaging", "sekisho.yaml")
def keys(): return json.loads(sekisho("conf", "explain", "--all", "--json").out)
def write(path, text): open(path, "w").write(text); return path

def uncommented(text):
    """The example with every commented-out default taken in: '#' and then, without a word before it, a key or an element."""
    return re.sub(r"(?m)^#( *(?:- )?[a-z_]+:(?: .*)?)$", r"\1", text)

def flat(value, prefix=""):
    out = {}
    for key, inner in value.items():
        if isinstance(inner, dict): out.update(flat(inner, prefix + key + "."))
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict): out.update({prefix + key + "[]." + k: v for k, v in inner[0].items()}); out[prefix + key] = None
        else: out[prefix + key] = inner
    return out

def the_example_is_right():
    with Folder() as f:
        done = sekisho("conf", "check", EXAMPLE); expect("is right: 1 link, 0 listeners" in done.out, done.out)
        text = uncommented(open(EXAMPLE).read()); whole = write(f + "/whole.yaml", text)
        done = sekisho("conf", "check", whole); expect("1 link, 1 listener for exports" in done.out, done.out)
        # taken in, the defaults change nothing but the listener that is shown as an example
        changed = lambda path: sekisho("conf", "dump", "--changed", path).out
        bare, all_in = changed(EXAMPLE), changed(whole)
        expect(all_in.replace("exports:\n  - name: router-1\n    listen: 192.0.2.10:2055\n", "") == bare, f"{bare}\n{all_in}")
        if yaml:
            stands = flat(yaml.safe_load(text))
            for key in keys(): expect(key["key"] in stands, f"the example does not show {key['key']}")
            expect(len(stands) == len(keys()), f"the example has keys that are none: {set(stands) - {k['key'] for k in keys()}}")
        # sabotage twin: an example with a default that is none would be seen
        expect(changed(write(f + "/lie.yaml", text.replace("interval: 1m", "interval: 2m"))) != all_in, "a wrong default in the example is not seen")

def a_fixed_point():
    with Folder() as f:
        for source in (EXAMPLE, write(f + "/w.yaml", uncommented(open(EXAMPLE).read())),
                       write(f + "/odd.yaml", 'workspace: "/a b#: \\"c\\\\"\nuser: "no"\nlinks: [{name: a, interface: "@x"}]\nmetrics: {listen: "[::1]:9437"}\nlog: {rate: 3/h}\nloss: {finding: 0.0001%}\n')):
            first = sekisho("conf", "dump", source).out; path = write(f + "/first.yaml", first)
            expect(sekisho("conf", "dump", path).out == first, f"{source}: not a fixed point")
            short = sekisho("conf", "dump", "--changed", source).out
            expect(sekisho("conf", "dump", write(f + "/short.yaml", short)).out == first, f"{source}: --changed comes to something else")
            if yaml:
                stands = flat(yaml.safe_load(first))
                for key in keys(): expect(key["key"] in stands or key["key"].split("[]")[0] in stands, f"{key['key']} is not in the dump")
        if yaml:
            odd = yaml.safe_load(sekisho("conf", "dump", f + "/odd.yaml").out)
            expect(odd["workspace"] == '/a b#: "c\\' and odd["user"] == "no" and odd["links"][0]["interface"] == "@x" and odd["metrics"]["listen"] == "[::1]:9437", str(odd))

def defaults_are_the_tables():
    if not yaml: skip("PyYAML is not there")
    stands = flat(yaml.safe_load(sekisho("conf", "dump").out)); bools = {"true": True, "false": False}
    for key in keys():
        if "[]" in key["key"] or key["required"]: continue
        want = key["default"]; want = bools.get(want, want); want = int(want) if isinstance(want, str) and want.isdigit() else [] if want == "[]" else want
        expect(stands[key["key"]] == want, f"{key['key']}: {stands[key['key']]!r}, the table says {want!r}")

def exit_codes():
    with Folder() as f:
        good = write(f + "/g.yaml", f"workspace: {f}/ws\nlinks: [{{name: a, interface: eth0}}]\n"); bad = write(f + "/b.yaml", "workspce: /x\ninterval: 5\n")
        done = sekisho("conf", "check", bad, code=10); lines = done.err.splitlines()
        expect(len(lines) == 4 and all(l.startswith(f"sekisho: {bad}") for l in lines) and "did you mean workspace?" in done.err and not done.out, done.err)
        data = json.loads(sekisho("conf", "check", "--json", bad, code=10).out); expect(not data["right"] and len(data["errors"]) == 4 and data["file"] == bad, str(data))
        data = json.loads(sekisho("conf", "check", "--json", good).out); expect(data["right"] and not data["errors"] and "no workspace there" in data["note"], str(data))
        sekisho("conf", "dump", bad, code=10); sekisho("conf", "check", f + "/none.yaml", code=4); sekisho("conf", "check", f, code=4)
        big = write(f + "/big.yaml", "# " + "x" * (1 << 18) + "\n"); sekisho("conf", "check", big, code=4)
        for words in ((), ("check",), ("check", good, good), ("check", "--all", good), ("dump", good, good), ("dump", "--json"), ("explain",), ("explain", "--all", "eve"), ("nothing",), ("check", "--what")):
            sekisho("conf", *words, code=2)
        done = sekisho("conf", "explain", "eve.rotat.size", code=2); expect("did you mean eve.rotate.size?" in done.err, done.err)
        out = sekisho("conf", "explain", "eve.rotate", "workers").out; expect(out.count("default") == 4 and "eve.path:" not in out, out)
        sekisho("conf", "--help")

def what_only_the_workspace_knows():
    with Folder() as f:
        lab = make_workspace(f, "lab"); own = make_workspace(f, "own", profile="own-network", extra=("--role", "party"))
        for name, value in (("sandbox", "false"), ("memory", "{lock: off}")):
            text = "workspace: {}\nlinks: [{{name: a, interface: eth0}}]\n" + name + ": " + value.replace("{", "{{").replace("}", "}}") + "\n"
            sekisho("conf", "check", write(f + "/lab.yaml", text.format(lab)))
            done = sekisho("conf", "check", write(f + "/own.yaml", text.format(own)), code=29); expect("profile lab alone" in done.err and "own-network" in done.err, done.err)
            sekisho("conf", "check", write(f + "/fine.yaml", "\n".join(text.format(own).split("\n")[:2]) + "\n"))

main(the_example_is_right, a_fixed_point, defaults_are_the_tables, exit_codes, what_only_the_workspace_knows)
