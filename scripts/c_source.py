# SPDX-License-Identifier: Apache-2.0
"""What the lints share: the tree's C files, and a file's text without comments or string contents, line numbers kept."""
import os, re, sys

TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def root_of(arguments):
    """The tree to look at: the first argument, else the one this script lies in."""
    return os.path.abspath(arguments[1] if len(arguments) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def files(root, folders, endings=(".c", ".h", ".def")):
    """Paths below the folders, relative to root, sorted."""
    found = []
    for folder in folders:
        for place, _, names in os.walk(os.path.join(root, folder)):
            found += [os.path.relpath(os.path.join(place, name), root) for name in names if name.endswith(endings)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as source:
        return source.read()


def blank(text, comments=True, strings=True):
    """Comments (and the insides of strings) as blanks; every line keeps its number."""
    def replace(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token) if comments else token
        return token[0] + " " * (len(token) - 2) + token[-1] if strings else token
    return TOKEN.sub(replace, text)


def finish(name, checked, findings):
    """Print the findings, one a line, and leave with 0 or 1."""
    for line in findings:
        print(line, file=sys.stderr)
    print(f"{name}: {checked}, {len(findings)} findings")
    sys.exit(1 if findings else 0)
