// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

const (
	second       = int64(1000000000)
	stopGrace    = 10 * second
	jp2025FromNs = 1826841600 * second
)

// Which kinds of basis a profile may use, and the classes that each kind may keep.
var lawful = map[string]map[string]string{
	"own-network": {"own_network": "FD DF"},
	"lab":         {"lab": "FF FD DF", "agreement": "FD", "ff": "FF", "fd": "FD", "df": "DF"}, // all of it simulated, and marked
	"jp-2025":     {"agreement": "FD", "ff": "FF", "fd": "FD", "df": "DF"},
}

var stopReasons = map[string]bool{"finished": true, "interrupted": true, "damaged_input": true, "basis_expired": true, "basis_suspended": true, "ledger_outage": true, "host_error": true, "refused": true}

type link struct {
	next                             uint64
	pending, carried, classesCarried tally
	admitted, eligible               tally
	lost                             wide
	classes                          map[string]bool
	exports                          exportLink
	countries                        countryLink
}

// countryLink is what the countries of a link add up to, since the interval that had such a section first, or again.
type countryLink struct {
	running                              bool
	carried, settled, fates, heldAtFirst tally
}

// exportLink is the same of the records of flow exports, of which nothing is ever pending.
type exportLink struct {
	carried, classesCarried, admitted, eligible tally
	classes                                     map[string]bool
}

type state struct {
	kinds     []string
	kept      map[uint64]record // records that others refer to
	followed  map[uint64]bool   // acts that another act goes on from
	opening   record
	links     map[string]*link
	running   bool
	run       record
	runIndex  uint64
	runBasis  uint64
	intervals uint64
	totals    map[string]tally
	exported  map[string]tally // records of flow exports
	events    wide             // of detectors, that were lost
	drill     *drill           // nil: none is asked about
	perKind   map[string]uint64
}

func newState() *state {
	return &state{kept: map[uint64]record{}, followed: map[uint64]bool{}, links: map[string]*link{}, totals: map[string]tally{}, exported: map[string]tally{}, perKind: map[string]uint64{}}
}

func (s *state) leaf(index uint64, entry []byte) error {
	r, err := parseRecord(entry)
	if err != nil {
		return fmt.Errorf("leaf %d: %w", index, err)
	}
	if err := s.record(index, r); err != nil {
		return fmt.Errorf("leaf %d (%s): %w", index, r.kind, err)
	}
	s.kinds = append(s.kinds, r.kind)
	s.perKind[r.kind]++
	if s.drill != nil {
		return s.drill.leaf(index, r)
	}
	return nil
}

func (s *state) record(index uint64, r record) error {
	if (index == 0) != (r.kind == "open") {
		return fmt.Errorf("kind: expected open as leaf 0 and only there")
	}
	switch r.kind {
	case "open":
		s.opening = r
		return s.open(r)
	case "policy", "border":
		s.kept[index] = r
	case "basis":
		s.kept[index] = r
		return s.basis(r)
	case "selectors":
		s.kept[index] = r
		return s.selectors(r)
	case "detectors":
		return s.detectors(index, r)
	case "run_start":
		return s.runStart(index, r)
	case "interval":
		return s.interval(r)
	case "run_stop":
		return s.runStop(r)
	case "recovery":
		return s.recovery(r)
	case "kernel_gate":
		return s.kernelGate(r)
	case "act":
		s.kept[index] = r
		return s.act(r)
	case "drill":
		return fmt.Errorf("kind: a drill is a signed note, not a record of a ledger")
	}
	return nil
}

func (s *state) refer(r record, field, kind string) (record, error) {
	index := r.count(field)
	if index >= uint64(len(s.kinds)) {
		return record{}, fmt.Errorf("%s: expected an earlier leaf, found %d", field, index)
	}
	if s.kinds[index] != kind {
		return record{}, fmt.Errorf("%s: expected a leaf of kind %s, found leaf %d of kind %s", field, kind, index, s.kinds[index])
	}
	return s.kept[index], nil
}

func (s *state) open(r record) error {
	if err := validKey(r.text("key"), r.text("origin")); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if strings.HasSuffix(r.text("origin"), "/") {
		return fmt.Errorf("origin: expected no slash at the end")
	}
	if r.count("k") < 1 {
		return fmt.Errorf("k: expected at least 1")
	}
	if lawful[r.text("profile")] == nil {
		return fmt.Errorf("profile: %s is not known", r.text("profile"))
	}
	switch role := r.text("role"); {
	case role == "party" || role == "carrier":
	case role == "none" && r.text("profile") != "own-network":
	default:
		return fmt.Errorf("role: %s is not a role of profile %s", role, r.text("profile"))
	}
	if r.yes("simulated") != (r.text("profile") == "lab") {
		return fmt.Errorf("simulated: lab is simulated, the other profiles are not")
	}
	return nil
}

