// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Assertions of browsers under a note: written from docs/formats/keys.md and W3C Web Authentication level 2 (5.8.1.2, 6.1, 7.2).

const webauthnMost = 764 // bytes of an assertion in a note

// cut16 cuts a part with its length in two bytes off.
func cut16(b *[]byte) ([]byte, bool) {
	if len(*b) < 2 || len(*b)-2 < int(binary.BigEndian.Uint16(*b)) {
		return nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(*b))
	part := (*b)[2:n]
	*b = (*b)[n:]
	return part, true
}

// cutPrefix is strings.CutPrefix, which came after the oldest compiler that this is built with.
func cutPrefix(s, prefix string) (string, bool) {
	return strings.TrimPrefix(s, prefix), strings.HasPrefix(s, prefix)
}

// originOf says whether a page of the relying party asked: its own or one below it, over HTTPS; plain HTTP for the machine itself alone.
func originOf(origin, party string) bool {
	host, good := cutPrefix(origin, "https://")
	if !good && party == "localhost" {
		host, good = cutPrefix(origin, "http://")
	}
	if cut := strings.IndexByte(host, ':'); cut >= 0 {
		host = host[:cut]
	}
	return good && (host == party || strings.HasSuffix(host, "."+party))
}

// clientSays checks clientDataJSON by its fixed beginning: type, challenge, origin, crossOrigin.
func clientSays(client, challenge, party string) bool {
	rest, good := cutPrefix(client, `{"type":"webauthn.get","challenge":"`+challenge+`","origin":"`)
	cut := strings.IndexByte(rest, '"')
	if !good || cut < 0 || !originOf(rest[:cut], party) {
		return false
	}
	rest, good = cutPrefix(rest[cut+1:], `,"crossOrigin":false`)
	return good && (rest == "}" || strings.HasPrefix(rest, ","))
}

// authenticatorSays: this relying party, somebody present, no new credential, and extensions exactly where its flags say so.
func authenticatorSays(data []byte, party string) bool {
	digest := sha256.Sum256([]byte(party))
	if len(data) < 37 || !bytes.Equal(data[:32], digest[:]) {
		return false
	}
	flags := data[32]
	return flags&0x01 != 0 && flags&0x40 == 0 && (len(data) > 37) == (flags&0x80 != 0)
}

// webauthn checks a packed assertion over text, whose SHA-256 is the challenge.
func webauthn(key verifyKey, text, packed []byte) bool {
	if len(packed) > webauthnMost {
		return false
	}
	authenticator, good := cut16(&packed)
	client, good2 := cut16(&packed)
	challenge := sha256.Sum256(text)
	if !good || !good2 || !authenticatorSays(authenticator, key.scope) ||
		!clientSays(string(client), base64.RawURLEncoding.EncodeToString(challenge[:]), key.scope) {
		return false
	}
	clientDigest := sha256.Sum256(client)
	message := append(append([]byte{}, authenticator...), clientDigest[:]...)
	if key.kind == "webauthn-ed25519" {
		return len(packed) == ed25519.SignatureSize && ed25519.Verify(key.public, message, packed)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), key.public)
	digest := sha256.Sum256(message)
	return x != nil && ecdsa.VerifyASN1(&ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}, digest[:], packed)
}
