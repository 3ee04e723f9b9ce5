// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"
	"time"
)

// Bases and orders: steps by the generated tables (tables.go), quorums counted again.

type step struct{ state, event, outcome string }

// ---- bases ----

type basisText struct {
	ID           string `json:"id"`
	Kind         string `json:"kind"`
	From         string `json:"from"`
	Until        string `json:"until"`
	SelfApproved bool   `json:"self_approved"`
	Rule         struct {
		Kinds    []string `json:"kinds"`
		Entries  uint64   `json:"max_entries"`
		PrefixV4 uint64   `json:"min_prefix_v4"`
		PrefixV6 uint64   `json:"min_prefix_v6"`
	} `json:"rule"`
}

type vote struct {
	who *account
	aye bool
}

type basisState struct {
	stage, raw, digest, text, partner, extendUntil string
	basis                                          basisText
	asker, extender                                *account
	suspended                                      map[string]bool
	votes                                          []vote
}

func (b *basisState) statutory() bool {
	return b.basis.Kind == "ff" || b.basis.Kind == "fd" || b.basis.Kind == "df"
}
func (b *basisState) agreement() bool { return b.basis.Kind == "agreement" }
func (b *basisState) party(a *account) bool {
	return a.org == b.asker.org || (b.partner != "" && a.org.id == b.partner)
}

func nsOf(text string) int64 {
	at, err := time.Parse(timeForm, text)
	if err != nil {
		return -1 << 63
	}
	return at.UnixNano()
}

func (o *opened) basisAct() error {
	if o.matter.basis == nil {
		o.matter.basis = &basisState{suspended: map[string]bool{}}
	}
	b := o.matter.basis
	allowed := false
	for s := range basisSteps {
		allowed = allowed || (s.state == b.stage && s.event == o.act.Event)
	}
	if !allowed {
		return o.refuse("event", "there is no such step from stage '%s'", b.stage)
	}
	outcome, err := o.basisOutcome(b)
	if err != nil {
		return err
	}
	next, known := basisSteps[step{b.stage, o.act.Event, outcome}]
	if !known {
		return o.refuse("event", "there is no such step from stage '%s' when it comes to '%s'", b.stage, outcome)
	}
	if err := o.stepIs(b.stage, next); err != nil {
		return err
	}
	if b.stage == "extending" && next == "extended" {
		old := "\"until\":\"" + b.basis.Until + "\""
		if strings.Count(b.raw, old) != 1 {
			return o.refuse("until", "expected one end in the basis")
		}
		b.raw = strings.Replace(b.raw, old, "\"until\":\""+b.extendUntil+"\"", 1)
		b.basis.Until, b.digest = b.extendUntil, digestOf(b.raw+"\n")
	}
	b.stage = next
	return nil
}

func (o *opened) basisOutcome(b *basisState) (string, error) {
	var who *account
	if !o.byCentre {
		var err error
		if who, err = o.one(); err != nil {
			return "", err
		}
	} else if o.act.Event != "expire" && o.act.Event != "suspend" {
		_, err := o.one()
		return "", err
	}
	switch o.act.Event {
	case "request", "edit":
		return "", o.basisRequest(b, who)
	case "approve", "refuse":
		return o.basisVote(b, who)
	case "consent":
		return o.basisConsent(b, who)
	case "activate":
		if o.act.text("basis") != b.digest {
			return "", o.refuse("basis", "what is activated is not what was approved")
		}
		if o.act.ns < nsOf(b.basis.From) || o.act.ns >= nsOf(b.basis.Until) {
			return "", o.refuse("time", "the basis is not in force from %s to %s", b.basis.From, b.basis.Until)
		}
	case "selectors":
		return "", o.basisSelectors(b, who)
	case "extend":
		b.extendUntil = o.act.text("until")
		if nsOf(b.extendUntil) <= nsOf(b.basis.Until) {
			return "", o.refuse("until", "expected a later end than the basis has")
		}
		if (b.agreement() && !b.party(who)) || (!b.agreement() && who.org != b.asker.org) {
			return "", o.refuse("signature", "expected one of who asked for it")
		}
		b.extender, b.text, b.votes = who, o.act.digest, nil
	case "suspend", "resume":
		return o.basisSuspension(b, who)
	case "expire":
		if o.act.ns < nsOf(b.basis.Until) {
			return "", o.refuse("time", "its time is not over")
		}
	case "terminate":
		if !b.party(who) && (b.agreement() || !who.oversight()) {
			return "", o.refuse("signature", "expected one of who asked for it, a party, or oversight")
		}
	}
	return "", nil
}

