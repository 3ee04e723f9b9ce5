// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
)

// The register as the acts establish it.

type org struct {
	id, kind string
	host     bool
}

type heldKey struct {
	key     verifyKey
	revoked bool
}

type account struct {
	id     string
	org    *org
	closed bool
	roles  map[string]bool
	keys   []*heldKey
}

type leaseState struct {
	holder  *account
	seconds int64
	until   int64
}

func (a *account) oversight() bool { return a.org.kind == "oversight" }

func (a *account) seat() bool {
	return a.roles["oversight_chair"] || a.roles["oversight_deputy"] || a.roles["oversight_member"]
}

func (o *opened) account(id string) *account {
	for _, a := range o.accounts {
		if a.id == id {
			return a
		}
	}
	return nil
}

func (o *opened) signedBy(a *account) bool {
	for _, s := range o.signers {
		if s == a {
			return true
		}
	}
	return false
}

func (o *opened) findSigners() error {
	o.signers, o.byCentre, o.byFounder = nil, false, false
	if len(o.orgs) == 0 {
		return o.founding()
	}
	o.signed += len(o.note.signatures)
	first := o.note.signatures[0]
	if o.act.Matter == "org" && o.act.Event == "panel" && len(o.note.signatures) == 1 && first.id == o.founder.id && first.name == o.founder.name {
		if o.byFounder, _ = o.founder.verifies([]byte(o.note.body), first.bytes); !o.byFounder {
			return o.refuse("signature", "the founder's does not verify over the statement")
		}
		return nil
	}
	if len(o.note.signatures) == 1 && first.id == o.centre.id && first.name == o.centre.name {
		o.byCentre = true
		if good, _ := o.centre.verifies([]byte(o.note.body), first.bytes); !good {
			return o.refuse("signature", "the centre's does not verify over the statement")
		}
		return nil
	}
	for _, line := range o.note.signatures {
		if err := o.addSigner(line); err != nil {
			return err
		}
	}
	return nil
}

func (o *opened) addSigner(line signatureLine) error {
	why := "nobody's key"
	for _, a := range o.accounts {
		for _, held := range a.keys {
			if held.key.id != line.id || held.key.name != line.name {
				continue
			}
			if held.revoked || a.closed {
				why = "a key that was revoked, or of an account that was closed"
				continue
			}
			good, err := held.key.verifies([]byte(o.note.body), line.bytes)
			if err != nil {
				return o.refuse("signature", "%v", err)
			}
			if !good {
				return o.refuse("signature", "the one by %s+%08x does not verify over the statement", line.name, line.id)
			}
			if !o.signedBy(a) {
				o.signers = append(o.signers, a)
			}
			return nil
		}
	}
	return o.refuse("signature", "%s+%08x: %s", line.name, line.id, why)
}

func (o *opened) founding() error {
	if o.act.Matter != "org" || o.act.Event != "found" {
		return o.refuse("signature", "nobody is known yet: expected the first act to found an organisation")
	}
	founder, err := parseKey(o.act.text("founder"))
	good := false
	if err == nil && len(o.note.signatures) == 1 && o.note.signatures[0].name == founder.name && o.note.signatures[0].id == founder.id {
		good, err = founder.verifies([]byte(o.note.body), o.note.signatures[0].bytes)
	}
	if err != nil || !good {
		return o.refuse("signature", "expected one, by the key that the act names as the founder's")
	}
	o.signed++
	o.founder = founder
	return nil
}

// one is the one account that signed.
func (o *opened) one() (*account, error) {
	if o.byCentre {
		return nil, o.refuse("signature", "expected one by an account, found the centre's own")
	}
	if len(o.signers) != 1 || len(o.note.signatures) != 1 {
		return nil, o.refuse("signature", "expected exactly one, found %d", len(o.note.signatures))
	}
	return o.signers[0], nil
}

// ---- authority ----

func (o *opened) needAdministrator(of *org) error {
	for _, a := range o.signers {
		if a.roles["administrator"] && (a.org.host || a.org == of) {
			return nil
		}
	}
	return o.refuse("signature", "expected one by an administrator of the host or of that organisation")
}

func (o *opened) needPanel() error {
	panel, hands, led := 0, 0, false
	for _, a := range o.accounts {
		if !a.oversight() || a.closed || !a.seat() {
			continue
		}
		panel++
		if o.signedBy(a) {
			hands++
			led = led || a.roles["oversight_chair"] || a.roles["oversight_deputy"]
		}
	}
	least, present := panel/2+1, panel
	if present > 3 {
		present = 3
	}
	if present > least {
		least = present
	}
	o.quorums++
	if hands < least || !led {
		return o.refuse("quorum", "expected %d of oversight's panel of %d with chair or deputy, found %d", least, panel, hands)
	}
	return nil
}

