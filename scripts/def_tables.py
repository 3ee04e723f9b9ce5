# SPDX-License-Identifier: Apache-2.0
"""Rows of .def files as Python sees them, and the tables of the documentation that are made from them."""
import re
from c_source import blank, read

ROW = re.compile(r"(?m)^(SK_[A-Z0-9_]+)\(")
PIECE = re.compile(r'"((?:\\.|[^"\\])*)"|(-?[A-Za-z0-9_]+)|([(),])|\s+', re.S)


def rows(root, path):
    """Every row of the file: (macro, [arguments]); texts that stand side by side are joined, NULL is None."""
    text = blank(read(root, path), strings=False)
    found = []
    for start in ROW.finditer(text):
        arguments, words, at = [], None, start.end()
        while True:
            piece = PIECE.match(text, at)
            if not piece:
                raise SystemExit(f"{path}:{text.count(chr(10), 0, at) + 1}: not the form of a row: {text[at:at + 40]!r}")
            at = piece.end()
            if piece[1] is not None:
                words = (words or "") + re.sub(r"\\(.)", r"\1", piece[1])
            elif piece[2] is not None:
                words = None if piece[2] == "NULL" else piece[2]
            elif piece[3] in (",", ")"):
                arguments.append(words)
                words = None
                if piece[3] == ")":
                    break
        found.append((start[1], arguments, text.count("\n", 0, start.start()) + 1))
    return found


def sentences(text):
    """mandoc wants each sentence on a line of its own, and no macro by accident."""
    lines = re.sub(r"(?<=[.:;)]) (?=[A-Z0-9])", "\n", text).split("\n") if text else []
    return [("\\&" if line[:1] in ".'" else "") + line.replace("\\", "\\e") for line in lines]


# ---- the configuration's keys, for sekisho.conf(5) ----

def conf_keys(root):
    """One dictionary a key, in the table's order."""
    types = {"BOOL": "bool", "COUNT": "integer", "BYTES": "bytes", "TIME": "duration", "RATE": "rate", "SHARE": "share", "CHOICE": "enum", "WORD": "word", "LABEL": "label",
             "INTERFACE": "interface", "PATH": "path", "SOCKET": "socket", "PREFIX": "prefix", "ENDPOINT": "address:port"}
    keys = []
    for macro, a, line in rows(root, "src/foundation/conf/conf.def"):
        if macro == "SK_CONF_MAPS":
            member, key, places, element, since, reload, sentence, prose = a
            keys.append(dict(key=key, type=f"list of maps, at most {places}", unit="", least="", most="", default="[]", since=since, reload=reload, choices="", sentence=sentence, prose=prose, line=line))
            continue
        listed = macro.endswith("_LIST")
        places = a.pop(3) if listed else None
        member, key, kind, unit, least, most, default, since, reload, choices, sentence, prose = a
        keys.append(dict(key=key, type=f"list of {types[kind]}, at most {places}" if listed else types[kind], unit=unit, least=least, most=most, default=default, since=since, reload=reload,
                         choices=choices, sentence=sentence, prose=prose, line=line))
    return keys


def conf_manual(root):
    choices = {}
    for _, (group, _symbol, word, prose), _line in rows(root, "src/foundation/conf/choice.def"):
        choices.setdefault(group, []).append((word, prose))
    out = [".Bl -tag -width Ds"]
    for k in conf_keys(root):
        facts = [k["type"] + (f", {k['unit']}" if k["unit"] else "")]
        if k["least"]:
            facts.append(f"from {k['least']} to {k['most']}")
        facts.append("must be given" if k["default"] is None else f"default {k['default']}" if k["default"] else "none by default")
        facts.append("taken on reload" if k["reload"] == "RELOAD" else "needs a restart")
        out += [f".It Cm {k['key']}", f"({'; '.join(facts)})", ".br"] + sentences(k["sentence"]) + sentences(k["prose"])
        if k["choices"]:
            out.append(".Bl -tag -width xdp_generic -compact")
            for word, prose in choices[k["choices"]]:
                out += [f".It Cm {word}"] + sentences(prose)
            out.append(".El")
    return out + [".El"]