func (o *opened) basisRequest(b *basisState, who *account) error {
	if b.asker != nil && who.org != b.asker.org {
		return o.refuse("signature", "expected one of %s, which asked for it", b.asker.org.id)
	}
	b.raw = string(o.act.fields["basis"])
	b.basis = basisText{}
	if json.Unmarshal([]byte(b.raw), &b.basis) != nil {
		return o.refuse("basis", "expected a basis")
	}
	if b.basis.ID != o.act.ID {
		return o.refuse("basis", "expected the id of the matter, found %s", b.basis.ID)
	}
	if b.basis.SelfApproved {
		return o.refuse("basis", "it says that it approves itself, and asks for approval")
	}
	if who.oversight() {
		return o.refuse("signature", "oversight asks for no basis")
	}
	if b.asker == nil {
		b.asker, b.extender = who, who
	}
	b.partner, b.digest, b.text, b.votes = o.act.text("partner"), digestOf(b.raw+"\n"), o.act.digest, nil
	return nil
}

func (o *opened) aboutText(b *basisState) error {
	if o.act.text("text") != b.text {
		return o.refuse("text", "it is about another text than the one that stands")
	}
	return nil
}

func (o *opened) basisVote(b *basisState, who *account) (string, error) {
	if err := o.aboutText(b); err != nil {
		return "", err
	}
	if b.agreement() {
		return "", o.refuse("event", "an agreement is not voted on: its partner consents")
	}
	switch {
	case b.statutory() && (!who.oversight() || !who.seat()):
		return "", o.refuse("quorum", "expected a chair, deputy or member of oversight, found %s", who.id)
	case !b.statutory() && who.oversight():
		return "", o.refuse("quorum", "a basis of kind %s is not oversight's to decide", b.basis.Kind)
	case who == b.asker || who == b.extender:
		return "", o.refuse("quorum", "%s asked for it, and votes on it", who.id)
	}
	for _, v := range b.votes {
		if v.who == who {
			return "", o.refuse("quorum", "%s votes a second time over one text", who.id)
		}
	}
	b.votes = append(b.votes, vote{who, o.act.Event == "approve"})
	var ayes, nays uint64
	for _, v := range b.votes {
		if v.aye {
			ayes++
		} else {
			nays++
		}
	}
	found := map[string]uint64{}
	for _, c := range o.leaf.record.counts("counts") {
		found[c.name] = c.frames.low
	}
	if found["ayes"] != ayes || found["nays"] != nays {
		return "", o.refuse("counts", "expected %d ayes and %d nays, found %d and %d", ayes, nays, found["ayes"], found["nays"])
	}
	outcome := b.count(ayes, nays)
	o.quorums++
	if outcome != "open" && o.leaf.record.text("to") == b.stage {
		o.heldOpen++
		outcome = "open"
	}
	return outcome, nil
}

// count is what the law asks at least (LAW.md 1.5): three present with chair or deputy, the majority, a tie to the chair.
func (b *basisState) count(ayes, nays uint64) string {
	var head *vote
	for i, v := range b.votes {
		if v.who.roles["oversight_chair"] || (v.who.roles["oversight_deputy"] && head == nil) {
			head = &b.votes[i]
		}
	}
	switch {
	case b.statutory() && (ayes+nays < 3 || head == nil):
		return "open"
	case ayes > nays || (ayes == nays && b.statutory() && head.aye):
		return "carried"
	}
	return "rejected"
}

func (o *opened) basisConsent(b *basisState, who *account) (string, error) {
	if err := o.aboutText(b); err != nil {
		return "", err
	}
	if !b.agreement() || !b.party(who) {
		return "", o.refuse("signature", "expected one of a party to an agreement")
	}
	to, want, asker := o.act.text("to"), "agreement", b.asker
	if b.stage == "extending" {
		want, asker = "extension", b.extender
	}
	if to == "provision" || to == "no_provision" {
		return "open", nil
	}
	if to != want {
		return "", o.refuse("to", "expected what is before the partner, found %s", to)
	}
	if who.org == asker.org {
		return "", o.refuse("signature", "%s asked for it: the other party consents", who.org.id)
	}
	o.quorums++
	return "carried", nil
}

