// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"regexp"
)

// Matters whose steps are a small table: docs/oversight.md, docs/custody.md, docs/reports.md, docs/cases.md.

type plainStep struct{ to, who string } // who: oversight, others, anybody, centre

var plainSteps = map[step][]plainStep{
	{"", "remark issue", ""}:                {{"issued", "oversight"}},
	{"issued", "remark answer", ""}:         {{"answered", "others"}},
	{"answered", "remark answer", ""}:       {{"answered", "others"}},
	{"answered", "remark insist", ""}:       {{"issued", "oversight"}},
	{"answered", "remark close", ""}:        {{"closed", "oversight"}},
	{"issued", "remark withdraw", ""}:       {{"withdrawn", "oversight"}},
	{"answered", "remark withdraw", ""}:     {{"withdrawn", "oversight"}},
	{"", "selfreport file", ""}:             {{"filed", "anybody"}},
	{"filed", "selfreport amend", ""}:       {{"filed", "anybody"}},
	{"filed", "selfreport assess", ""}:      {{"assessed", "oversight"}},
	{"assessed", "selfreport close", ""}:    {{"closed", "oversight"}},
	{"", "inspection begin", ""}:            {{"running", "oversight"}},
	{"running", "inspection look", ""}:      {{"running", "oversight"}},
	{"running", "inspection query", ""}:     {{"running", "oversight"}},
	{"running", "inspection conclude", ""}:  {{"concluded", "oversight"}},
	{"", "retention open", ""}:              {{"held", "oversight"}},
	{"held", "retention open", ""}:          {{"held", "oversight"}},
	{"provided", "retention open", ""}:      {{"provided", "oversight"}},
	{"", "retention provide", ""}:           {{"provided", "others"}},
	{"held", "retention provide", ""}:       {{"provided", "others"}},
	{"provided", "retention provide", ""}:   {{"provided", "others"}},
	{"", "retention erase", ""}:             {{"erasing", "others"}},
	{"held", "retention erase", ""}:         {{"erasing", "others"}},
	{"provided", "retention erase", ""}:     {{"erasing", "others"}},
	{"erased", "retention erase", ""}:       {{"erasing", "others"}},
	{"erasing", "retention erased", ""}:     {{"erased", "centre"}},
	{"erased", "retention confirm", ""}:     {{"erased", "others"}},
	{"", "rekey oversight", ""}:             {{"done", "oversight"}},
	{"", "rekey custodian", ""}:             {{"done", "anybody"}},
	{"", "reident request", ""}:             {{"requested", "others"}},
	{"requested", "reident approve", ""}:    {{"requested", "anybody"}, {"granted", "anybody"}},
	{"requested", "reident refuse", ""}:     {{"closed", "anybody"}},
	{"granted", "reident show", ""}:         {{"granted", "others"}},
	{"requested", "reident close", ""}:      {{"closed", "anybody"}},
	{"granted", "reident close", ""}:        {{"closed", "anybody"}},
	{"requested", "reident expire", ""}:     {{"closed", "centre"}},
	{"granted", "reident expire", ""}:       {{"closed", "centre"}},
	{"", "access read", ""}:                 {{"", "anybody"}},
	{"", "access search", ""}:               {{"", "anybody"}},
	{"", "access count", ""}:                {{"", "anybody"}},
	{"", "access count_end", ""}:            {{"", "anybody"}},
	{"", "access book", ""}:                 {{"", "centre"}},
	{"", "report early_warning", ""}:        {{"warned", "centre"}},
	{"warned", "report early_warning", ""}:  {{"warned", "centre"}},
	{"", "report initial", ""}:              {{"reported", "centre"}},
	{"warned", "report initial", ""}:        {{"reported", "centre"}},
	{"reported", "report initial", ""}:      {{"reported", "centre"}},
	{"warned", "report follow_up", ""}:      {{"followed", "centre"}},
	{"reported", "report follow_up", ""}:    {{"followed", "centre"}},
	{"followed", "report follow_up", ""}:    {{"followed", "centre"}},
	{"warned", "report interim", ""}:        {{"followed", "centre"}},
	{"reported", "report interim", ""}:      {{"followed", "centre"}},
	{"followed", "report interim", ""}:      {{"followed", "centre"}},
	{"reported", "report supplemental", ""}: {{"followed", "centre"}},
	{"followed", "report supplemental", ""}: {{"followed", "centre"}},
	{"complete", "report supplemental", ""}: {{"complete", "centre"}},
	{"", "report final", ""}:                {{"complete", "centre"}},
	{"warned", "report final", ""}:          {{"complete", "centre"}},
	{"reported", "report final", ""}:        {{"complete", "centre"}},
	{"followed", "report final", ""}:        {{"complete", "centre"}},
	{"complete", "report final", ""}:        {{"complete", "centre"}},
	{"warned", "report remind", ""}:         {{"warned", "centre"}},
	{"reported", "report remind", ""}:       {{"reported", "centre"}},
	{"followed", "report remind", ""}:       {{"followed", "centre"}},
	{"complete", "report remind", ""}:       {{"complete", "centre"}},
	{"warned", "report attach", ""}:         {{"warned", "centre"}},
	{"reported", "report attach", ""}:       {{"reported", "centre"}},
	{"followed", "report attach", ""}:       {{"followed", "centre"}},
	{"complete", "report attach", ""}:       {{"complete", "centre"}},
	{"warned", "report merge", ""}:          {{"warned", "centre"}},
	{"reported", "report merge", ""}:        {{"reported", "centre"}},
	{"followed", "report merge", ""}:        {{"followed", "centre"}},
	{"complete", "report merge", ""}:        {{"complete", "centre"}},
	{"", "case open", ""}:                   {{"new", "centre"}},
	{"new", "case triage", ""}:              {{"triaged", "centre"}},
	{"new", "case dismiss", ""}:             {{"false_alarm", "centre"}},
	{"triaged", "case triage", ""}:          {{"triaged", "centre"}},
	{"triaged", "case start", ""}:           {{"active", "centre"}},
	{"triaged", "case contain", ""}:         {{"contained", "centre"}},
	{"triaged", "case dismiss", ""}:         {{"false_alarm", "centre"}},
	{"active", "case contain", ""}:          {{"contained", "centre"}},
	{"active", "case resolve", ""}:          {{"resolved", "centre"}},
	{"active", "case dismiss", ""}:          {{"false_alarm", "centre"}},
	{"contained", "case start", ""}:         {{"active", "centre"}},
	{"contained", "case resolve", ""}:       {{"resolved", "centre"}},
	{"resolved", "case start", ""}:          {{"active", "centre"}},
	{"resolved", "case close", ""}:          {{"closed", "centre"}},
	{"reopened", "case triage", ""}:         {{"triaged", "centre"}},
	{"reopened", "case start", ""}:          {{"active", "centre"}},
	{"reopened", "case contain", ""}:        {{"contained", "centre"}},
	{"reopened", "case dismiss", ""}:        {{"false_alarm", "centre"}},
	{"closed", "case reopen", ""}:           {{"reopened", "centre"}},
	{"false_alarm", "case reopen", ""}:      {{"reopened", "centre"}},
}

