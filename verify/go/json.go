// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
)

// A value of canonical JSON as records use it: objects with ascending keys, arrays, texts of printable ASCII without escapes, integers below 2^53 in
// magnitude, true, false, null. Anything else is refused while reading.
type value struct {
	form     byte // '{' '[' '"' '0' 't' 'n'
	keys     []string
	children []value
	text     string
	integer  int64
	yes      bool
}

const (
	firstUnsafe = int64(1) << 53
	depthMax    = 4
)

type reader struct {
	input string // texts of values are parts of it: one allocation a record
	at    int
}

func (r *reader) wrong(expected string) error {
	found := "the end"
	if r.at < len(r.input) {
		found = strconv.QuoteToASCII(r.input[r.at : r.at+1])
	}
	return fmt.Errorf("byte %d: expected %s, found %s", r.at, expected, found)
}

func (r *reader) peek() byte {
	if r.at < len(r.input) {
		return r.input[r.at]
	}
	return 0
}

func (r *reader) accept(literal string) bool {
	if len(r.input)-r.at < len(literal) || r.input[r.at:r.at+len(literal)] != literal {
		return false
	}
	r.at += len(literal)
	return true
}

func (r *reader) readText() (string, error) {
	if !r.accept(`"`) {
		return "", r.wrong("a text")
	}
	start := r.at
	for r.peek() != '"' {
		if c := r.peek(); c < 0x20 || c > 0x7e || c == '\\' {
			return "", r.wrong("printable ASCII without escapes")
		}
		r.at++
	}
	r.at++
	return r.input[start : r.at-1], nil
}

func (r *reader) readInteger() (int64, error) {
	start := r.at
	r.accept("-")
	digits := r.at
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.at++
	}
	n, err := strconv.ParseInt(r.input[start:r.at], 10, 64)
	leading := r.at-digits > 1 && r.input[digits] == '0'
	if err != nil || leading || (n == 0 && start != digits) || n >= firstUnsafe || n <= -firstUnsafe {
		r.at = start
		return 0, r.wrong("an integer in canonical form")
	}
	if c := r.peek(); c == '.' || c == 'e' || c == 'E' {
		return 0, r.wrong("an integer without fraction or exponent")
	}
	return n, nil
}

func (r *reader) readObject(depth int) (value, error) {
	v := value{form: '{'}
	room := 2 // a tally; a whole record has more
	if depth == 0 {
		room = 32
	}
	v.keys, v.children = make([]string, 0, room), make([]value, 0, room)
	for first := true; ; first = false {
		if first && r.accept("}") {
			return v, nil
		}
		key, err := r.readText()
		if err != nil {
			return v, err
		}
		if !first && key <= v.keys[len(v.keys)-1] {
			return v, fmt.Errorf("byte %d: key %s stands twice or out of order", r.at, key)
		}
		if !r.accept(":") {
			return v, r.wrong("a colon")
		}
		child, err := r.read(depth + 1)
		if err != nil {
			return v, err
		}
		v.keys, v.children = append(v.keys, key), append(v.children, child)
		if r.accept("}") {
			return v, nil
		}
		if !r.accept(",") {
			return v, r.wrong("a comma or }")
		}
	}
}

func (r *reader) readArray(depth int) (value, error) {
	v := value{form: '['}
	for first := true; ; first = false {
		if first && r.accept("]") {
			return v, nil
		}
		child, err := r.read(depth + 1)
		if err != nil {
			return v, err
		}
		v.children = append(v.children, child)
		if r.accept("]") {
			return v, nil
		}
		if !r.accept(",") {
			return v, r.wrong("a comma or ]")
		}
	}
}

func (r *reader) read(depth int) (value, error) {
	if depth > depthMax {
		return value{}, r.wrong("no deeper nesting")
	}
	switch c := r.peek(); {
	case r.accept("{"):
		return r.readObject(depth)
	case r.accept("["):
		return r.readArray(depth)
	case c == '"':
		text, err := r.readText()
		return value{form: '"', text: text}, err
	case c == '-' || (c >= '0' && c <= '9'):
		n, err := r.readInteger()
		return value{form: '0', integer: n}, err
	case r.accept("true"):
		return value{form: 't', yes: true}, nil
	case r.accept("false"):
		return value{form: 't'}, nil
	case r.accept("null"):
		return value{form: 'n'}, nil
	}
	return value{}, r.wrong("a value")
}

func parseCanonical(input []byte) (value, error) {
	r := reader{input: string(input)}
	v, err := r.read(0)
	if err == nil && r.at != len(input) {
		err = r.wrong("the end")
	}
	if err == nil && v.form != '{' {
		err = fmt.Errorf("byte 0: expected an object")
	}
	return v, err
}

func (v value) member(key string) (value, bool) {
	for i, k := range v.keys {
		if k == key {
			return v.children[i], true
		}
	}
	return value{}, false
}