# ---- what the operator's page tells of events and figures ----

def cell(text):
    return text.replace("|", "\\|")


def event_table(root):
    out = ["| event | level | words | what to do |", "|---|---|---|---|"]
    for macro, a, _ in rows(root, "src/foundation/journal/event.def"):
        if re.fullmatch(r"SK_EVENT\d", macro):
            out.append(f"| `{a[0]}` | {a[1].lower()} | {cell(a[2])} | {cell(a[3])} |")
    return out


def metric_table(root):
    units = {"COUNT": "", "BYTES": "bytes", "FLAG": "0 or 1", "RATIO": "0 to 1", "SECONDS": "seconds", "TIME": "seconds since 1970"}
    out = ["| figure | kind | unit | by | what it means |", "|---|---|---|---|---|"]
    for macro, a, _ in rows(root, "src/sensor/emit/metrics.def"):
        if macro in ("SK_METRIC", "SK_METRIC_LINK", "SK_METRIC_WORKER"):
            by = {"SK_METRIC": "", "SK_METRIC_LINK": "link", "SK_METRIC_WORKER": "worker"}[macro]
            out.append(f"| `sekisho_{a[1]}{'_total' if a[2] == 'COUNTER' else ''}` | {a[2].lower()} | {units[a[3]]} | {by} | {cell(a[4])} |")
        else:
            by = "link" if macro == "SK_METRIC_LINK_CELL" else f"link, {a[2]}"
            out.append(f"| `sekisho_{a[1]}_frames_total`, `..._bytes_total` | counter | | {by} | {cell(a[-1])} |")
    return out


def health_table(root):
    out = ["| reason | state | what is said | what to do |", "|---|---|---|---|"]
    for _, a, _ in rows(root, "src/sensor/emit/health.def"):
        out.append(f"| `{a[1]}` | {a[2].lower()} | {cell(a[3])} | {cell(a[4])} |")
    return out


def wall_table(root):
    out = ["| wall | what it means that it stands |", "|---|---|"]
    for _, a, _ in rows(root, "src/foundation/wall/wall.def"):
        out.append(f"| `{a[1]}` | {cell(a[2])} |")
    return out


# ---- the lifecycle of an order, as a drawing and as tables ----

def order_rows(root, macro):
    return [a for m, a, _ in rows(root, "src/contract/warrant/state.def") if m == macro]


def order_drawing(root):
    """Mermaid: one arrow for each pair of states, with the events that lead there; events that stay are left to the table."""
    events = {a[0]: a[1] for a in order_rows(root, "SK_ORDER_EVENT")}
    states = {a[0]: a[1] or "[*]" for a in order_rows(root, "SK_ORDER_STATE")}
    arrows = {}
    for start, event, outcome, end in order_rows(root, "SK_ORDER_STEP"):
        if start != end:
            arrows.setdefault((start, end), []).append(events[event] + {"NONE": "", "MET": " (met)", "OPEN": " (open)"}[outcome])
    out = ["```mermaid", "stateDiagram-v2"]
    out += [f"    {states[a]} --> {states[b]}: {', '.join(words)}" for (a, b), words in arrows.items()]
    out += [f"    {a[1]} --> [*]" for a in order_rows(root, "SK_ORDER_STATE") if a[3] == "true"]
    return out + ["```"]


def order_state_table(root):
    out = ["| state | what it means | may a measure stand |", "|---|---|---|"]
    return out + [f"| `{a[1]}` | {cell(a[4])} | {'yes' if a[2] == 'true' else '-'} |" for a in order_rows(root, "SK_ORDER_STATE") if a[1]]


