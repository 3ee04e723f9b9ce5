// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"net"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// The fields of each kind with the shape of their values (docs/formats/ledger.md).
var shapes = map[string]map[string]string{
	"open": {"created_ns": "time", "format": "format", "k": "k", "key": "word", "kind": "word", "origin": "word", "profile": "word", "role": "word", "simulated": "bool",
		"v": "version"},
	"policy": {"digest": "hash", "kind": "word", "v": "version", "version": "word"},
	"border": {"built_ns": "time", "digest": "hash", "home": "word?", "kind": "word", "overrides_special": "bool", "v": "version"},
	"basis": {"basis_kind": "word", "classes": "classes", "digest": "hash", "exact_set": "hash?", "from_ns": "time", "id_commitment": "hash", "kind": "word", "names": "bool",
		"profile": "word", "role": "word", "rule_kinds": "selectors", "rule_max_entries": "count", "rule_min_prefix_v4": "bits32", "rule_min_prefix_v6": "bits128",
		"self_approved": "bool", "simulated": "bool", "until_ns": "time", "v": "version"},
	"selectors": {"basis": "count", "commitment": "hash", "entries": "count", "exact_set_met": "bool", "kind": "word", "kinds": "selectors", "shortest_v4": "bits32",
		"shortest_v6": "bits128", "v": "version"},
	"run_start": {"basis": "count", "border": "count", "kind": "word", "policy": "count", "program": "word", "replayed": "bool", "run": "id", "selectors": "count",
		"started_ns": "time", "v": "version"},
	"interval": {"basis": "count", "border": "count", "capture_lost": "losses", "carried_after": "tally", "carried_before": "tally", "classes": "classcells",
		"classes_carried_after": "tally", "classes_carried_before": "tally", "findings": "count", "from_ns": "time", "gate_erased": "cells", "kind": "word", "link": "link",
		"lost_in_crash": "count", "number": "count", "observations": "count", "pending_after": "tally", "pending_before": "tally", "policy": "count", "received": "tally",
		"run": "count", "segments": "count", "select_erased": "cells", "selected": "tally", "selectors": "count", "store": "hash", "to_ns": "time", "upstream_lost": "count",
		"v": "version2"},
	"run_stop":    {"intervals": "count", "kind": "word", "reason": "word", "run": "count", "stopped_ns": "time", "v": "version"},
	"recovery":    {"bytes_lost": "count", "frames_lost": "count", "kind": "word", "recovered_ns": "time", "rows_rolled_back": "count", "run": "count", "v": "version"},
	"kernel_gate": {"copying": "word", "kind": "word", "link": "link", "mode": "word", "program": "hash", "run": "count", "stated_ns": "time", "table": "hash", "v": "version"},
	"drill": {"after_root": "hash", "after_size": "count", "before_root": "hash", "before_size": "count", "classes_after": "classcells", "classes_before": "classcells",
		"classes_moved": "classcells", "classes_sent": "classcells", "exact": "bool", "file_bytes": "count", "files": "count", "first": "count", "found_files": "count",
		"found_memory": "count", "found_rows": "count", "from_ns": "time", "gate_after": "cells", "gate_before": "cells", "gate_moved": "cells", "gate_sent": "cells", "key": "word",
		"kind": "word", "last": "count", "link": "link", "memory_bytes": "count", "memory_unread": "count", "origin": "word", "passed": "bool", "rows": "count", "seed": "hash",
		"to_ns": "time", "v": "version"},
	"detectors": {"basis": "count", "digest": "hash", "kind": "word", "long": "words", "short": "words", "v": "version"},
	"act": {"counts": "counts", "document": "hash", "event": "word", "from": "word?", "kind": "word", "matter": "word", "policy": "hash", "previous": "count", "subject": "hash",
		"time_ns": "time", "to": "word?", "v": "version", "words": "words"},
	"counts": {"active": "count", "commitment": "hash", "kind": "word", "stated_ns": "time", "v": "version"},
	"mutes":  {"active": "count", "commitment": "hash", "kind": "word", "stated_ns": "time", "v": "version"},
}

// exportShapes are the fields of an interval's section of flow exports. rule: EXPORT-4
var exportShapes = map[string]string{"carried_after": "count", "carried_before": "count", "classes": "classcounts", "classes_carried_after": "count",
	"classes_carried_before": "count", "gate_erased": "counts", "lost_messages": "count", "lost_records": "count", "malformed": "count", "messages": "count",
	"no_template": "count", "received": "count", "samples": "count", "select_erased": "counts", "selected": "count"}

// laterShapes are fields that an interval of version 2 may be without.
var laterShapes = map[string]string{"countries": "countries", "events_lost": "positive", "exports": "exports"}