func mayLookWide(basis record) bool {
	return basis.text("basis_kind") == "lab" || (basis.text("basis_kind") == "own_network" && basis.text("role") == "party")
}

func (s *state) basis(r record) error {
	for _, field := range []string{"profile", "role"} {
		if r.text(field) != s.opening.text(field) {
			return fmt.Errorf("%s: expected %s as in leaf 0, found %s", field, s.opening.text(field), r.text(field))
		}
	}
	if r.yes("simulated") != s.opening.yes("simulated") {
		return fmt.Errorf("simulated: expected as in leaf 0")
	}
	classes, known := lawful[r.text("profile")][r.text("basis_kind")]
	if !known {
		return fmt.Errorf("basis_kind: profile %s may not use %s", r.text("profile"), r.text("basis_kind"))
	}
	if len(r.names("classes")) == 0 {
		return fmt.Errorf("classes: expected at least one class")
	}
	for class := range r.names("classes") {
		if !strings.Contains(" "+classes+" ", " "+class+" ") {
			return fmt.Errorf("classes: %s is not eligible under a basis of kind %s", class, r.text("basis_kind"))
		}
	}
	if r.time("from_ns") >= r.time("until_ns") {
		return fmt.Errorf("until_ns: expected later than from_ns")
	}
	if r.text("profile") == "jp-2025" && r.time("from_ns") < jp2025FromNs {
		return fmt.Errorf("from_ns: profile jp-2025 is not in force at that time")
	}
	if r.text("profile") == "jp-2025" && r.yes("self_approved") {
		return fmt.Errorf("self_approved: not under profile jp-2025")
	}
	if !mayLookWide(r) && r.names("rule_kinds")["flow.all"] {
		return fmt.Errorf("rule_kinds: flow.all is for own_network with role party and for lab only")
	}
	if !mayLookWide(r) && r.yes("names") {
		return fmt.Errorf("names: full names are for own_network with role party and for lab only")
	}
	return nil
}

func (s *state) selectors(r record) error {
	basis, err := s.refer(r, "basis", "basis")
	if err != nil {
		return err
	}
	for kind := range r.names("kinds") {
		if !basis.names("rule_kinds")[kind] {
			return fmt.Errorf("kinds: the set is outside its rule: %s", kind)
		}
	}
	if r.count("entries") > basis.count("rule_max_entries") {
		return fmt.Errorf("entries: the set is outside its rule: at most %d, found %d", basis.count("rule_max_entries"), r.count("entries"))
	}
	for _, family := range []string{"v4", "v6"} {
		if r.count("shortest_"+family) < basis.count("rule_min_prefix_"+family) {
			return fmt.Errorf("shortest_%s: the set is outside its rule: a prefix of /%d", family, r.count("shortest_"+family))
		}
	}
	if exact, _ := basis.member("exact_set"); exact.form != 'n' && !r.yes("exact_set_met") {
		return fmt.Errorf("exact_set_met: the set is outside its rule: the basis names one exact set")
	}
	return nil
}

func (s *state) detectors(index uint64, r record) error {
	if _, err := s.refer(r, "basis", "basis"); err != nil {
		return err
	}
	if r.count("basis")+1 != index {
		return fmt.Errorf("basis: expected the leaf right before, %d", index-1)
	}
	short, long := r.names("short"), r.names("long")
	if len(short)+len(long) == 0 {
		return fmt.Errorf("short: expected at least one detector, or no such record")
	}
	for name := range long {
		if short[name] {
			return fmt.Errorf("long: detector %s stands in both lists", name)
		}
	}
	if s.opening.text("role") == "carrier" && len(long) != 0 {
		return fmt.Errorf("long: a carrier's detectors forget within the hour")
	}
	return nil
}

