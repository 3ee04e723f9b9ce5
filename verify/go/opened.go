// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What a centre's ledger only commits to, opened: written from docs/formats/act.md, docs/formats/keys.md and docs/oversight.md.
// rules: OPENED-1 commitments, OPENED-2 chains, OPENED-3 signatures and authority, OPENED-4 steps, OPENED-5 quorums.

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// ---- keys ----

type verifyKey struct {
	name, kind, scope, text string
	id                      uint32
	public                  []byte
}

func parseKey(text string) (verifyKey, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || parts[0] == "" || len(parts[1]) != 8 {
		return verifyKey{}, errors.New("expected a verifier key")
	}
	id, err := strconv.ParseUint(parts[1], 16, 32)
	raw, err2 := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || err2 != nil || len(raw) < 2 {
		return verifyKey{}, errors.New("expected a verifier key")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if uint32(id) != binary.BigEndian.Uint32(digest[:4]) {
		return verifyKey{}, errors.New("expected a verifier key whose id fits")
	}
	key := verifyKey{name: parts[0], text: text, id: uint32(id)}
	switch {
	case raw[0] == 0x01 && len(raw) == 33:
		key.kind, key.public = "note", raw[1:]
	case raw[0] == 0xff && bytes.IndexByte(raw, '\n') > 0:
		cut := bytes.IndexByte(raw, '\n')
		key.kind = string(raw[1:cut])
		size := 32
		if key.kind == "webauthn-es256" {
			size = 33
		}
		if len(raw) < cut+1+size {
			return verifyKey{}, errors.New("expected a verifier key")
		}
		key.public, key.scope = raw[cut+1:cut+1+size], string(raw[cut+1+size:])
	default:
		return verifyKey{}, errors.New("expected a verifier key of a person")
	}
	return key, nil
}

// sshString cuts one string of the SSH wire format off.
func sshString(b *[]byte) ([]byte, bool) {
	if len(*b) < 4 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint32(*b))
	if n < 0 || n > len(*b)-4 {
		return nil, false
	}
	s := (*b)[4 : 4+n]
	*b = (*b)[4+n:]
	return s, true
}

func sshPack(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		out = append(append(out, n[:]...), p...)
	}
	return out
}

// sshsig checks an SSHSIG blob (OpenSSH PROTOCOL.sshsig, PROTOCOL.u2f).
func sshsig(key verifyKey, text, blob []byte) bool {
	if !bytes.HasPrefix(blob, []byte("SSHSIG\x00\x00\x00\x01")) {
		return false
	}
	rest := blob[10:]
	var fields [5][]byte
	for i := range fields {
		var good bool
		if fields[i], good = sshString(&rest); !good {
			return false
		}
	}
	public, namespace, reserved, hash, signature := fields[0], fields[1], fields[2], fields[3], fields[4]
	kind, sk := "ssh-ed25519", key.kind == "sshsig-sk-ed25519"
	want := sshPack([]byte(kind), key.public)
	if sk {
		kind = "sk-ssh-ed25519@openssh.com"
		want = sshPack([]byte(kind), key.public, []byte(key.scope))
	}
	var digest []byte
	switch string(hash) {
	case "sha512":
		d := sha512.Sum512(text)
		digest = d[:]
	case "sha256":
		d := sha256.Sum256(text)
		digest = d[:]
	default:
		return false
	}
	if len(rest) != 0 || !bytes.Equal(public, want) || string(namespace) != "sekisho-act" || len(reserved) != 0 {
		return false
	}
	message := append([]byte("SSHSIG"), sshPack(namespace, reserved, hash, digest)...)
	name, good := sshString(&signature)
	value, good2 := sshString(&signature)
	if !good || !good2 || string(name) != kind || len(value) != ed25519.SignatureSize {
		return false
	}
	if !sk {
		return len(signature) == 0 && ed25519.Verify(key.public, message, value)
	}
	if len(signature) != 5 || signature[0]&1 == 0 {
		return false
	}
	application, body := sha256.Sum256([]byte(key.scope)), sha256.Sum256(message)
	signed := append(append(append([]byte{}, application[:]...), signature...), body[:]...)
	return ed25519.Verify(key.public, signed, value)
}

