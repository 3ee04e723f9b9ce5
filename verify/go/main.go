// SPDX-License-Identifier: Apache-2.0

// sekisho-verify-go is the second verifier of Sekisho ledgers: written in another language, from docs/formats/ledger.md, sharing no line with the first.
// The signature is checked by golang.org/x/mod/sumdb/note. The tree is recomputed here from the entries, every tile of every level: the tile reader of
// x/mod's tlog package is not used, for old versions accept a wrong hash that lies off the path of a proof (CVE-2026-56865).
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	exitVerified   = 0
	exitRefused    = 1
	exitUsage      = 2
	exitUnreadable = 3
)

const usage = `usage: sekisho-verify-go [--key VKEY|FILE] [--old CHECKPOINT] [--openings FILE [--enforcer VKEY|FILE]] [--drill NOTE [--drill-key VKEY|FILE]] [--json] LEDGERDIR

The second, independent verifier of Sekisho ledgers.
exit: 0 verified, 1 refused (one line says what and where), 2 wrong call, 3 unreadable
`

// unreadable marks errors of the machine: they are no verdict.
type unreadable struct{ error }

// usageError marks a wrong call.
type usageError struct{ error }

type checkpoint struct {
	origin string
	size   uint64
	root   hash
}

func parseCheckpoint(body string) (checkpoint, error) {
	var c checkpoint
	lines := strings.Split(body, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return c, errors.New("checkpoint: expected the three lines origin, size, root and nothing else")
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return c, errors.New("checkpoint: line 2: expected the tree size in decimal")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(c.root) {
		return c, errors.New("checkpoint: line 3: expected the root as base64 of 32 bytes")
	}
	if lines[0] == "" {
		return c, errors.New("checkpoint: line 1: expected an origin")
	}
	c.origin, c.size = lines[0], size
	copy(c.root[:], root)
	return c, nil
}

// readRegular reads a regular file; a FIFO or a folder in its place is as good as missing.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func readOrUnreadable(path string) ([]byte, error) {
	content, err := readRegular(path)
	if err != nil {
		return nil, unreadable{fmt.Errorf("%s: %w", path, err)}
	}
	return content, nil
}

// openNote checks the note's signature by the key and returns its checkpoint.
func openNote(text []byte, vkey string, where string) (checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return checkpoint{}, fmt.Errorf("leaf 0 (open): key: %v", err)
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, fmt.Errorf("%s: signature: %v", where, err)
	}
	return parseCheckpoint(opened.Text)
}

// unverifiedBody cuts the body off a note, to learn the size before the key is known.
func unverifiedBody(text []byte) (string, error) {
	cut := bytes.LastIndex(text, []byte("\n\n"))
	if cut < 0 {
		return "", errors.New("checkpoint: expected a signed note: text, empty line, signatures")
	}
	return string(text[:cut+1]), nil
}

// keyOf is the verifier key that an option names: itself, or the first line of a file.
func keyOf(option, argument string) (string, error) {
	if _, err := note.NewVerifier(argument); err == nil {
		return argument, nil
	}
	content, err := readOrUnreadable(argument)
	if err != nil {
		return "", err
	}
	key := strings.TrimRight(strings.SplitN(string(content), "\n", 2)[0], "\r")
	if _, err := note.NewVerifier(key); err != nil {
		return "", usageError{fmt.Errorf("%s: expected a verifier key or a file that holds one: %v", option, err)}
	}
	return key, nil
}

type options struct {
	folder, key, old, openings, enforcer, drill, drillKey string
	json                                                  bool
}

type result struct {
	head   checkpoint
	key    string
	state  *state
	opened *opened
}

func verify(o options) (*result, error) {
	text, err := readOrUnreadable(filepath.Join(o.folder, "checkpoint"))
	if err != nil {
		return nil, err
	}
	body, err := unverifiedBody(text)
	if err != nil {
		return nil, err
	}
	claimed, err := parseCheckpoint(body)
	if err != nil {
		return nil, err
	}
	if claimed.size == 0 {
		return nil, errors.New("checkpoint: line 2: the log is empty (size 0); there is nothing that it proves")
	}
	first, err := firstEntry(o.folder, claimed.size)
	if err != nil {
		return nil, err
	}
	opening, err := parseRecord(first)
	if err != nil {
		return nil, fmt.Errorf("leaf 0: %w", err)
	}
	if opening.kind != "open" {
		return nil, fmt.Errorf("leaf 0 (%s): kind: expected open as leaf 0", opening.kind)
	}
	key := opening.text("key")
	if o.key != "" {
		pinned, err := keyOf("--key", o.key)
		if err != nil {
			return nil, err
		}
		if pinned != key {
			return nil, fmt.Errorf("leaf 0 (open): key: expected the pinned key %s, found %s", pinned, key)
		}
	}
	head, err := openNote(text, key, "checkpoint")
	if err != nil {
		return nil, err
	}
	if head != claimed {
		return nil, errors.New("checkpoint: the signed text is not the text at its head")
	}
	if head.origin != opening.text("origin") {
		return nil, fmt.Errorf("checkpoint: line 1: expected the origin %s of leaf 0, found %s", opening.text("origin"), head.origin)
	}
	s := newState()
	if o.drill != "" {
		if s.drill, err = readDrill(o.drill, o.drillKey); err != nil {
			return nil, err
		}
	}
	leaves, err := checkTree(o.folder, head, s.leaf)
	if err != nil {
		return nil, err
	}
	if o.old != "" {
		if err := checkOld(o.old, key, head, leaves); err != nil {
			return nil, err
		}
	}
	if s.drill != nil {
		if err := s.drill.check(head, leaves, opening.count("k")); err != nil {
			return nil, err
		}
	}
	var o2 *opened
	if o.openings != "" {
		if o2, err = checkOpenings(o.openings, s, key, o.enforcer); err != nil {
			return nil, err
		}
	}
	return &result{head, key, s, o2}, nil
}