// references checks what a run or an interval refers to and gives the basis.
func (s *state) references(r record) (record, error) {
	basis, err := s.refer(r, "basis", "basis")
	if err != nil {
		return basis, err
	}
	border, err := s.refer(r, "border", "border")
	if err != nil {
		return basis, err
	}
	if _, err := s.refer(r, "policy", "policy"); err != nil {
		return basis, err
	}
	set, err := s.refer(r, "selectors", "selectors")
	if err != nil {
		return basis, err
	}
	if set.count("basis") != r.count("basis") {
		return basis, fmt.Errorf("selectors: the set stands under the basis of leaf %d, not of leaf %d", set.count("basis"), r.count("basis"))
	}
	if kind := basis.text("basis_kind"); border.yes("overrides_special") && basis.text("profile") != "lab" && kind != "own_network" {
		return basis, fmt.Errorf("border: a table that overrides special ranges is for own_network and lab only")
	}
	return basis, nil
}

func (s *state) runStart(index uint64, r record) error {
	if s.running {
		return fmt.Errorf("run: expected a run_stop or a recovery of the run of leaf %d first", s.runIndex)
	}
	basis, err := s.references(r)
	if err != nil {
		return err
	}
	if at := r.time("started_ns"); at < basis.time("from_ns") {
		return fmt.Errorf("started_ns: the basis is not in force yet")
	} else if at >= basis.time("until_ns") {
		return fmt.Errorf("started_ns: the basis has expired")
	}
	s.running, s.run, s.runIndex, s.runBasis, s.intervals = true, r, index, r.count("basis"), 0
	return nil
}

func (s *state) itsRun(r record) error {
	if _, err := s.refer(r, "run", "run_start"); err != nil {
		return err
	}
	if !s.running || r.count("run") != s.runIndex {
		return fmt.Errorf("run: leaf %d is not the open run", r.count("run"))
	}
	return nil
}

// kernelGate: a gate in the kernel stands before a live link, in one of four ways; frames that are not copied are not for the statutory profile.
func (s *state) kernelGate(r record) error {
	if err := s.itsRun(r); err != nil {
		return err
	}
	if s.run.yes("replayed") {
		return fmt.Errorf("run: expected a live run: files have no gate in the kernel")
	}
	if r.time("stated_ns") < s.run.time("started_ns") {
		return fmt.Errorf("stated_ns: expected no earlier than the run's start")
	}
	switch r.text("mode") + " " + r.text("copying") {
	case "xdp_native copy", "xdp_generic copy", "packet_filter ring":
	case "xdp_native zero_copy":
		if s.opening.text("profile") == "jp-2025" {
			return fmt.Errorf("copying: expected no zero-copy under profile jp-2025")
		}
	default:
		return fmt.Errorf("mode: expected xdp_native, xdp_generic or packet_filter with a copying that it has, found %s with %s", r.text("mode"), r.text("copying"))
	}
	return nil
}

// act: an act begins a matter, or goes on from the last one of the same matter, from the state that it led to. rule: ACT-1
func (s *state) act(r record) error {
	previous := r.count("previous")
	if previous == 0 {
		if r.text("from") != "" {
			return fmt.Errorf("from: expected no state before the first act of a matter, found %s", r.text("from"))
		}
		return nil
	}
	index := previous - 1
	if index >= uint64(len(s.kinds)) || s.kinds[index] != "act" {
		return fmt.Errorf("previous: expected an earlier leaf of kind act, found %d", index)
	}
	before := s.kept[index]
	if before.text("matter") != r.text("matter") || before.text("subject") != r.text("subject") {
		return fmt.Errorf("previous: leaf %d is an act of another matter", index)
	}
	if s.followed[index] {
		return fmt.Errorf("previous: another act went on from leaf %d already", index)
	}
	if before.text("to") != r.text("from") {
		return fmt.Errorf("from: expected %s, the state after leaf %d, found %s", before.text("to"), index, r.text("from"))
	}
	s.followed[index] = true
	return nil
}

func (s *state) runStop(r record) error {
	if err := s.itsRun(r); err != nil {
		return err
	}
	if !stopReasons[r.text("reason")] {
		return fmt.Errorf("reason: %s is not known", r.text("reason"))
	}
	if r.count("intervals") != s.intervals {
		return fmt.Errorf("intervals: expected %d as counted in the log, found %d", s.intervals, r.count("intervals"))
	}
	if r.time("stopped_ns") < s.run.time("started_ns") {
		return fmt.Errorf("stopped_ns: expected no earlier than the run's start")
	}
	if until := s.kept[s.runBasis].time("until_ns"); until <= math.MaxInt64-stopGrace && r.time("stopped_ns") > until+stopGrace {
		return fmt.Errorf("stopped_ns: the run went on after its basis had expired")
	}
	for name, l := range s.links {
		if l.pending != (tally{}) {
			return fmt.Errorf("run: a run that stopped has nothing pending, but link %s has %v", name, l.pending)
		}
	}
	s.running = false
	return nil
}