// countryShapes are the fields of an interval's section of counterpart countries. rule: COUNTRY-1
var countryShapes = map[string]string{"carried_after": "tally", "carried_before": "tally", "cells": "hostcells", "few": "tally", "settled": "tally", "unnamed": "tally"}

// shapesOf gives the fields of a record by its kind, of an interval with those of the later ones that are there.
func shapesOf(kind string, whole value) (map[string]string, bool) {
	fields, known := shapes[kind]
	version, _ := whole.member("v")
	if kind != "interval" || version.form != '0' || version.integer != 2 {
		return fields, known
	}
	copied := false
	for key, shape := range laterShapes {
		if _, there := whole.member(key); !there {
			continue
		}
		if !copied {
			second := map[string]string{}
			for k, s := range fields {
				second[k] = s
			}
			fields, copied = second, true
		}
		fields[key] = shape
	}
	return fields, true
}

var (
	classNames    = []string{"FF", "FD", "DF", "DD", "UNKNOWN"}
	selectorNames = []string{"address", "prefix", "domain", "ja3", "ja4", "flow.all", "url", "hassh", "hassh_server", "ja3s", "cert_sha1", "cert_sha256", "command"}
)

// Lengths of texts that are not 63 at most.
var longest = map[string]int{"key": 207, "origin": 127}

type record struct {
	kind string
	value
}

// wide is a count of 128 bits, so that no sum of counts can wrap.
type wide struct{ high, low uint64 }

func wideOf(n uint64) wide { return wide{0, n} }

func (w wide) add(o wide) wide {
	low, carry := bits.Add64(w.low, o.low, 0)
	return wide{w.high + o.high + carry, low}
}

func (w wide) less(o wide) bool { return w.high < o.high || (w.high == o.high && w.low < o.low) }

func (w wide) fits64() bool { return w.high == 0 }

func (w wide) String() string {
	return new(big.Int).Add(new(big.Int).Lsh(new(big.Int).SetUint64(w.high), 64), new(big.Int).SetUint64(w.low)).String()
}

// tally is frames and bytes.
type tally struct{ frames, bytes wide }

func (t tally) add(others ...tally) tally {
	for _, o := range others {
		t.frames, t.bytes = t.frames.add(o.frames), t.bytes.add(o.bytes)
	}
	return t
}

func (t tally) String() string { return fmt.Sprintf("%v frames, %v bytes", t.frames, t.bytes) }