func (o *opened) basisSelectors(b *basisState, who *account) error {
	if who.org != b.asker.org {
		return o.refuse("signature", "expected one of %s, whose selectors they are", b.asker.org.id)
	}
	var set struct {
		Entries uint64   `json:"entries"`
		Kinds   []string `json:"kinds"`
		V4      uint64   `json:"shortest_v4"`
		V6      uint64   `json:"shortest_v6"`
	}
	if json.Unmarshal(o.act.Body, &set) != nil {
		return o.refuse("body", "expected a set's digest, entries, kinds and shortest prefixes")
	}
	allowed := map[string]bool{}
	for _, kind := range b.basis.Rule.Kinds {
		allowed[kind] = true
	}
	for _, kind := range set.Kinds {
		if !allowed[kind] {
			return o.refuse("set", "set: kind %s is not in the rule", kind)
		}
	}
	if set.Entries > b.basis.Rule.Entries || set.V4 < b.basis.Rule.PrefixV4 || set.V6 < b.basis.Rule.PrefixV6 {
		return o.refuse("set", "set: outside the rule of its basis")
	}
	return nil
}

func (o *opened) basisSuspension(b *basisState, who *account) (string, error) {
	by, resume := o.act.text("by"), o.act.Event == "resume"
	switch {
	case by != "oversight" && by != "partner" && by != "fault":
		return "", o.refuse("by", "expected oversight, partner or fault")
	case o.byCentre && (by != "fault" || resume):
		_, err := o.one()
		return "", err
	case by == "oversight" && !who.oversight():
		return "", o.refuse("signature", "%s is not of oversight, and acts as it", who.id)
	case by == "partner" && (!b.agreement() || !b.party(who)):
		return "", o.refuse("signature", "%s is no party to an agreement, and acts as one", who.id)
	case resume && !b.suspended[by]:
		return "", o.refuse("by", "each takes back its own suspension alone")
	case !resume && b.suspended[by]:
		return "", o.refuse("by", "suspended by it already")
	}
	if !resume {
		b.suspended[by] = true
		return "", nil
	}
	delete(b.suspended, by)
	if len(b.suspended) == 0 {
		return "carried", nil
	}
	return "open", nil
}

// ---- quorums of orders (C2SP tlog-policy) ----

type member struct {
	name string
	key  verifyKey
}

type group struct {
	need    int
	members []string
}

type quorum struct {
	members []member
	groups  map[string]group
	top     string
}

func parseQuorum(text string) (quorum, bool) {
	q := quorum{groups: map[string]group{}}
	known, used := map[string]bool{}, map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		switch {
		case words[0] == "witness" && len(words) >= 3 && !known[words[1]]:
			key, err := parseKey(words[2])
			if err != nil {
				return q, false
			}
			known[words[1]] = true
			q.members = append(q.members, member{words[1], key})
		case words[0] == "group" && len(words) >= 4 && !known[words[1]]:
			g := group{members: words[3:]}
			switch words[2] {
			case "any":
				g.need = 1
			case "all":
				g.need = len(g.members)
			default:
				for _, c := range words[2] {
					if c < '0' || c > '9' || g.need > 1000 {
						return q, false
					}
					g.need = 10*g.need + int(c-'0')
				}
			}
			if g.need < 1 || g.need > len(g.members) {
				return q, false
			}
			for _, name := range g.members {
				if !known[name] || used[name] {
					return q, false
				}
				used[name] = true
			}
			known[words[1]] = true
			q.groups[words[1]] = g
		case words[0] == "quorum" && len(words) == 2 && q.top == "" && (known[words[1]] || words[1] == "none"):
			q.top = words[1]
		case words[0] == "log" && len(words) >= 2:
		default:
			return q, false
		}
	}
	return q, q.top != ""
}

// met: members are before their groups, so this ends.
func (q quorum) met(name string, present map[string]bool) bool {
	g, is := q.groups[name]
	if !is {
		return present[name] || name == "none"
	}
	have := 0
	for _, m := range g.members {
		if q.met(m, present) {
			have++
		}
	}
	return have >= g.need
}

// ---- orders ----