func (k verifyKey) verifies(text, signature []byte) (bool, error) {
	switch k.kind {
	case "note":
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.public, text, signature), nil
	case "sshsig-ed25519", "sshsig-sk-ed25519":
		return sshsig(k, text, signature), nil
	case "webauthn-ed25519", "webauthn-es256":
		return webauthn(k, text, signature), nil
	}
	return false, fmt.Errorf("a key of kind %s, which this program does not read; sekisho-verify does", k.kind)
}

// ---- notes and statements ----

type signatureLine struct {
	name  string
	id    uint32
	bytes []byte
}

type signedNote struct {
	body       string
	signatures []signatureLine
}

func parseNote(text string) (signedNote, error) {
	var n signedNote
	cut := strings.LastIndex(text, "\n\n")
	if cut < 0 || !strings.HasSuffix(text, "\n") {
		return n, errors.New("expected a signed note")
	}
	n.body = text[:cut+1]
	for _, line := range strings.Split(strings.TrimSuffix(text[cut+2:], "\n"), "\n") {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "\u2014" || parts[1] == "" {
			return n, errors.New("expected signature lines")
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
		if err != nil || len(raw) < 5 {
			return n, errors.New("expected a signature in base64")
		}
		n.signatures = append(n.signatures, signatureLine{parts[1], binary.BigEndian.Uint32(raw), raw[4:]})
	}
	return n, nil
}

type statement struct {
	Body     json.RawMessage `json:"body"`
	Event    string          `json:"event"`
	Format   string          `json:"format"`
	ID       string          `json:"id"`
	Matter   string          `json:"matter"`
	Policy   string          `json:"policy"`
	Previous string          `json:"previous"`
	Time     string          `json:"time"`
	digest   string
	ns       int64
	fields   map[string]json.RawMessage
}

const timeForm = "2006-01-02T15:04:05.000000000Z"

// parseStatement accepts the canonical form alone: written again it must be the same line.
func parseStatement(line string) (statement, error) {
	var s statement
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		return s, err
	}
	again := fmt.Sprintf("{\"body\":%s,\"event\":\"%s\",\"format\":\"sekisho-act/1\",\"id\":\"%s\",\"matter\":\"%s\",\"policy\":\"%s\",\"previous\":\"%s\",\"time\":\"%s\"}\n",
		s.Body, s.Event, s.ID, s.Matter, s.Policy, s.Previous, s.Time)
	if again != line {
		return s, errors.New("expected the canonical form of an act")
	}
	at, err := time.Parse(timeForm, s.Time)
	if err != nil || at.Format(timeForm) != s.Time {
		return s, errors.New("expected a time with nine digits")
	}
	if err := json.Unmarshal(s.Body, &s.fields); err != nil {
		return s, errors.New("expected an object as body")
	}
	s.ns = at.UnixNano()
	sum := sha256.Sum256([]byte(line))
	s.digest = hex.EncodeToString(sum[:])
	return s, nil
}

func (s statement) text(member string) string {
	var out string
	if json.Unmarshal(s.fields[member], &out) != nil {
		return ""
	}
	return out
}