// allOf tells whether a text has one of the lengths and only bytes that are allowed.
func allOf(text string, least, most int, allowed func(c byte) bool) bool {
	for i := 0; i < len(text); i++ {
		if !allowed(text[i]) {
			return false
		}
	}
	return len(text) >= least && len(text) <= most
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isHex(c byte) bool   { return isDigit(c) || (c >= 'a' && c <= 'f') }
func isCell(c byte) bool  { return isDigit(c) || isLower(c) || c == '_' || c == '.' }
func isLink(c byte) bool  { return isCell(c) || (c >= 'A' && c <= 'Z') || c == ':' || c == '-' }

// unsigned reads a number, or a decimal text from 2^53 to 2^64-1.
func unsigned(v value) (uint64, error) {
	if v.form == '0' && v.integer >= 0 {
		return uint64(v.integer), nil
	}
	if v.form == '"' {
		n, err := strconv.ParseUint(v.text, 10, 64)
		if err == nil && n >= uint64(firstUnsafe) && strconv.FormatUint(n, 10) == v.text {
			return n, nil
		}
	}
	return 0, errors.New("expected a whole number in canonical form")
}

func signed(v value) (int64, error) {
	if v.form == '0' {
		return v.integer, nil
	}
	if v.form == '"' {
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err == nil && (n >= firstUnsafe || n <= -firstUnsafe) && strconv.FormatInt(n, 10) == v.text {
			return n, nil
		}
	}
	return 0, errors.New("expected an integer in canonical form")
}

// isTally tells a tally from cells, of which one may be called "bytes" too: a number follows.
func isTally(v value) bool {
	return v.form == '{' && len(v.keys) > 0 && v.keys[0] == "bytes" && v.children[0].form != '{'
}

func checkTally(v value, positive bool) error {
	if v.form != '{' || len(v.keys) != 2 || v.keys[0] != "bytes" || v.keys[1] != "frames" {
		return errors.New("expected an object of bytes and frames")
	}
	if _, err := unsigned(v.children[0]); err != nil {
		return fmt.Errorf("bytes: %w", err)
	}
	frames, err := unsigned(v.children[1])
	if err != nil {
		return fmt.Errorf("frames: %w", err)
	}
	if positive && frames == 0 {
		return errors.New("expected only cells that hold frames")
	}
	return nil
}

func positive(v value) error {
	n, err := unsigned(v)
	if err == nil && n == 0 {
		return errors.New("expected only cells that hold records")
	}
	return err
}

func checkNames(v value, known []string) error {
	if v.form != '[' {
		return errors.New("expected an array of names")
	}
	next := 0
	for _, child := range v.children {
		for next < len(known) && (child.form != '"' || known[next] != child.text) {
			next++
		}
		if next == len(known) {
			return errors.New("expected known names in their order, each at most once")
		}
		next++
	}
	return nil
}

func checkShape(key, shape string, v value) error {
	limit := func(max uint64) error {
		n, err := unsigned(v)
		if err == nil && n > max {
			err = fmt.Errorf("expected at most %d, found %d", max, n)
		}
		return err
	}
	text := func(least, most int, allowed func(c byte) bool) error {
		if v.form != '"' || !allOf(v.text, least, most, allowed) {
			return fmt.Errorf("expected a text of %d to %d allowed characters", least, most)
		}
		return nil
	}
	switch shape {
	case "word", "word?":
		max := longest[key]
		if max == 0 {
			max = 63
		}
		if v.form != '"' || len(v.text) > max || (v.text == "" && shape == "word") || strings.Contains(v.text, " ") {
			return fmt.Errorf("expected a text without spaces of at most %d bytes", max)
		}
	case "format":
		if v.form != '"' || v.text != "sekisho-ledger/1" {
			return errors.New("expected sekisho-ledger/1")
		}
	case "version":
		if v.form != '0' || v.integer != 1 {
			return errors.New("expected version 1")
		}
	case "version2":
		// parseRecord has looked.
	case "losses":
		if isTally(v) {
			return checkTally(v, false)
		}
		return checkShape(key, "cells", v)
	case "exports":
		if v.form != '{' {
			return errors.New("expected an object")
		}
		return checkFields("section", exportShapes, v)
	case "countries":
		if v.form != '{' {
			return errors.New("expected an object")
		}
		return checkFields("section", countryShapes, v)
	case "hostcells":
		return checkHostCells(v)
	case "bool":
		if v.form != 't' {
			return errors.New("expected true or false")
		}
	case "time":
		_, err := signed(v)
		return err
	case "count":
		_, err := unsigned(v)
		return err
	case "positive":
		n, err := unsigned(v)
		if err == nil && n == 0 {
			err = errors.New("expected at least 1, or no such field")
		}
		return err
	case "k":
		return limit(1000000)
	case "bits32":
		return limit(32)
	case "bits128":
		return limit(128)
	case "hash":
		return text(64, 64, isHex)
	case "hash?":
		if v.form != 'n' {
			return text(64, 64, isHex)
		}
	case "id":
		return text(32, 32, isHex)
	case "link":
		if net.ParseIP(v.text) != nil {
			return errors.New("expected a label, found an address")
		}
		return text(1, 63, isLink)
	case "classes":
		return checkNames(v, classNames)
	case "selectors":
		return checkNames(v, selectorNames)
	case "words":
		if v.form != '[' || len(v.children) > 64 {
			return errors.New("expected an array of at most 64 names")
		}
		for i, child := range v.children {
			if child.form != '"' || !allOf(child.text, 1, 31, isCell) {
				return errors.New("expected names of 1 to 31 allowed characters")
			}
			if i > 0 && v.children[i-1].text >= child.text {
				return errors.New("expected names in ascending order, each once")
			}
		}
	case "tally":
		return checkTally(v, false)
	case "cells", "classcells", "counts", "classcounts":
		if v.form != '{' || len(v.keys) > 32 {
			return errors.New("expected an object of at most 32 cells")
		}
		for i, name := range v.keys {
			if strings.HasPrefix(shape, "class") && !strings.Contains(" FF FD DF DD UNKNOWN ", " "+name+" ") {
				return fmt.Errorf("unknown class %s", name)
			}
			if !strings.HasPrefix(shape, "class") && !allOf(name, 1, 31, isCell) {
				return fmt.Errorf("cell name %s is out of form", name)
			}
			check := func(cell value) error { return checkTally(cell, true) }
			if strings.HasSuffix(shape, "counts") {
				check = positive
			}
			if err := check(v.children[i]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// checkFields: exactly these fields, each in its shape.
func checkFields(name string, fields map[string]string, v value) error {
	for i, key := range v.keys {
		shape, known := fields[key]
		if !known {
			return fmt.Errorf("%s: unknown field %s", name, key)
		}
		if err := checkShape(key, shape, v.children[i]); err != nil {
			return fmt.Errorf("%s, field %s: %w", name, key, err)
		}
	}
	if len(v.keys) != len(fields) {
		var missing []string
		for key := range fields {
			if _, there := v.member(key); !there {
				missing = append(missing, key)
			}
		}
		sort.Strings(missing)
		return fmt.Errorf("%s: field %s is missing", name, strings.Join(missing, ", "))
	}
	return nil
}

func parseRecord(entry []byte) (record, error) {
	v, err := parseCanonical(entry)
	if err != nil {
		return record{}, err
	}
	kind, _ := v.member("kind")
	fields, known := shapesOf(kind.text, v)
	if kind.form != '"' || !known {
		return record{}, fmt.Errorf("field kind: expected a known kind, found %q", kind.text)
	}
	if err := checkFields(kind.text+" record", fields, v); err != nil {
		return record{}, err
	}
	if kind.text == "interval" {
		version, _ := v.member("v")
		lost, _ := v.member("capture_lost")
		if version.form != '0' || (version.integer != 1 && version.integer != 2) {
			return record{}, errors.New("interval record, field v: expected version 1 or 2")
		}
		if isTally(lost) != (version.integer == 1) {
			return record{}, fmt.Errorf("interval record, field v: version %d, but capture_lost has the form of the other", version.integer)
		}
	}
	// A copy of the kind: the text is part of the whole record, which must not stay in memory for each leaf.
	return record{strings.Clone(kind.text), v}, nil
}

// Accessors for fields whose shape parseRecord has checked.
func (r record) text(key string) string { v, _ := r.member(key); return v.text }
func (r record) yes(key string) bool    { v, _ := r.member(key); return v.yes }
func (r record) count(key string) uint64 {
	v, _ := r.member(key)
	n, _ := unsigned(v)
	return n
}
func (r record) time(key string) int64 {
	v, _ := r.member(key)
	n, _ := signed(v)
	return n
}
func (r record) names(key string) map[string]bool {
	v, _ := r.member(key)
	set := map[string]bool{}
	for _, child := range v.children {
		set[child.text] = true
	}
	return set
}

func tallyOf(v value) tally {
	b, _ := unsigned(v.children[0])
	f, _ := unsigned(v.children[1])
	return tally{wideOf(f), wideOf(b)}
}

func (r record) tally(key string) tally { v, _ := r.member(key); return tallyOf(v) }

// cell is a named tally; cells keeps them in the order of the record.
type cell struct {
	name string
	tally
}

func (r record) cells(key string) []cell {
	v, _ := r.member(key)
	cells := make([]cell, len(v.keys))
	for i, name := range v.keys {
		cells[i] = cell{name, tallyOf(v.children[i])}
	}
	return cells
}

// losses are what was lost by where it happened; of version 1 the one sum, without a name.
func (r record) losses() []cell {
	v, _ := r.member("capture_lost")
	if isTally(v) {
		return []cell{{"", tallyOf(v)}}
	}
	return r.cells("capture_lost")
}

// country is what was carried from or to one country, and how many hosts abroad were seen, as an estimate.
type country struct {
	cell
	hosts wide
}

func (r record) countries(key string) []country {
	v, _ := r.member(key)
	all := make([]country, len(v.keys))
	for i, code := range v.keys {
		n, _ := v.children[i].member("hosts")
		hosts, _ := unsigned(n)
		all[i] = country{cell{code, tallyOf(v.children[i])}, wideOf(hosts)}
	}
	return all
}

func checkHostCells(v value) error {
	if v.form != '{' || len(v.keys) > 256 {
		return errors.New("expected an object of at most 256 countries")
	}
	letter := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	for i, code := range v.keys {
		if !allOf(code, 2, 2, letter) {
			return fmt.Errorf("country %s is out of form", code)
		}
		if err := checkFields("section", map[string]string{"bytes": "count", "frames": "positive", "hosts": "count"}, v.children[i]); err != nil {
			return fmt.Errorf("%s: %w", code, err)
		}
	}
	return nil
}

// section is a record inside a record; there is false where this version has none.
func (r record) section(key string) (record, bool) {
	v, there := r.member(key)
	return record{key, v}, there
}

// counts are cells without bytes: records of flow exports.
func (r record) counts(key string) []cell {
	v, _ := r.member(key)
	cells := make([]cell, len(v.keys))
	for i, name := range v.keys {
		n, _ := unsigned(v.children[i])
		cells[i] = cell{name, tally{frames: wideOf(n)}}
	}
	return cells
}

func (r record) records(key string) tally { return tally{frames: wideOf(r.count(key))} }

func sumOf(cells []cell) tally {
	var sum tally
	for _, c := range cells {
		sum = sum.add(c.tally)
	}
	return sum
}

func validKey(vkey, origin string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	if verifier.Name() != origin {
		return errors.New("expected the origin as the key's name, found another name")
	}
	return nil
}