def order_event_table(root):
    names = {a[0]: a[1] or "(new)" for a in order_rows(root, "SK_ORDER_STATE")}
    steps = order_rows(root, "SK_ORDER_STEP")
    out = ["| act | who | duty | what it says | out of |", "|---|---|---|---|---|"]
    for symbol, name, _, duty, who, prose in order_rows(root, "SK_ORDER_EVENT"):
        starts = list(dict.fromkeys(names[s[0]] for s in steps if s[1] == symbol))
        out.append(f"| `{name}` | {cell(who)} | {'`' + duty + '`' if duty else 'the centre itself'} | {cell(prose)} | {' '.join('`' + s + '`' for s in starts)} |")
    return out


# ---- access: the life of a lease, organisations, roles ----

def lease_drawing(root):
    table = rows(root, "src/centre/access/lease.def")
    states = {a[0]: a[1] or "[*]" for m, a, _ in table if m == "SK_LEASE_STATE"}
    steps = [a for m, a, _ in table if m == "SK_LEASE_STEP"]
    out = ["```mermaid", "stateDiagram-v2"] + [f"    {states[start]} --> {states[end]}: {event}" for event, start, end in steps]
    return out + [f"    {name} --> [*]" for symbol, name in states.items() if name != "[*]" and symbol not in {s[1] for s in steps}] + ["```"]


def org_table(root):
    out = ["| kind | who | may hold G1 |", "|---|---|---|"]
    return out + [f"| `{a[1]}` | {cell(a[3])} | {'yes' if a[2] == '1' else 'never'} |" for _, a, _ in rows(root, "src/centre/access/orgs.def")]


def role_table(root):
    out = ["| role | group | what for |", "|---|---|---|"]
    return out + [f"| `{a[1]}` | {a[2].lower() if a[2] != 'FREE' else 'any but oversight'} | {cell(a[3])} |" for _, a, _ in rows(root, "src/centre/access/roles.def")]


def prose_of(root):
    """(path, line, name, text) of each row that must tell something to people."""
    for k in conf_keys(root):
        yield "src/foundation/conf/conf.def", k["line"], k["key"], k["sentence"]
        yield "src/foundation/conf/conf.def", k["line"], k["key"], k["prose"]
    for _, a, line in rows(root, "src/foundation/conf/choice.def"):
        yield "src/foundation/conf/choice.def", line, a[2], a[3]
    for macro, a, line in rows(root, "src/foundation/journal/event.def"):
        if re.fullmatch(r"SK_EVENT\d", macro):
            yield "src/foundation/journal/event.def", line, a[0], a[3]


    for _, a, line in rows(root, "src/sensor/emit/metrics.def"):
        yield "src/sensor/emit/metrics.def", line, a[1], a[-1]
    for _, a, line in rows(root, "src/sensor/emit/health.def"):
        yield "src/sensor/emit/health.def", line, a[1], a[4]


# file -> name of the table -> lines
# ---- the lifecycle of a basis, and the sections of a policy file ----

def stage_rows(root, macro):
    return [a for m, a, _ in rows(root, "src/contract/basis/stage.def") if m == macro]


def stage_drawing(root):
    """Mermaid: one arrow for each pair of stages, with the events that lead there; events that stay are left to the table."""
    events = {a[0]: a[1] for a in stage_rows(root, "SK_EVENT")}
    stages = {a[0]: a[1] or "[*]" for a in stage_rows(root, "SK_STAGE")}
    arrows = {}
    for start, event, outcome, end in stage_rows(root, "SK_STEP"):
        if start != end:
            arrows.setdefault((start, end), []).append(events[event] + {"NONE": "", "OPEN": " (open)", "CARRIED": " (carried)", "REJECTED": " (rejected)"}[outcome])
    out = ["```mermaid", "stateDiagram-v2"]
    out += [f"    {stages[a]} --> {stages[b]}: {', '.join(words)}" for (a, b), words in arrows.items()]
    out += [f"    {a[1]} --> [*]" for a in stage_rows(root, "SK_STAGE") if a[3] == "true"]
    return out + ["```"]