func (s statement) texts(member string) ([]string, bool) {
	var out []string
	err := json.Unmarshal(s.fields[member], &out)
	return out, err == nil
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// ---- openings ----

type opening struct {
	ID         string `json:"id"`
	Leaf       uint64 `json:"leaf"`
	MatterSalt string `json:"matter_salt"`
	Note       string `json:"note"`
	NoteSalt   string `json:"note_salt"`
}

type actLeaf struct {
	index  uint64
	record record
	matter *matter
}

type matter struct {
	kind, id, digest string
	lastLeaf         uint64
	lastNs           int64
	basis            *basisState
	order            *orderState
	lease            *leaseState
	plain            *plainState
}

type opened struct {
	centre         verifyKey
	founder        verifyKey
	enforcer       verifyKey // its receipts are read where it is named
	leaves         []actLeaf
	count          int
	byIndex        map[uint64]int
	matters        map[string]*matter
	orgs           map[string]*org
	accounts       []*account
	acts           map[string]int
	signed         int
	quorums        int
	heldOpen       int
	looks          int64
	receipts       int
	receiptsUnread int
	// the act at hand
	leaf      *actLeaf
	matter    *matter
	act       statement
	note      signedNote
	noteText  string
	signers   []*account
	byCentre  bool
	byFounder bool
}

func newOpened(s *state, centre string) (*opened, error) {
	key, err := parseKey(centre)
	o := &opened{centre: key, byIndex: map[uint64]int{}, matters: map[string]*matter{}, orgs: map[string]*org{}, acts: map[string]int{}}
	for index, kind := range s.kinds {
		if kind == "act" {
			o.byIndex[uint64(index)] = len(o.leaves)
			o.leaves = append(o.leaves, actLeaf{index: uint64(index), record: s.kept[uint64(index)]})
		}
	}
	return o, err
}

func (o *opened) refuse(what, format string, arguments ...interface{}) error {
	return fmt.Errorf("leaf %d (%s %s): %s: %s", o.leaf.index, o.leaf.record.text("matter"), o.leaf.record.text("event"), what, fmt.Sprintf(format, arguments...))
}

func commitment(saltHex, content string) string {
	salt, err := hex.DecodeString(saltHex)
	if err != nil || len(salt) != 32 {
		return ""
	}
	sum := sha256.Sum256(append(append([]byte{2}, salt...), content...))
	return hex.EncodeToString(sum[:])
}

func (o *opened) line(text string) error {
	number := o.count + 1
	if o.count == len(o.leaves) {
		return fmt.Errorf("openings, line %d: the ledger has no more acts", number)
	}
	var line opening
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		return fmt.Errorf("openings, line %d: %v", number, err)
	}
	o.leaf = &o.leaves[o.count]
	if line.Leaf != o.leaf.index {
		return fmt.Errorf("openings, line %d: expected leaf %d, the next act of the ledger, found %d", number, o.leaf.index, line.Leaf)
	}
	if err := o.check(line); err != nil {
		return err
	}
	o.count++
	return nil
}

func (o *opened) check(line opening) error {
	r := o.leaf.record
	if commitment(line.NoteSalt, line.Note) != r.text("document") {
		return o.refuse("document", "the note is not the one that the ledger commits to")
	}
	if commitment(line.MatterSalt, r.text("matter")+" "+line.ID) != r.text("subject") {
		return o.refuse("subject", "the matter is not the one that the ledger commits to")
	}
	var err error
	if o.note, err = parseNote(line.Note); err != nil {
		return o.refuse("statement", "%v", err)
	}
	o.noteText = line.Note
	if o.act, err = parseStatement(o.note.body); err != nil {
		return o.refuse("statement", "%v", err)
	}
	switch {
	case o.act.Matter != r.text("matter") || o.act.ID != line.ID:
		return o.refuse("statement", "expected matter %s, %s, found %s, %s", r.text("matter"), line.ID, o.act.Matter, o.act.ID)
	case o.act.Event != r.text("event"):
		return o.refuse("event", "expected %s, found %s in what was signed", r.text("event"), o.act.Event)
	case o.act.ns != r.time("time_ns"):
		return o.refuse("time_ns", "expected %d as in the leaf, found %d in what was signed", r.time("time_ns"), o.act.ns)
	case o.act.Policy != r.text("policy"):
		return o.refuse("policy", "the leaf names another policy than what was signed")
	}
	if err := o.findMatter(); err != nil {
		return err
	}
	if err := o.findSigners(); err != nil {
		return err
	}
	if err := o.judge(); err != nil {
		return err
	}
	o.acts[o.act.Matter]++
	o.matter.digest, o.matter.lastLeaf, o.matter.lastNs = o.act.digest, o.leaf.index, o.act.ns
	o.leaf.matter = o.matter
	return nil
}