func (o *opened) needAuthority(of *org) error {
	if of.kind == "oversight" {
		return o.needPanel()
	}
	return o.needAdministrator(of)
}

// ---- changes ----

func (o *opened) addKey(a *account, text string) error {
	key, err := parseKey(text)
	if err != nil {
		return o.refuse("body", "%v", err)
	}
	for _, other := range o.accounts {
		for _, held := range other.keys {
			if string(held.key.public) == string(key.public) || (held.key.id == key.id && held.key.name == key.name) {
				return o.refuse("key", "%s is, or was, a key of the account %s", key.name, other.id)
			}
		}
	}
	a.keys = append(a.keys, &heldKey{key: key})
	return nil
}

func (o *opened) addAccount(id string, of *org) (*account, error) {
	if o.account(id) != nil {
		return nil, o.refuse("id", "there is, or was, an account %s", id)
	}
	a := &account{id: id, org: of, roles: map[string]bool{}}
	o.accounts = append(o.accounts, a)
	return a, nil
}

var roleGroups = map[string]int{"administrator": 1, "analyst": 2, "approver": 3, "legal": 3, "privacy_officer": 3, "foreign_affairs": 3,
	"oversight_chair": 4, "oversight_deputy": 4, "oversight_member": 4, "oversight_expert": 4, "oversight_inspector": 4}

func (o *opened) addRole(a *account, role string) error {
	if a.roles[role] {
		return o.refuse("roles", "%s has the role %s already", a.id, role)
	}
	a.roles[role] = true
	groups := map[int]bool{}
	for r := range a.roles {
		if g := roleGroups[r]; g != 0 {
			groups[g] = true
		}
		if (roleGroups[r] == 4) != a.oversight() {
			return o.refuse("roles", "roles of oversight are had in oversight, and nothing else is had there")
		}
	}
	if len(groups) > 1 {
		return o.refuse("roles", "administrator, analyst, approver and oversight exclude each other on one account")
	}
	return nil
}

func (o *opened) addOrg(kind string, host bool) (*org, error) {
	if o.orgs[o.act.ID] != nil {
		return nil, o.refuse("id", "there is an organisation of that name")
	}
	made := &org{id: o.act.ID, kind: kind, host: host}
	o.orgs[o.act.ID] = made
	return made, nil
}

func (o *opened) orgAct() error {
	if err := o.stepIs("", "open"); err != nil {
		return err
	}
	kind := o.act.text("kind")
	switch o.act.Event {
	case "found":
		if len(o.orgs) != 0 {
			return o.refuse("event", "the centre is founded already")
		}
		if kind == "" || kind == "oversight" || kind == "nss" {
			return o.refuse("kind", "a centre is founded neither by oversight nor by who may see no data")
		}
		made, err := o.addOrg(kind, true)
		if err != nil {
			return err
		}
		a, err := o.addAccount(o.act.text("account"), made)
		if err != nil {
			return err
		}
		a.roles["administrator"] = true
		return o.addKey(a, o.act.text("key"))
	case "panel":
		return o.panelAct()
	case "add":
		if kind == "" || kind == "oversight" {
			return o.refuse("kind", "oversight has keys of its own and is founded by its panel's")
		}
		if err := o.needAdministrator(nil); err != nil {
			return err
		}
		_, err := o.addOrg(kind, false)
		return err
	}
	return o.refuse("event", "no step of an organisation")
}

func (o *opened) panelAct() error {
	for _, other := range o.orgs {
		if other.kind == "oversight" {
			return o.refuse("event", "oversight is there already, and changes by its own panel alone")
		}
	}
	if !o.byFounder {
		if err := o.needAdministrator(nil); err != nil {
			return err
		}
	}
	keys, good := o.act.texts("keys")
	if !good || len(keys) == 0 {
		return o.refuse("body", "expected the panel's keys")
	}
	made, err := o.addOrg("oversight", false)
	if err != nil {
		return err
	}
	for number, key := range keys {
		id, role := fmt.Sprintf("%.30s.member-%d", o.act.ID, number), "oversight_member"
		if number == 0 {
			id, role = fmt.Sprintf("%.30s.chair", o.act.ID), "oversight_chair"
		}
		a, err := o.addAccount(id, made)
		if err != nil {
			return err
		}
		a.roles[role] = true
		if err := o.addKey(a, key); err != nil {
			return err
		}
	}
	return nil
}