func checkOld(path, key string, head checkpoint, leaves []hash) error {
	text, err := readOrUnreadable(path)
	if err != nil {
		return err
	}
	old, err := openNote(text, key, path)
	if err != nil {
		return err
	}
	if old.origin != head.origin {
		return fmt.Errorf("%s: line 1: expected the origin %s, found %s", path, head.origin, old.origin)
	}
	if old.size > head.size {
		return fmt.Errorf("the log was rolled back: an older checkpoint has %d entries, this one %d", old.size, head.size)
	}
	if root := treeRoot(leaves[:old.size]); root != old.root {
		return fmt.Errorf("the log was forked: its first %d entries are not those of the older checkpoint", old.size)
	}
	return nil
}

func parseArguments(arguments []string) (options, error) {
	var o options
	for i := 0; i < len(arguments); i++ {
		name, value, inline := strings.Cut(arguments[i], "=")
		target := map[string]*string{"--key": &o.key, "--old": &o.old, "--openings": &o.openings, "--enforcer": &o.enforcer, "--drill": &o.drill, "--drill-key": &o.drillKey}[name]
		switch {
		case target != nil && inline:
			*target = value
		case target != nil && i+1 < len(arguments):
			i++
			*target = arguments[i]
		case arguments[i] == "--json":
			o.json = true
		case strings.HasPrefix(arguments[i], "-") || o.folder != "":
			return o, usageError{fmt.Errorf("unexpected argument %q", arguments[i])}
		default:
			o.folder = arguments[i]
		}
	}
	if o.folder == "" {
		return o, usageError{errors.New("a ledger folder is missing")}
	}
	if o.enforcer != "" && o.openings == "" {
		return o, usageError{errors.New("--enforcer goes with --openings")}
	}
	if o.drillKey != "" && o.drill == "" {
		return o, usageError{errors.New("--drill-key goes with --drill")}
	}
	return o, nil
}

func exitCode(err error) int {
	var machine unreadable
	var call usageError
	switch {
	case err == nil:
		return exitVerified
	case errors.As(err, &machine):
		return exitUnreadable
	case errors.As(err, &call):
		return exitUsage
	}
	return exitRefused
}

func printResult(o options, r *result, err error) {
	code := exitCode(err)
	if o.json {
		out := map[string]interface{}{"verified": code == exitVerified, "exit": code}
		if err != nil {
			out["reason"] = err.Error()
		} else {
			out["origin"], out["size"], out["key"], out["key_pinned"] = r.head.origin, r.head.size, r.key, o.key != ""
			out["root"] = base64.StdEncoding.EncodeToString(r.head.root[:])
			if d := r.state.drill; d != nil {
				out["drill"] = map[string]interface{}{"passed": d.yes("passed"), "exact": d.yes("exact"), "found": json.Number(d.found().String()), "key": d.text("key")}
			}
		}
		encoded, _ := json.Marshal(out)
		fmt.Println(string(encoded))
		return
	}
	if err != nil {
		word := "REFUSED"
		if code != exitRefused {
			word = "NOT VERIFIED"
		}
		fmt.Printf("%s: %s\n  %v\n", word, o.folder, err)
		return
	}
	trust := "the one that you gave"
	if o.key == "" {
		trust = "taken from the ledger itself on first use: compare it with one from another source, --key"
	}
	fmt.Printf("VERIFIED (second verifier): %s\n  origin     %s\n  records    %d\n  root       %s\n  key        %s (%s)\n", o.folder, r.head.origin, r.head.size,
		base64.StdEncoding.EncodeToString(r.head.root[:]), r.key, trust)
	if r.state.drill != nil {
		r.state.drill.print()
	}
	r.state.print()
	if r.opened != nil {
		r.opened.print()
	}
}

func main() {
	for _, argument := range os.Args[1:] {
		if argument == "--help" || argument == "-h" {
			fmt.Print(usage)
			os.Exit(exitVerified)
		}
	}
	debug.SetGCPercent(400) // records are short-lived: collect less often
	o, err := parseArguments(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "sekisho-verify-go: %v\n%s", err, usage)
		os.Exit(exitUsage)
	}
	r, err := verify(o)
	printResult(o, r, err)
	os.Exit(exitCode(err))
}