def stage_table(root):
    out = ["| stage | what it means | may be collected |", "|---|---|---|"]
    return out + [f"| `{a[1]}` | {cell(a[4])} | {'yes' if a[2] == 'true' else '-'} |" for a in stage_rows(root, "SK_STAGE") if a[1]]


def stage_event_table(root):
    names = {a[0]: a[1] or "(new)" for a in stage_rows(root, "SK_STAGE")}
    steps = stage_rows(root, "SK_STEP")
    out = ["| act | who | what it says | out of |", "|---|---|---|---|"]
    for symbol, name, _, who, prose in stage_rows(root, "SK_EVENT"):
        origins = list(dict.fromkeys(names[s[0]] for s in steps if s[1] == symbol))
        out.append(f"| `{name}` | {cell(who)} | {cell(prose)} | {', '.join(origins)} |")
    return out


def law_table(root):
    """Every section of a policy file with the keys of its rows."""
    kinds = {"WORD": "word", "WORDS": "list of words", "TEXT": "text", "SPAN": "time (`6mo`, `90d`, `24h`, `none`)", "DATE": "day", "COUNT": "number", "BOOL": "true or false"}
    needs = {"KEY": "key", "MUST": "must", "MAY": "may"}
    found = list(rows(root, "src/foundation/law/law.def"))
    every = [a for m, a, _ in found if m == "SK_LAW_EVERY"]
    out = ["| section | key | what it is | value | need |", "|---|---|---|---|---|"]
    for macro, a, _ in found:
        if macro == "SK_LAW_SECTION":
            out.append(f"| `{a[2]}` | | {cell(a[5])}{' A change needs oversight where the policy asks for it.' if a[4] == 'ACK' else ''} | at most {a[3]} rows | |")
            out += [f"| | `{b[0]}` | {cell(b[3])} | {kinds[b[1]]} | {needs[b[2]]} |" for m, b, _ in found if m == "SK_LAW_" + a[0]]
    out.append("| every row | | | | |")
    return out + [f"| | `{b[0]}` | {cell(b[3])} | {kinds[b[1]]} | {needs[b[2]]} |" for b in every]


# ---- the second verifier's copy of the contracts' tables ----

def go_map(name, kind, pairs):
    """A map as gofmt writes it: values under each other."""
    wide = max(len(key) for key, _ in pairs) + 2
    return [f"var {name} = map[{kind}]{'int' if pairs[0][1].isdigit() else 'bool' if pairs[0][1] == 'true' else 'string'}{{"] + ["\t" + (key + ":").ljust(wide) + value + "," for key, value in pairs] + ["}", ""]


def go_tables(root):
    """Lifecycles and levels as Go maps: from state, event and outcome to the next state."""
    # measure.def has products among its numbers, which are not wanted here
    measure = [(m, [a.strip().strip('"') for a in arguments.split(",")]) for m, arguments in re.findall(r"(?m)^(SK_LEVEL|SK_MEASURE|SK_ACTION)\((.*)\)$", read(root, "src/contract/warrant/measure.def"))]
    basis, order = rows(root, "src/contract/basis/stage.def"), rows(root, "src/contract/warrant/state.def")
    def steps(name, table, state, event, outcome, step):
        names = {macro: {a[0]: a[1] for m, a, _ in table if m == macro} for macro in (state, event, outcome)}
        return go_map(name, "step", [('{"%s", "%s", "%s"}' % (names[state][a[0]], names[event][a[1]], names[outcome][a[2]]), '"%s"' % names[state][a[3]]) for m, a, _ in table if m == step])
    levels, measures = {a[0]: a[1] for m, a in measure if m == "SK_LEVEL"}, {a[0]: a[1] for m, a in measure if m == "SK_MEASURE"}
    return (steps("basisSteps", basis, "SK_STAGE", "SK_EVENT", "SK_OUTCOME", "SK_STEP") +
            steps("orderSteps", order, "SK_ORDER_STATE", "SK_ORDER_EVENT", "SK_ORDER_OUTCOME", "SK_ORDER_STEP") +
            ["// orderDuties: events that the centre itself records have none."] + go_map("orderDuties", "string", [(f'"{a[1]}"', f'"{a[3]}"') for m, a, _ in order if m == "SK_ORDER_EVENT"]) +
            go_map("levelApprovers", "string", [(f'"{a[1]}"', a[2]) for m, a in measure if m == "SK_LEVEL"]) + ["// actionLevels: by measure and action."] +
            go_map("actionLevels", "string", [(f'"{measures[a[1]]} {a[2]}"', f'"{levels[a[3]]}"') for m, a in measure if m == "SK_ACTION"]) +
            go_map("receiptSteps", "string", [(f'"{a[1]}"', "true") for m, a, _ in rows(root, "src/contract/warrant/step.def") if m == "SK_STEP"]))