// What leaves a case as it is: docs/cases.md.
var caseWork = map[string][]string{
	"kept": {"lower", "review", "bundle", "handover"},
	"seen": {"note", "watch", "unwatch"},
	"work": {"edit", "task", "done", "link", "unlink", "assign", "evidence", "playbook", "absorb", "split"},
}

func init() {
	add := func(states []string, groups ...string) {
		for _, state := range states {
			for _, group := range groups {
				for _, event := range caseWork[group] {
					plainSteps[step{state, "case " + event, ""}] = []plainStep{{state, "centre"}}
				}
			}
		}
	}
	open := []string{"new", "triaged", "active", "contained", "resolved", "reopened"}
	add(open, "kept", "seen", "work")
	add([]string{"closed", "false_alarm"}, "kept", "seen")
	add([]string{"merged"}, "kept")
	for _, state := range open {
		plainSteps[step{state, "case merge", ""}] = []plainStep{{"merged", "centre"}}
	}
}

type plainState struct {
	org, body string
	first     *account
	needed    int64
	officer   bool
	approvers []*account
	looks     int64
}

func (o *opened) plainAct() error {
	from, to := o.leaf.record.text("from"), o.leaf.record.text("to")
	rows, known := plainSteps[step{from, o.act.Matter + " " + o.act.Event, ""}]
	if !known {
		return o.refuse("event", "there is no such step from state '%s'", from)
	}
	var row *plainStep
	for i := range rows {
		if rows[i].to == to {
			row = &rows[i]
		}
	}
	if row == nil {
		return o.refuse("to", "this step does not lead to '%s'", to)
	}
	if o.matter.plain == nil {
		o.matter.plain = &plainState{}
	}
	if row.who == "centre" {
		if !o.byCentre {
			return o.refuse("signature", "expected the centre's own, for nobody but the centre records this")
		}
		return o.plainRule(nil)
	}
	who, err := o.one()
	if err != nil {
		return err
	}
	if row.who == "oversight" && !who.oversight() {
		return o.refuse("signature", "%s is not of oversight, whose step it is", who.id)
	}
	if row.who == "others" && who.oversight() {
		return o.refuse("signature", "%s is of oversight, whose step it is not", who.id)
	}
	return o.plainRule(who)
}