func (s *state) recovery(r record) error {
	if err := s.itsRun(r); err != nil {
		return err
	}
	if r.time("recovered_ns") < s.run.time("started_ns") {
		return fmt.Errorf("recovered_ns: expected no earlier than the run's start")
	}
	pending := tally{}
	for _, l := range s.links {
		pending = pending.add(l.pending)
	}
	stated := tally{wideOf(r.count("frames_lost")), wideOf(r.count("bytes_lost"))}
	if pending != stated {
		return fmt.Errorf("frames_lost/bytes_lost: expected what was pending (%v), found %v", pending, stated)
	}
	for _, l := range s.links {
		l.lost = l.lost.add(l.pending.frames)
		l.admitted = l.admitted.add(l.pending)
		l.pending = tally{}
	}
	s.running = false
	return nil
}

func (s *state) smallCells(r record) error {
	k := wideOf(s.opening.count("k"))
	small := func(n wide) bool { return n != (wide{}) && n.less(k) }
	for _, field := range []string{"gate_erased", "select_erased", "classes"} {
		for _, c := range r.cells(field) {
			if small(c.frames) {
				return fmt.Errorf("%s: small cell %s: %v is below %v", field, c.name, c.frames, k)
			}
		}
	}
	for _, c := range append(r.losses(), cell{"", r.tally("selected")}) {
		if small(c.frames) {
			return fmt.Errorf("selected or capture_lost: small cell %s: %v is below %v", c.name, c.frames, k)
		}
	}
	for _, field := range []string{"segments", "observations", "findings"} {
		if small(wideOf(r.count(field))) {
			return fmt.Errorf("%s: small cell: %d is below %v", field, r.count(field), k)
		}
	}
	if t := sumOf(r.losses()); t.frames == (wide{}) && t.bytes != (wide{}) {
		return fmt.Errorf("capture_lost: expected 0 bytes with 0 frames, found %v", t.bytes)
	}
	for _, field := range []string{"selected", "received", "pending_after", "carried_after", "classes_carried_after"} {
		if t := r.tally(field); t.frames == (wide{}) && t.bytes != (wide{}) {
			return fmt.Errorf("%s: expected 0 bytes with 0 frames, found %v", field, t.bytes)
		}
	}
	return nil
}

func (s *state) chain(r record, l *link) error {
	if r.count("number") != l.next {
		return fmt.Errorf("number: expected %d on link %s, found %d", l.next, r.text("link"), r.count("number"))
	}
	for _, handed := range []cell{{"carried_before", l.carried}, {"classes_carried_before", l.classesCarried}, {"pending_before", l.pending}} {
		if found := r.tally(handed.name); found != handed.tally {
			return fmt.Errorf("%s: expected %v as the link's last interval left it, found %v", handed.name, handed.tally, found)
		}
	}
	if lost := wideOf(r.count("lost_in_crash")); lost != l.lost {
		return fmt.Errorf("lost_in_crash: expected %v as the recovery stated, found %v", l.lost, lost)
	}
	return nil
}

func sameSet(a, b map[string]bool) bool {
	for name := range a {
		if !b[name] {
			return false
		}
	}
	return len(a) == len(b)
}

// bound: over the whole log no more may be admitted than arrived in classes that the basis covers.
func (s *state) bound(r record, l *link, classes map[string]bool) error {
	if l.next > 0 && !sameSet(classes, l.classes) {
		l.eligible = l.eligible.add(r.tally("classes_carried_before"))
	}
	for _, c := range r.cells("classes") {
		if classes[c.name] {
			l.eligible = l.eligible.add(c.tally)
		}
	}
	l.admitted = l.admitted.add(sumOf(r.cells("select_erased")), r.tally("selected"))
	l.classes = classes
	admitted, eligible := l.admitted.add(r.tally("pending_after")), l.eligible.add(r.tally("classes_carried_after"))
	if eligible.frames.less(admitted.frames) || eligible.bytes.less(admitted.bytes) {
		return fmt.Errorf("classes: up to here %v were admitted, but at most %v arrived in classes that the basis covers", admitted, eligible)
	}
	return nil
}