func (o *opened) findMatter() error {
	previous := o.leaf.record.count("previous")
	key := o.act.Matter + " " + o.act.ID
	if previous == 0 {
		if m := o.matters[key]; m != nil {
			return o.refuse("previous", "this matter has begun already (its last act is leaf %d), expected this act to go on from there", m.lastLeaf)
		}
		if o.act.Previous != zeros {
			return o.refuse("previous", "the leaf says that it is the first of its matter, the statement names an act before it")
		}
		o.matter = &matter{kind: o.act.Matter, id: o.act.ID, lastNs: -1 << 63}
		o.matters[key] = o.matter
		return nil
	}
	at, known := o.byIndex[previous-1]
	if !known || at >= o.count {
		return o.refuse("previous", "expected an earlier act, found leaf %d", previous-1)
	}
	o.matter = o.leaves[at].matter
	switch {
	case o.matter.kind != o.act.Matter || o.matter.id != o.act.ID:
		return o.refuse("id", "leaf %d, which it goes on from, is of another matter", previous-1)
	case o.matter.lastLeaf != previous-1:
		return o.refuse("previous", "expected to go on from leaf %d, the last act of the matter, found leaf %d", o.matter.lastLeaf, previous-1)
	case o.matter.digest != o.act.Previous:
		return o.refuse("previous", "expected the digest of the statement of leaf %d, found another: it was signed over something else", previous-1)
	case o.act.ns < o.matter.lastNs:
		return o.refuse("time", "expected no earlier than the act before it")
	}
	return nil
}

func (o *opened) judge() error {
	switch o.act.Matter {
	case "org":
		return o.orgAct()
	case "account":
		return o.accountAct()
	case "lease":
		return o.leaseAct()
	case "basis":
		return o.basisAct()
	case "order":
		return o.orderAct()
	case "remark", "selfreport", "inspection", "retention", "reident", "rekey", "access", "report", "case":
		return o.plainAct()
	}
	return nil
}

func (o *opened) stepIs(from, to string) error {
	if found := o.leaf.record.text("from"); found != from {
		return o.refuse("from", "expected '%s', recomputed from the acts before it, found '%s'", from, found)
	}
	if found := o.leaf.record.text("to"); found != to {
		return o.refuse("to", "expected '%s', recomputed, found '%s'", to, found)
	}
	return nil
}

func (o *opened) done() error {
	if o.count == len(o.leaves) {
		return nil
	}
	leaf := o.leaves[o.count]
	return fmt.Errorf("leaf %d (%s %s): opening: expected one, found the end of the openings", leaf.index, leaf.record.text("matter"), leaf.record.text("event"))
}

func checkOpenings(path string, s *state, centre, enforcer string) (*opened, error) {
	content, err := readOrUnreadable(path)
	if err != nil {
		return nil, err
	}
	o, err := newOpened(s, centre)
	if err != nil {
		return nil, fmt.Errorf("leaf 0 (open): key: %w", err)
	}
	if enforcer != "" {
		text, err := keyOf("--enforcer", enforcer)
		if err != nil {
			return nil, err
		}
		if o.enforcer, err = parseKey(text); err != nil {
			return nil, usageError{fmt.Errorf("--enforcer: %w", err)}
		}
	}
	for len(content) != 0 {
		feed := bytes.IndexByte(content, '\n')
		if feed < 0 {
			return nil, errors.New("openings: the last line does not end: the file was cut off")
		}
		if err := o.line(string(content[:feed])); err != nil {
			return nil, err
		}
		content = content[feed+1:]
	}
	return o, o.done()
}

func (o *opened) print() {
	fmt.Printf("  opened     %d acts of %d matters, %d signatures, %d accounts; %d quorums counted again, %d votes held open beyond what the law asks\n", o.count, len(o.matters), o.signed,
		len(o.accounts), o.quorums, o.heldOpen)
	if o.receipts != 0 {
		fmt.Printf("  receipts   %d of the enforcer's, each of the warrant that follows from the approvals\n", o.receipts)
	}
	if o.receiptsUnread != 0 {
		fmt.Printf("  receipts   %d of the enforcer's NOT READ: name its key (--enforcer)\n", o.receiptsUnread)
	}
	if o.looks != 0 {
		fmt.Printf("  looks      %d by page, rows of the centre's book, none left out between two acts\n", o.looks)
	}
}
