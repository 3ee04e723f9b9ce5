// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What the enforcer says it did, against the warrant that follows from the acts: written from docs/formats/receipt.md and docs/formats/warrant.md. The warrant is composed again out of the approvals, and each
// receipt must be about exactly it, one after the other. rule: OPENED-6

const (
	receiptNoteMax, receiptTextMax                                       = 1 << 19, 1 << 18
	receiptDetailMax, receiptPlaceMax, receiptTargetMax, receiptOrderMax = 511, 95, 63, 63
	receiptEffectsMax                                                    = 32
)

// ---- canonical JSON, as far as warrants and receipts need it ----

// quote is a text of canonical JSON (RFC 8785 3.2.2.2): short escapes where there are some, \u00xx for other control characters, nothing else.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		c := text[i]
		if at := strings.IndexByte("\b\t\n\f\r\"\\", c); at >= 0 {
			out.WriteByte('\\')
			out.WriteByte("btnfr\"\\"[at])
		} else if c < 0x20 {
			fmt.Fprintf(&out, "\\u%04x", c)
		} else {
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// count is an integer below 2^53, or the same as a text from there on.
type count uint64

func (c *count) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	*c = count(n)
	return err
}

func (c count) String() string {
	if c < count(firstUnsafe) {
		return strconv.FormatUint(uint64(c), 10)
	}
	return `"` + strconv.FormatUint(uint64(c), 10) + `"`
}

// ---- the warrant ----

// warrantOf is the digest of the body that the approvals of one kind make: docs/formats/warrant.md.
func (r *orderState) warrantOf(event string) string {
	var approvals []string
	for _, v := range r.voices {
		if v.event == event {
			approvals = append(approvals, quote(v.note))
		}
	}
	return digestOf(fmt.Sprintf("{\"approvals\":[%s],\"format\":\"sekisho-warrant/2\",\"order\":%s,\"quorum\":%s}\n", strings.Join(approvals, ","), strings.TrimSuffix(r.line, "\n"), quote(r.quorum)))
}

// ---- receipts ----

type receiptEffect struct {
	Good  bool   `json:"good"`
	Items count  `json:"items"`
	Place string `json:"place"`
	Seen  string `json:"seen"`
}

type receipt struct {
	After     string          `json:"after"`
	At        string          `json:"at"`
	Before    string          `json:"before"`
	Detail    string          `json:"detail"`
	Effects   []receiptEffect `json:"effects"`
	Items     count           `json:"items"`
	Number    count           `json:"number"`
	Order     string          `json:"order"`
	Previous  string          `json:"previous"`
	Step      string          `json:"step"`
	Target    string          `json:"target"`
	Text      string          `json:"text"`
	Until     string          `json:"until"`
	Warrant   string          `json:"warrant"`
	at, until int64
	digest    string
}

// body writes what was understood: what it says in another form, or with a member more, is another body.
func (r *receipt) body() string {
	effects := make([]string, len(r.Effects))
	for i, e := range r.Effects {
		effects[i] = fmt.Sprintf("{\"good\":%t,\"items\":%s,\"place\":%s,\"seen\":%s}", e.Good, e.Items, quote(e.Place), quote(e.Seen))
	}
	return fmt.Sprintf("{\"after\":%s,\"at\":%s,\"before\":%s,\"detail\":%s,\"effects\":[%s],\"format\":\"sekisho-receipt/1\",\"items\":%s,\"number\":%s,\"order\":%s,\"previous\":%s,\"step\":%s,\"target\":%s,"+
		"\"text\":%s,\"until\":%s,\"warrant\":%s}\n", quote(r.After), quote(r.At), quote(r.Before), quote(r.Detail), strings.Join(effects, ","), r.Items, r.Number, quote(r.Order), quote(r.Previous), quote(r.Step),
		quote(r.Target), quote(r.Text), quote(r.Until), quote(r.Warrant))
}

// isLine: one line without control characters, of at most that many bytes.
func isLine(text string, max int) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] == 127 {
			return false
		}
	}
	return len(text) <= max && utf8.ValidString(text)
}