// exports: the rules of frames, in records. rule: EXPORT-4
func (s *state) exports(r record, l *exportLink, classes map[string]bool) error {
	e, there := r.section("exports")
	if !there {
		return nil
	}
	gate, sel := sumOf(e.counts("gate_erased")), sumOf(e.counts("select_erased"))
	in := e.records("carried_before").add(e.records("received"))
	out := gate.add(sel, e.records("selected"), e.records("malformed"), e.records("carried_after"))
	if in != out {
		return fmt.Errorf("exports, equation: expected %v records, found %v", in.frames, out.frames)
	}
	in = e.records("received").add(e.records("classes_carried_before"))
	out = sumOf(e.counts("classes")).add(e.records("classes_carried_after"))
	if in != out {
		return fmt.Errorf("exports, classes: expected %v records, found %v", in.frames, out.frames)
	}
	k := wideOf(s.opening.count("k"))
	cells := []cell{{"selected", e.records("selected")}, {"malformed", e.records("malformed")}}
	for _, field := range []string{"gate_erased", "select_erased", "classes"} {
		cells = append(cells, e.counts(field)...)
	}
	for _, c := range cells {
		if c.frames != (wide{}) && c.frames.less(k) {
			return fmt.Errorf("exports: small cell %s: %v is below %v", c.name, c.frames, k)
		}
	}
	for _, handed := range []cell{{"carried_before", l.carried}, {"classes_carried_before", l.classesCarried}} {
		if found := e.records(handed.name); found != handed.tally {
			return fmt.Errorf("exports, %s: expected %v as the link's last exports left it, found %v", handed.name, handed.frames, found.frames)
		}
	}
	if l.classes != nil && !sameSet(classes, l.classes) {
		l.eligible = l.eligible.add(e.records("classes_carried_before"))
	}
	for _, c := range e.counts("classes") {
		if classes[c.name] {
			l.eligible = l.eligible.add(c.tally)
		}
	}
	l.admitted = l.admitted.add(sel, e.records("selected"))
	if eligible := l.eligible.add(e.records("classes_carried_after")); eligible.frames.less(l.admitted.frames) {
		return fmt.Errorf("exports, classes: up to here %v records were admitted, but at most %v came in classes that the basis covers", l.admitted.frames, eligible.frames)
	}
	if samples := wideOf(e.count("samples")); r.tally("received").frames.less(samples) {
		return fmt.Errorf("exports, samples: expected at most the %v frames received, found %v", r.tally("received").frames, samples)
	}
	l.carried, l.classesCarried, l.classes = e.records("carried_after"), e.records("classes_carried_after"), classes
	for _, more := range []cell{{"received", e.records("received")}, {"gate_erased", gate}, {"select_erased", sel}, {"selected", e.records("selected")},
		{"malformed", e.records("malformed")}} {
		s.exported[more.name] = s.exported[more.name].add(more.tally)
	}
	return nil
}

// byCountry: counterpart countries of the frames whose fate was settled. rule: COUNTRY-1
func (s *state) byCountry(r record, l *countryLink) error {
	c, there := r.section("countries")
	if !there {
		l.running = false
		return nil
	}
	if !l.running {
		l.running, l.settled, l.fates, l.heldAtFirst = true, tally{}, tally{}, r.tally("carried_before")
	}
	k := wideOf(s.opening.count("k"))
	cells := []cell{{"few", c.tally("few")}, {"unnamed", c.tally("unnamed")}}
	for _, each := range c.countries("cells") {
		cells = append(cells, each.cell)
		if each.hosts.less(k) || each.frames.less(each.hosts) {
			return fmt.Errorf("countries, hosts: expected at least %v and at most the %v frames of %s, found %v", k, each.frames, each.name, each.hosts)
		}
	}
	for _, each := range cells {
		if each.frames != (wide{}) && each.frames.less(k) {
			return fmt.Errorf("countries: small cell %s: %v is below %v", each.name, each.frames, k)
		}
		if each.frames == (wide{}) && each.bytes != (wide{}) {
			return fmt.Errorf("countries, %s: expected 0 bytes with 0 frames, found %v", each.name, each.bytes)
		}
	}
	in, out := c.tally("carried_before").add(c.tally("settled")), sumOf(cells).add(c.tally("carried_after"))
	if in != out {
		return fmt.Errorf("countries: expected %v, found %v", in, out)
	}
	if !in.frames.fits64() || !in.bytes.fits64() {
		return fmt.Errorf("countries: a sum does not fit 64 bits")
	}
	if c.tally("carried_before") != l.carried {
		return fmt.Errorf("countries, carried_before: expected %v as the link's last countries left it, found %v", l.carried, c.tally("carried_before"))
	}
	// What is settled is what was erased after admission or selected; small cells of that wait, and so may both differ by what waits now, or waited at first.
	l.settled, l.fates = l.settled.add(c.tally("settled")), l.fates.add(sumOf(r.cells("select_erased")), r.tally("selected"))
	most, least := l.fates.add(r.tally("carried_after")), l.settled.add(l.heldAtFirst)
	if most.frames.less(l.settled.frames) || most.bytes.less(l.settled.bytes) || least.frames.less(l.fates.frames) || least.bytes.less(l.fates.bytes) {
		return fmt.Errorf("countries, settled: up to here %v; select_erased and selected are %v, and what is held back does not make up for it", l.settled, l.fates)
	}
	l.carried = c.tally("carried_after")
	return nil
}