# ---- damage reports: steps, fields, triggers, who sees what ----

def report_drawing(root):
    """Mermaid: one arrow for each pair of states, with the events that lead there; what stays is left to the text."""
    arrows = {}
    for _, (event, start, end), _ in rows(root, "src/centre/report/step.def"):
        if start != end:
            arrows.setdefault((start or "[*]", end), []).append(event)
    return ["```mermaid", "stateDiagram-v2"] + [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()] + ["```"]


def report_fields(root):
    forms = {"ALL": "all", "D": "ddos", "R": "ransomware", "O": "other", "RO": "ransomware, other"}
    needs = {"KNOWN": "known always", "ALWAYS": "always", "FINAL": "final", "FREE": "", "CENTRE": "by the centre"}
    out = ["| field | type | forms | item | needed | from | English | 日本語 |", "|---|---|---|---|---|---|---|---|"]
    for macro, a, _ in rows(root, "src/centre/report/fields.def"):
        if macro == "SK_REPORT_FIELD":
            path, kind, words, form, _, item, need, source, en, ja, help_en, _ = a
            out.append(f"| `{path}` | {kind.lower()}{' of ' + words.lower() if words != 'NONE' else ''} | {forms[form]} | {item if item != '0' else ''} | {needs[need]} | {source} | {cell(en)}: {cell(help_en)} | {cell(ja)} |")
    return out


def report_triggers(root):
    words = [a for _, a, _ in rows(root, "src/centre/report/words.def")]
    classes = [a[1] for a in words if a[0] == "ASSET"]
    names = {a[1]: a[2] for a in words if a[0] == "TRIGGER"}
    out = ["| what happened | " + " | ".join(f"`{c}`" for c in classes) + " |", "|---|" + "---|" * len(classes)]
    return out + [f"| `{a[0]}`: {cell(names[a[0]])} | " + " | ".join("report" if x == "1" else "-" for x in a[1:]) + " |" for _, a, _ in rows(root, "src/centre/report/trigger.def")]


def report_viewers(root):
    kinds = {a[0]: a[1] for _, a, _ in rows(root, "src/centre/access/orgs.def")}
    what = {"OWN": "handed it in", "STATUTORY": "is named by its rules", "SECTOR": "is the ministry of its sector", "NAMED": "is named by the report", "CONSENT_NCO": "may have it by consent (`consent_share_nco`)",
            "CONSENT_NPA": "may have it by consent (`consent_share_npa`)"}
    out = ["| kind of organisation | where it | up to TLP | sees |", "|---|---|---|---|"]
    return out + [f"| `{kinds[a[0]]}` | {what[a[1]]} | {a[2].lower().replace('_strict', '+strict')} | {'everything' if a[3] == 'FULL' else 'the gist'} |" for _, a, _ in rows(root, "src/centre/report/viewer.def")]


# ---- cases ----