type orderText struct {
	ID       string `json:"id"`
	Action   string `json:"action"`
	Measure  string `json:"measure"`
	Document string `json:"document"`
	Quorum   string `json:"quorum"`
	Proposer string `json:"proposer"`
	Urgent   bool   `json:"urgent"`
	Joint    bool   `json:"joint"`
	NotAfter string `json:"not_after"`
}

type voice struct {
	who   *account
	event string
	key   verifyKey
	note  string
}

type orderState struct {
	state, line, digest, quorum, ratify string
	order                               orderText
	proposer                            *account
	byOrg                               bool
	voices                              []voice
	warrant                             string // digest of the warrant that follows from the approvals
	notAfter                            int64
	receipts                            receiptState
}

func (o *opened) orderAct() error {
	if o.matter.order == nil {
		o.matter.order = &orderState{}
	}
	r := o.matter.order
	allowed := false
	for s := range orderSteps {
		allowed = allowed || (s.state == r.state && s.event == o.act.Event)
	}
	if !allowed {
		return o.refuse("event", "there is no such step from state '%s'", r.state)
	}
	outcome, err := o.orderOutcome(r)
	if err != nil {
		return err
	}
	next, known := orderSteps[step{r.state, o.act.Event, outcome}]
	if !known {
		return o.refuse("event", "there is no such step from state '%s' when it comes to that", r.state)
	}
	if err := o.stepIs(r.state, next); err != nil {
		return err
	}
	r.state = next
	return nil
}

func (o *opened) aboutOrder(r *orderState) error {
	if o.act.text("order") != r.digest {
		return o.refuse("order", "it is about another text than the one that stands")
	}
	return nil
}

func (o *opened) orderOutcome(r *orderState) (string, error) {
	event := o.act.Event
	if orderDuties[event] == "" {
		if !o.byCentre {
			return "", o.refuse("signature", "expected the centre's own, for nobody but the centre records this")
		}
		if err := o.aboutOrder(r); err != nil || !(event == "set" || event == "fail" || event == "undone" || event == "receipt") {
			return "", err
		}
		return "", o.receiptAct(r)
	}
	who, err := o.one()
	if err != nil {
		return "", err
	}
	switch event {
	case "propose", "edit":
		return "", o.propose(r, who)
	case "approve", "urgent", "ratify":
		return o.agree(r, who)
	case "reject":
		if o.leaf.record.text("to") == "rejected" {
			return "met", o.aboutOrder(r)
		}
		return "open", o.aboutOrder(r)
	case "evidence", "legal":
		if who == r.proposer {
			return "", o.refuse("signature", "%s proposed it, and finds it right", who.id)
		}
	case "halt", "review":
		if !who.oversight() && who.org.kind != "own_network" {
			return "", o.refuse("signature", "%s is not of oversight, whose step it is", who.id)
		}
	}
	return "", o.aboutOrder(r)
}

func (o *opened) propose(r *orderState, who *account) error {
	if r.proposer != nil && who != r.proposer {
		return o.refuse("signature", "expected %s, who proposed it", r.proposer.id)
	}
	line, document := o.act.text("order"), string(o.act.fields["document"])
	*r = orderState{state: r.state, proposer: who, line: line, quorum: o.act.text("quorum"), ratify: o.act.text("ratify"), digest: digestOf(line)}
	if json.Unmarshal([]byte(line), &r.order) != nil || actionLevels[r.order.Measure+" "+r.order.Action] == "" {
		return o.refuse("order", "expected an order's line")
	}
	switch {
	case r.order.ID != o.act.ID:
		return o.refuse("order", "expected the id of the matter, found %s", r.order.ID)
	case digestOf(document) != r.order.Document:
		return o.refuse("document", "the order's line names another document")
	case digestOf(r.quorum) != r.order.Quorum:
		return o.refuse("quorum", "the order's line names another quorum")
	case !readTime(r.order.NotAfter, &r.notAfter):
		return o.refuse("order", "expected a time with nine digits in not_after")
	}
	proposer, err := parseKey(r.order.Proposer)
	own := false
	for _, held := range who.keys {
		own = own || (err == nil && string(held.key.public) == string(proposer.public))
	}
	if !own {
		return o.refuse("proposer", "the order's line names another proposer than who signed")
	}
	if err := o.checkMembers(r, r.quorum); err != nil || r.ratify == "" {
		return err
	}
	return o.checkMembers(r, r.ratify)
}

