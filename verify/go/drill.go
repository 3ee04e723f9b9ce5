// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// drill is the note of an oversight drill (docs/drill.md). What it says of the ledger is worked out again from the ledger; what it says of searches nobody can.
type drill struct {
	path string
	record
	intervals     uint64
	classes, gate map[string]tally // published between its two sizes
}

func (d *drill) refuse(field, expected string) error {
	return fmt.Errorf("%s: %s: %s", d.path, field, expected)
}

// readDrill reads the note and checks its signature: by the key that it names, which must be the pinned one if there is one.
func readDrill(path, pinned string) (*drill, error) {
	text, err := readOrUnreadable(path)
	if err != nil {
		return nil, err
	}
	body, err := unverifiedBody(text)
	if err != nil {
		return nil, fmt.Errorf("%s: expected a signed note: text, empty line, signatures", path)
	}
	r, err := parseRecord([]byte(strings.TrimSuffix(body, "\n")))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d := &drill{path: path, record: r, classes: map[string]tally{}, gate: map[string]tally{}}
	if r.kind != "drill" {
		return nil, d.refuse("kind", "expected drill, found "+r.kind)
	}
	key := r.text("key")
	if pinned != "" {
		want, err := keyOf("--drill-key", pinned)
		if err != nil {
			return nil, err
		}
		if want != key {
			return nil, d.refuse("key", fmt.Sprintf("expected the pinned key %s, found %s", want, key))
		}
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, d.refuse("key", "expected a verifier key")
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil || opened.Text != body {
		return nil, d.refuse("signature", "not by the key "+verifier.Name()+" that it names")
	}
	return d, nil
}

// leaf sees each record of the ledger in its turn, and adds up the intervals that the drill is about.
func (d *drill) leaf(index uint64, r record) error {
	if r.kind != "interval" || index < d.count("before_size") || index >= d.count("after_size") || r.text("link") != d.text("link") {
		return nil
	}
	if r.count("number") != d.count("first")+d.intervals {
		return d.refuse("first", "not the first interval of this link between the two sizes")
	}
	d.intervals++
	for _, c := range r.cells("classes") {
		d.classes[c.name] = d.classes[c.name].add(c.tally)
	}
	for _, c := range r.cells("gate_erased") {
		d.gate[c.name] = d.gate[c.name].add(c.tally)
	}
	return nil
}

func named(cells []cell) map[string]tally {
	all := map[string]tally{}
	for _, c := range cells {
		all[c.name] = c.tally
	}
	return all
}

// follows: moved + before = published + after, and what is held back is less than k.
func (d *drill) follows(field string, published map[string]tally, k wide) error {
	moved, before, after := named(d.cells(field+"_moved")), named(d.cells(field+"_before")), named(d.cells(field+"_after"))
	for _, all := range []map[string]tally{moved, before, after, published} {
		for name := range all {
			if !before[name].frames.less(k) || !after[name].frames.less(k) || moved[name].add(before[name]) != published[name].add(after[name]) {
				return d.refuse(field+"_moved", "not what the intervals of this ledger published, with what was held back")
			}
		}
	}
	return nil
}

// claims: exact and passed follow from what was sent, counted and found.
func (d *drill) claims() error {
	exact, enough := true, true
	sent := map[string]wide{}
	for _, field := range []string{"classes", "gate"} {
		moved := named(d.cells(field + "_moved"))
		for _, c := range d.cells(field + "_sent") {
			m := moved[c.name]
			sent[field] = sent[field].add(c.frames)
			exact = exact && m == c.tally
			enough = enough && !m.frames.less(c.frames) && !m.bytes.less(c.bytes)
		}
	}
	if sent["classes"] == (wide{}) || sent["classes"].less(sent["gate"]) {
		return d.refuse("classes_sent", "no frame, or fewer than were to be erased")
	}
	if d.yes("exact") != exact {
		return d.refuse("exact", "does not follow from what was sent and what moved")
	}
	if d.yes("passed") && (!enough || d.found() != (wide{}) || d.count("files") == 0 || d.count("memory_bytes") == 0) {
		return d.refuse("passed", "does not follow: frames are missing, marks were found, or nothing was searched")
	}
	return nil
}

func (d *drill) found() wide {
	return wideOf(d.count("found_files")).add(wideOf(d.count("found_memory"))).add(wideOf(d.count("found_rows")))
}

// check judges the note when the whole ledger has been seen.
func (d *drill) check(head checkpoint, leaves []hash, k uint64) error {
	before, after := d.count("before_size"), d.count("after_size")
	switch {
	case d.text("origin") != head.origin:
		return d.refuse("origin", "of another ledger")
	case before > after:
		return d.refuse("after_size", "before it began")
	}
	for _, when := range []string{"before", "after"} {
		size := d.count(when + "_size")
		if size == 0 || size > head.size {
			return d.refuse(when+"_root", "not a size that this ledger ever had")
		}
		if root := treeRoot(leaves[:size]); hex.EncodeToString(root[:]) != d.text(when+"_root") {
			return d.refuse(when+"_root", "the first entries of this ledger have another root")
		}
	}
	if d.intervals == 0 || d.count("last") != d.count("first")+d.intervals-1 {
		return d.refuse("last", "not the last interval of this link between the two sizes")
	}
	if err := d.follows("classes", d.classes, wideOf(k)); err != nil {
		return err
	}
	if err := d.follows("gate", d.gate, wideOf(k)); err != nil {
		return err
	}
	return d.claims()
}

func (d *drill) print() {
	verdict, besides := "NOT PASSED", ", with other frames besides"
	if d.yes("passed") {
		verdict = "PASSED"
	}
	if d.yes("exact") {
		besides = ", exactly"
	}
	at := func(field string) string { return time.Unix(0, d.time(field)).UTC().Format(time.RFC3339) }
	fmt.Printf("  drill      link %s, %s to %s: %s; its counts are those of intervals %d to %d of this ledger%s; marks found: %v (its signer's word)\n", d.text("link"), at("from_ns"), at("to_ns"), verdict,
		d.count("first"), d.count("last"), besides, d.found())
}