func (s *state) times(r, basis record) error {
	if s.run.yes("replayed") {
		return nil
	}
	from, to := r.time("from_ns"), r.time("to_ns")
	late := func(at, limit int64) bool { return limit > math.MinInt64+second && at < limit-second }
	switch {
	case from > to:
		return fmt.Errorf("to_ns: expected no earlier than from_ns")
	case late(from, s.run.time("started_ns")):
		return fmt.Errorf("from_ns: expected within its run, found a time before the run's start")
	case late(from, basis.time("from_ns")):
		return fmt.Errorf("from_ns: the basis is not in force yet")
	case to > math.MinInt64+second && to-second >= basis.time("until_ns"):
		return fmt.Errorf("to_ns: the basis has expired")
	}
	return nil
}

func (s *state) interval(r record) error {
	if err := s.itsRun(r); err != nil {
		return err
	}
	basis, err := s.references(r)
	if err != nil {
		return err
	}
	gate, sel := sumOf(r.cells("gate_erased")), sumOf(r.cells("select_erased"))
	in := r.tally("pending_before").add(r.tally("carried_before"), r.tally("received"))
	out := gate.add(sel, r.tally("selected"), sumOf(r.losses()), r.tally("pending_after"), r.tally("carried_after"))
	if in != out {
		return fmt.Errorf("equation: expected %v, found %v", in, out)
	}
	in = r.tally("received").add(r.tally("classes_carried_before"))
	out = sumOf(r.cells("classes")).add(r.tally("classes_carried_after"))
	if in != out {
		return fmt.Errorf("classes: expected %v, found %v", in, out)
	}
	if !in.bytes.fits64() || !in.frames.fits64() {
		return fmt.Errorf("equation: a sum does not fit 64 bits")
	}
	if err := s.smallCells(r); err != nil {
		return err
	}
	l := s.links[r.text("link")]
	if l == nil {
		l = &link{}
		s.links[r.text("link")] = l
	}
	if err := s.chain(r, l); err != nil {
		return err
	}
	if err := s.bound(r, l, basis.names("classes")); err != nil {
		return err
	}
	if err := s.exports(r, &l.exports, basis.names("classes")); err != nil {
		return err
	}
	if err := s.byCountry(r, &l.countries); err != nil {
		return err
	}
	if err := s.times(r, basis); err != nil {
		return err
	}
	l.next++
	l.pending, l.carried, l.classesCarried = r.tally("pending_after"), r.tally("carried_after"), r.tally("classes_carried_after")
	l.lost = wide{}
	s.events = s.events.add(wideOf(r.count("events_lost")))
	if !s.events.fits64() {
		return fmt.Errorf("events_lost: a sum over the log does not fit 64 bits")
	}
	s.intervals++
	s.runBasis = r.count("basis")
	for _, more := range []cell{{"received", r.tally("received")}, {"gate_erased", gate}, {"select_erased", sel}, {"selected", r.tally("selected")},
		{"capture_lost", sumOf(r.losses())}} {
		s.totals[more.name] = s.totals[more.name].add(more.tally)
	}
	return nil
}

func (s *state) print() {
	var kinds []string
	for kind := range s.perKind {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		fmt.Printf("  %-10s %d\n", kind, s.perKind[kind])
	}
	for _, name := range []string{"received", "gate_erased", "select_erased", "selected", "capture_lost"} {
		if t, there := s.totals[name]; there {
			fmt.Printf("  %-14s %v\n", name, t)
		}
	}
	if s.events != (wide{}) {
		fmt.Printf("  %-14s %v events of detectors\n", "events_lost", s.events)
	}
	for _, name := range []string{"received", "gate_erased", "select_erased", "selected", "malformed"} {
		if t, there := s.exported[name]; there {
			fmt.Printf("  exports, %-14s %v records\n", name, t.frames)
		}
	}
}