func (o *opened) checkMembers(r *orderState, text string) error {
	q, good := parseQuorum(text)
	if !good {
		return o.refuse("quorum", "expected a text in the tlog-policy grammar")
	}
	for _, m := range q.members {
		person, orgName, named := m.name, "", false
		if before, after, cut := strings.Cut(m.name, "/"); cut {
			orgName, person, named = before, after, true
		}
		person, _, _ = strings.Cut(person, "#")
		r.byOrg = r.byOrg || named
		found := false
		for _, a := range o.accounts {
			if a.closed || a.id != person || (named && a.org.id != orgName) {
				continue
			}
			for _, held := range a.keys {
				found = found || (!held.revoked && string(held.key.public) == string(m.key.public))
			}
		}
		if !found {
			return o.refuse("quorum", "'%s' is no account with that key in the register", m.name)
		}
	}
	return nil
}

func (o *opened) agree(r *orderState, who *account) (string, error) {
	event := o.act.Event
	if err := o.aboutOrder(r); err != nil {
		return "", err
	}
	if who == r.proposer {
		return "", o.refuse("quorum", "%s proposed it, and agrees with it", who.id)
	}
	if event == "urgent" && !r.order.Urgent {
		return "", o.refuse("order", "the order is not an urgent one")
	}
	for _, v := range r.voices {
		if v.who == who && v.event == event {
			return "", o.refuse("quorum", "%s agrees a second time", who.id)
		}
	}
	var key verifyKey
	for _, held := range who.keys {
		if held.key.id == o.note.signatures[0].id && held.key.name == o.note.signatures[0].name {
			key = held.key
		}
	}
	r.voices = append(r.voices, voice{who, event, key, o.noteText})
	text, level := r.quorum, actionLevels[r.order.Measure+" "+r.order.Action]
	if r.order.Joint {
		level = "high"
	}
	if event == "ratify" {
		text = r.ratify
	} else if r.order.Urgent {
		level = "urgent"
	}
	q, _ := parseQuorum(text)
	is := false
	for _, m := range q.members {
		is = is || (m.key.id == key.id && m.key.name == key.name && string(m.key.public) == string(key.public))
	}
	if !is {
		return "", o.refuse("quorum", "the approval by '%s' is not a member's of the quorum", key.name)
	}
	o.quorums++
	if !r.agreed(text, level, event) {
		return "open", nil
	}
	if event != "ratify" {
		r.warrant = r.warrantOf(event)
	}
	return "met", o.floor(r, level, event)
}

// agreed: each seat once (a seat is an organisation where members are named with one), as many as the level asks for, and the text's own grammar.
func (r *orderState) agreed(text, level, event string) bool {
	q, good := parseQuorum(text)
	present, seats := map[string]bool{}, map[string]bool{}
	for _, v := range r.voices {
		if v.event != event {
			continue
		}
		is := false
		for _, m := range q.members {
			if m.key.id == v.key.id && m.key.name == v.key.name && string(m.key.public) == string(v.key.public) {
				is, present[m.name] = true, true
				seat, _, _ := strings.Cut(m.name, "#")
				seat, _, _ = strings.Cut(seat, "/")
				seats[seat] = true
			}
		}
		if !is {
			return false
		}
	}
	return good && len(seats) >= levelApprovers[level] && q.met(q.top, present)
}

// floor is what LAW.md 2.3 I2 asks at least, whatever the quorum's text says.
func (o *opened) floor(r *orderState, level, event string) error {
	orgs, persons, oversight, byOrg := map[*org]bool{}, 0, false, r.byOrg
	for _, v := range r.voices {
		if v.event == event {
			persons++
			orgs[v.who.org] = true
			oversight = oversight || v.who.oversight()
		}
	}
	var first *account
	for _, a := range o.accounts {
		if a.closed || !(a.roles["approver"] || a.roles["legal"]) {
			continue
		}
		byOrg = byOrg || (first != nil && first.org != a.org)
		first = a
	}
	seats := persons
	if byOrg {
		seats = len(orgs)
	}
	if seats < levelApprovers[level] {
		return o.refuse("quorum", "level %s: expected %d seats besides who proposed, found %d", level, levelApprovers[level], seats)
	}
	if level == "high" && byOrg && !oversight {
		return o.refuse("quorum", "level high: expected somebody of oversight among those who agree")
	}
	return nil
}