func (o *opened) openAccount() error {
	of := o.orgs[o.act.text("org")]
	if of == nil {
		return o.refuse("org", "no such organisation: %s", o.act.text("org"))
	}
	if err := o.needAuthority(of); err != nil {
		return err
	}
	keys, good := o.act.texts("keys")
	roles, good2 := o.act.texts("roles")
	if !good || !good2 || len(keys) == 0 {
		return o.refuse("body", "expected keys and roles")
	}
	a, err := o.addAccount(o.act.ID, of)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if err := o.addRole(a, role); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := o.addKey(a, key); err != nil {
			return err
		}
	}
	return nil
}

func (o *opened) accountAct() error {
	if o.act.Event == "open" {
		if err := o.stepIs("", "open"); err != nil {
			return err
		}
		return o.openAccount()
	}
	a := o.account(o.act.ID)
	if a == nil || a.closed {
		return o.refuse("id", "no such account, or closed for good")
	}
	from, to := "open", "open"
	if o.leaf.record.count("previous") == 0 {
		from = ""
	}
	if o.act.Event == "close" {
		to = "closed"
	}
	if err := o.stepIs(from, to); err != nil {
		return err
	}
	switch o.act.Event {
	case "close":
		if err := o.needAuthority(a.org); err != nil {
			return err
		}
		a.closed = true
		return nil
	case "role.grant", "role.revoke":
		if err := o.needAuthority(a.org); err != nil {
			return err
		}
		role := o.act.text("role")
		if o.act.Event == "role.grant" {
			if !a.oversight() && o.signedBy(a) {
				return o.refuse("signature", "%s gives a role to itself", a.id)
			}
			return o.addRole(a, role)
		}
		if !a.roles[role] {
			return o.refuse("roles", "%s has not the role %s", a.id, role)
		}
		delete(a.roles, role)
		return nil
	case "key.add", "key.revoke":
		return o.keyAct(a)
	}
	return o.refuse("event", "no step of an account")
}

func (o *opened) keyAct(a *account) error {
	add, holder := o.act.Event == "key.add", o.signedBy(a)
	if add && !holder {
		return o.refuse("signature", "a further key needs the signature of its holder by a key that is in force")
	}
	if add || !holder {
		if err := o.needAuthority(a.org); err != nil {
			return err
		}
	}
	if add {
		return o.addKey(a, o.act.text("key"))
	}
	key, err := parseKey(o.act.text("key"))
	if err != nil {
		return o.refuse("body", "%v", err)
	}
	for _, held := range a.keys {
		if !held.revoked && string(held.key.public) == string(key.public) {
			held.revoked = true
			return nil
		}
	}
	return o.refuse("key", "%s is no key of %s that is in force", key.name, a.id)
}

// ---- leases ----

var leaseSteps = map[step]string{{"", "request", ""}: "requested", {"requested", "grant", ""}: "granted", {"requested", "refuse", ""}: "refused", {"granted", "use", ""}: "granted",
	{"granted", "expire", ""}: "expired", {"granted", "revoke", ""}: "revoked", {"requested", "revoke", ""}: "revoked"}

func (o *opened) leaseAct() error {
	from, event := o.leaf.record.text("from"), o.act.Event
	next, known := leaseSteps[step{from, event, ""}]
	if !known {
		return o.refuse("event", "no such step of a lease from '%s'", from)
	}
	if err := o.stepIs(from, next); err != nil {
		return err
	}
	if o.matter.lease == nil {
		holder, err := o.one()
		if err != nil {
			return err
		}
		l := &leaseState{holder: holder}
		if json.Unmarshal(o.act.fields["seconds"], &l.seconds) != nil || l.seconds < 1 || l.seconds > 8*3600 {
			return o.refuse("seconds", "expected 1 to %d", 8*3600)
		}
		o.matter.lease = l
		return nil
	}
	l := o.matter.lease
	var who *account
	if event != "expire" || !o.byCentre {
		var err error
		if who, err = o.one(); err != nil {
			return err
		}
	}
	switch {
	case (event == "grant" || event == "refuse") && who == l.holder:
		return o.refuse("signature", "%s decides about its own lease", who.id)
	case event == "grant":
		l.until = o.act.ns + l.seconds*1000000000
	case event == "use" && (who != l.holder || o.act.ns >= l.until):
		return o.refuse("time", "only its holder uses a lease, and not after its end")
	case event == "expire" && o.act.ns < l.until:
		return o.refuse("time", "the lease runs still")
	}
	return nil
}