func (o *opened) plainRule(who *account) error {
	p := o.matter.plain
	if o.act.Matter == "case" {
		return o.caseBody()
	}
	if o.act.Matter == "report" {
		return o.reportRule(p)
	}
	switch o.act.Matter + " " + o.act.Event {
	case "remark issue":
		if p.org = o.act.text("to"); p.org == "" {
			return o.refuse("body", "expected whom it is for")
		}
	case "remark answer":
		if who.org.id != p.org {
			return o.refuse("signature", "it is for %s to answer, found one of %s", p.org, who.org.id)
		}
	case "retention erase":
		p.body = string(o.act.Body)
	case "retention erased":
		if p.body == "" || p.body != string(o.act.Body) {
			return o.refuse("certificate", "it certifies something else than what was to be erased")
		}
	case "retention confirm":
		if o.act.text("org") != who.org.id {
			return o.refuse("signature", "%s confirms for somebody else", who.org.id)
		}
	case "reident request":
		p.first = who
		if json.Unmarshal(o.act.fields["needed"], &p.needed) != nil || p.needed < 2 {
			return o.refuse("needed", "expected at least %d officers", 2)
		}
	case "reident show":
		if who != p.first {
			return o.refuse("signature", "it was granted to %s, and nobody else looks", p.first.id)
		}
	case "reident approve":
		return o.reidentApprove(p, who)
	case "access book":
		return o.accessBook(p)
	}
	return nil
}

// The centre enters what somebody did with a case: who, and commitments to what stands sealed and to what it says.
func (o *opened) caseBody() error {
	hash := regexp.MustCompile(`^[0-9a-f]{64}$`)
	if len(o.act.fields) != 3 || o.act.text("by") == "" || !hash.MatchString(o.act.text("entry")) || !hash.MatchString(o.act.text("said")) {
		return o.refuse("body", "expected by, entry and said")
	}
	return nil
}

// An act of a report commits to one sealed entry, and they are counted from 1: none can be left out.
func (o *opened) reportRule(p *plainState) error {
	var number int64
	p.needed++
	if json.Unmarshal(o.act.fields["number"], &number) != nil || number != p.needed {
		return o.refuse("body", "expected entry number %d of the report", p.needed)
	}
	if len(o.act.text("head")) != 64 || len(o.act.text("body")) != 64 {
		return o.refuse("body", "expected what the sealed entry is committed to by")
	}
	return nil
}

func (o *opened) reidentApprove(p *plainState, who *account) error {
	if who == p.first {
		return o.refuse("quorum", "%s asked for it, and approves it", who.id)
	}
	for _, a := range p.approvers {
		if a == who {
			return o.refuse("quorum", "%s approves a second time", who.id)
		}
	}
	p.approvers = append(p.approvers, who)
	p.officer = p.officer || who.roles["privacy_officer"]
	o.quorums++
	want := "requested"
	if int64(len(p.approvers)) >= p.needed && p.officer {
		want = "granted"
	}
	return o.stepIs("requested", want)
}

// The centre commits to the rows of its book of looks, one batch after the other, and leaves none out.
func (o *opened) accessBook(p *plainState) error {
	var count, from, to int64
	number := func(name string, into *int64) bool { return json.Unmarshal(o.act.fields[name], into) == nil }
	if o.act.ID != "book" || !number("count", &count) || !number("from", &from) || !number("to", &to) || len(o.act.text("digest")) != 64 || count < 1 || count != to-from+1 {
		return o.refuse("body", "expected count, digest, from and to, and as many rows as there are from one to the other")
	}
	if from != p.looks+1 {
		return o.refuse("from", "expected %d, the row behind those that the act before it commits to, found %d", p.looks+1, from)
	}
	p.looks = to
	o.looks += count
	return nil
}