func isDigest(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

func readTime(text string, into *int64) bool {
	at, err := time.Parse(timeForm, text)
	*into = at.UnixNano()
	return err == nil && at.Format(timeForm) == text && *into >= 0
}

// inRange names the first member that is not what docs/formats/receipt.md says.
func (r *receipt) inRange() string {
	switch {
	case !isDigest(r.After) || !isDigest(r.Before):
		return "before"
	case !isDigest(r.Previous):
		return "previous"
	case !isDigest(r.Warrant):
		return "warrant"
	case !readTime(r.At, &r.at) || !readTime(r.Until, &r.until):
		return "at"
	case !receiptSteps[r.Step]:
		return "step"
	case !isLine(r.Order, receiptOrderMax):
		return "order"
	case !isLine(r.Target, receiptTargetMax):
		return "target"
	case !isLine(r.Detail, receiptDetailMax):
		return "detail"
	case len(r.Effects) > receiptEffectsMax:
		return "effects"
	case len(r.Text) > receiptTextMax || strings.IndexByte(r.Text, 0) >= 0:
		return "text"
	}
	for _, e := range r.Effects {
		if !isLine(e.Place, receiptPlaceMax) || !isLine(e.Seen, receiptPlaceMax) {
			return "effects"
		}
	}
	return ""
}

func (k verifyKey) signed(n signedNote) bool {
	found := false
	for _, line := range n.signatures {
		if line.name != k.name || line.id != k.id {
			continue
		}
		if good, err := k.verifies([]byte(n.body), line.bytes); err != nil || !good {
			return false
		}
		found = true
	}
	return found
}

func (o *opened) readReceipt(text string) (*receipt, error) {
	if len(text) > receiptNoteMax {
		return nil, o.refuse("receipt", "%d bytes, expected at most %d", len(text), receiptNoteMax)
	}
	n, err := parseNote(text)
	if err != nil {
		return nil, o.refuse("receipt", "%v", err)
	}
	if !o.enforcer.signed(n) {
		return nil, o.refuse("receipt", "no good signature by the key %s (id %08x)", o.enforcer.name, o.enforcer.id)
	}
	r := &receipt{}
	if err := json.Unmarshal([]byte(n.body), r); err != nil {
		return nil, o.refuse("receipt", "%v", err)
	}
	if field := r.inRange(); field != "" {
		return nil, o.refuse("receipt", "member '%s' is missing or out of its range", field)
	}
	if r.body() != n.body {
		return nil, o.refuse("receipt", "not the canonical form of what it says, or a member that is not known here")
	}
	r.digest = digestOf(n.body)
	return r, nil
}

// stepFits: which step of the enforcer an act may tell.
func stepFits(event, step string) bool {
	switch event {
	case "set":
		return step == "active"
	case "undone":
		return step == "closed"
	case "fail":
		return step == "refused" || step == "ending"
	}
	return true
}

// receiptState is what was read of one warrant's receipts so far.
type receiptState struct {
	count           uint64
	last            string
	at              int64
	accepted, ended bool
}

func (o *opened) receiptChain(c *receiptState, r *receipt) error {
	last := c.last
	if c.count == 0 {
		last = zeros
	}
	switch {
	case uint64(r.Number) != c.count:
		return o.refuse("receipt", "expected number %d, found %d: one is missing, or stands twice", c.count, uint64(r.Number))
	case r.Previous != last:
		return o.refuse("receipt", "it does not name the one before it")
	case c.count != 0 && r.at < c.at:
		return o.refuse("receipt", "it is older than the one before it")
	case c.ended:
		return o.refuse("receipt", "it comes after the end")
	case !c.accepted && r.Step != "accepted" && r.Step != "refused":
		return o.refuse("receipt", "it comes before the warrant was accepted")
	}
	return nil
}

func (o *opened) receiptAct(s *orderState) error {
	text := o.act.text("receipt")
	if o.enforcer.name == "" {
		if text != "" {
			o.receiptsUnread++
		}
		return nil
	}
	if text == "" {
		return o.refuse("receipt", "expected the enforcer's, found none")
	}
	r, err := o.readReceipt(text)
	if err != nil {
		return err
	}
	switch sets := r.Step == "canary" || r.Step == "active"; {
	case r.Warrant != s.warrant || (r.Order != "" && r.Order != o.act.ID):
		return o.refuse("receipt", "it is about another warrant than the one that follows from the approvals")
	case !stepFits(o.act.Event, r.Step):
		return o.refuse("receipt", "the enforcer says '%s', which is no '%s'", r.Step, o.act.Event)
	case sets && (r.until == 0 || r.until > s.notAfter || r.at >= r.until):
		return o.refuse("receipt", "a measure was set that outlives its warrant")
	}
	if err := o.receiptChain(&s.receipts, r); err != nil {
		return err
	}
	c := &s.receipts
	c.accepted = c.accepted || r.Step == "accepted"
	c.ended = r.Step == "closed" || (r.Step == "refused" && c.count == 0)
	c.count, c.last, c.at = c.count+1, r.digest, r.at
	o.receipts++
	return nil
}