def case_steps(root):
    """(state, event, next) of state.def with its groups (KEPT, SEEN, OPEN_WORK) written out."""
    text = read(root, "src/centre/case/state.def").replace("\\\n", " ")
    groups = {name: body for name, body in re.findall(r"(?m)^#define (\w+)\(S\) (.*)$", text)}
    def expand(body, state):
        for word, arguments in re.findall(r"(\w+)\(([^)]*)\)", body):
            if word == "SK_CASE_STEP":
                a = [state if x.strip() == "S" else x.strip() for x in arguments.split(",")]
                yield a[0], a[1], a[2]
            else:
                yield from expand(groups[word], state)
    for line in text.splitlines():
        if line.startswith("SK_CASE_STEP("): yield from expand(line, "")
        elif re.match(r"(%s)\(" % "|".join(groups), line): yield from expand(groups[line.split("(")[0]], line.split("(")[1].split(")")[0])


def case_rows(root, macro):
    return [a for m, a, _ in rows(root, "src/centre/case/state.def") if m == macro]


def case_drawing(root):
    """Mermaid: one arrow for each pair of states, with the events that lead there; events that stay are left to the table."""
    events, states = {a[0]: a[1] for a in case_rows(root, "SK_CASE_EVENT")}, {a[0]: a[1] or "[*]" for a in case_rows(root, "SK_CASE_STATE")}
    arrows = {}
    for start, event, end in case_steps(root):
        if start != end:
            arrows.setdefault((start, end), []).append(events[event])
    out = ["```mermaid", "stateDiagram-v2"] + [f"    {states[a]} --> {states[b]}: {', '.join(words)}" for (a, b), words in arrows.items()]
    return out + [f"    {a[1]} --> [*]" for a in case_rows(root, "SK_CASE_STATE") if a[2] == "true"] + ["```"]


def case_state_table(root):
    return ["| state | what it means |", "|---|---|"] + [f"| `{a[1]}` | {cell(a[3])} |" for a in case_rows(root, "SK_CASE_STATE") if a[1]]


def case_event_table(root):
    names, steps = {a[0]: a[1] or "(new)" for a in case_rows(root, "SK_CASE_STATE")}, list(case_steps(root))
    out = ["| step | duty | what it says | out of |", "|---|---|---|---|"]
    for symbol, name, duty, asked, prose in case_rows(root, "SK_CASE_EVENT"):
        starts = list(dict.fromkeys(names[s[0]] for s in steps if s[1] == symbol))
        out.append(f"| `{name}` | {'`' + duty + '`' if asked == 'true' else 'with `merge`'} | {cell(prose)} | {' '.join('`' + s + '`' for s in starts)} |")
    return out


def case_word_table(root):
    found = rows(root, "src/centre/case/words.def")
    out = ["| | word | what |", "|---|---|---|"]
    for m, a, _ in found:
        if m == "SK_CASE_KIND": out.append(f"| kind | `{a[1]}` | {cell(a[3])}, {cell(a[2])} |")
        if m == "SK_CASE_GRADE": out.append(f"| grade | `{a[1]}` | {cell(a[2])} |")
        if m == "SK_CASE_LINK": out.append(f"| link | `{a[1]}` | brings grade {a[2]} |")
        if m == "SK_CASE_NORM": out.append(f"| norm | `{a[1]}` | {cell(a[2])} |")
        if m == "SK_CASE_AUDIENCE": out.append(f"| bundle for | `{a[1]}` | at most {a[2]} |")
    return out


TABLES = {
    "docs/reports.md": {"drawing": report_drawing, "fields": report_fields, "triggers": report_triggers, "viewers": report_viewers},
    "docs/access.md": {"lease": lease_drawing, "organisations": org_table, "roles": role_table},
    "docs/bases.md": {"drawing": stage_drawing, "stages": stage_table, "acts": stage_event_table},
    "docs/cases.md": {"drawing": case_drawing, "states": case_state_table, "steps": case_event_table, "words": case_word_table},
    "docs/policy.md": {"keys": law_table},
    "verify/go/tables.go": {"go_tables": go_tables},
    "man/sekisho.conf.5": {"keys": conf_manual},
    "docs/service.md": {"figures": metric_table, "health": health_table, "events": event_table, "walls": wall_table},
    "docs/orders.md": {"order_drawing": order_drawing, "order_states": order_state_table, "order_events": order_event_table},
}
