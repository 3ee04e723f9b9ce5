// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
)

const tileWidth = 256

type hash [sha256.Size]byte

func leafHash(entry []byte) hash {
	return sha256.Sum256(append([]byte{0}, entry...))
}

func nodeHash(left, right hash) hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// treeRoot is RFC 6962 2.1 as it is written there: split at the largest power of two below n.
func treeRoot(leaves []hash) hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1 << (bits.Len(uint(n-1)) - 1)
		return nodeHash(treeRoot(leaves[:k]), treeRoot(leaves[k:]))
	}
}

// tilePath is tile/L/N[.p/W] with N in groups of three digits; level "entries" is the bundles.
func tilePath(level string, index uint64, width int) string {
	n := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		n = fmt.Sprintf("x%03d/%s", index%1000, n)
	}
	path := "tile/" + level + "/" + n
	if width < tileWidth {
		path += ".p/" + strconv.Itoa(width)
	}
	return path
}

// readTile reads a tile or bundle. A partial one that a writer has dropped since is found at the head of the full one.
func readTile(folder, level string, index uint64, width int) (content []byte, path string, full bool, err error) {
	path = tilePath(level, index, width)
	content, err = readRegular(filepath.Join(folder, path))
	if errors.Is(err, fs.ErrNotExist) && width < tileWidth {
		if whole, wholeErr := readRegular(filepath.Join(folder, tilePath(level, index, tileWidth))); wholeErr == nil {
			return whole, tilePath(level, index, tileWidth), true, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, path, false, fmt.Errorf("%s: missing; the checkpoint's size needs it", path)
	}
	if err != nil {
		return nil, path, false, unreadable{err}
	}
	return content, path, width == tileWidth, nil
}

// splitBundle cuts a bundle into its entries; the second result says where each one ends.
func splitBundle(content []byte, path string, width int, prefixOfFull bool) (entries [][]byte, ends []int, err error) {
	at := 0
	for i := 0; i < width; i++ {
		if len(content)-at < 2 || len(content)-at-2 < int(binary.BigEndian.Uint16(content[at:])) {
			return nil, nil, fmt.Errorf("%s: offset %d: expected entry %d of %d, found the end of the file", path, at, i+1, width)
		}
		length := int(binary.BigEndian.Uint16(content[at:]))
		entries = append(entries, content[at+2:at+2+length])
		at += 2 + length
		ends = append(ends, at)
	}
	if at != len(content) && !prefixOfFull {
		return nil, nil, fmt.Errorf("%s: offset %d: expected the end after %d entries, found %d more bytes", path, at, width, len(content)-at)
	}
	return entries, ends, nil
}

func firstEntry(folder string, size uint64) ([]byte, error) {
	width := tileWidth
	if size < tileWidth {
		width = int(size)
	}
	content, path, full, err := readTile(folder, "entries", 0, width)
	if err != nil {
		return nil, err
	}
	entries, _, err := splitBundle(content, path, 1, full || width > 1)
	if err != nil {
		return nil, err
	}
	return entries[0], nil
}

func firstDifference(a, b []byte) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) < len(b) {
		return len(a)
	}
	return len(b)
}

// checkOlder compares what earlier checkpoints published of the same tile: every partial file that is still there must be a prefix.
func checkOlder(folder, level string, index uint64, width int, prefix func(width int) []byte) error {
	listing, err := os.ReadDir(filepath.Dir(filepath.Join(folder, tilePath(level, index, 1))))
	if err != nil {
		return nil
	}
	for _, entry := range listing {
		older, err := strconv.Atoi(entry.Name())
		if err != nil || strconv.Itoa(older) != entry.Name() || older < 1 || older >= width {
			continue
		}
		path := tilePath(level, index, older)
		found, err := readRegular(filepath.Join(folder, path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return unreadable{err}
		}
		if expected := prefix(older); string(found) != string(expected) {
			return fmt.Errorf("%s: offset %d: differs from what the log holds now", path, firstDifference(found, expected))
		}
	}
	return nil
}

// checkTile compares one tile file with the hashes that it must hold.
func checkTile(folder string, level int, index uint64, hashes []hash) error {
	name, width := strconv.Itoa(level), len(hashes)
	var expected []byte
	for _, h := range hashes {
		expected = append(expected, h[:]...)
	}
	found, path, full, err := readTile(folder, name, index, width)
	if err != nil {
		return err
	}
	if full && width < tileWidth && len(found) == tileWidth*sha256.Size {
		found = found[:len(expected)]
	}
	if string(found) != string(expected) {
		at := firstDifference(found, expected)
		if at >= len(found) || at >= len(expected) {
			return fmt.Errorf("%s: offset %d: expected %d bytes, found %d", path, at, len(expected), len(found))
		}
		return fmt.Errorf("%s: offset %d: expected %02x as recomputed from the entries, found %02x", path, at, expected[at], found[at])
	}
	return checkOlder(folder, name, index, width, func(w int) []byte { return expected[:w*sha256.Size] })
}

// checkTree reads all entries, recomputes every tile of every level and the root. An entry is visited when its bundle agrees with its tile.
func checkTree(folder string, head checkpoint, visit func(index uint64, entry []byte) error) ([]hash, error) {
	var leaves []hash
	for done := uint64(0); done < head.size; {
		width := tileWidth
		if head.size-done < tileWidth {
			width = int(head.size - done)
		}
		index := done / tileWidth
		content, path, full, err := readTile(folder, "entries", index, width)
		if err != nil {
			return nil, err
		}
		entries, ends, err := splitBundle(content, path, width, full && width < tileWidth)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			leaves = append(leaves, leafHash(entry))
		}
		if err := checkTile(folder, 0, index, leaves[done:]); err != nil {
			return nil, err
		}
		if err := checkOlder(folder, "entries", index, width, func(w int) []byte { return content[:ends[w-1]] }); err != nil {
			return nil, err
		}
		for i, entry := range entries {
			if err := visit(done+uint64(i), entry); err != nil {
				return nil, err
			}
		}
		done += uint64(width)
	}
	below := leaves
	for level := 1; len(below) >= tileWidth; level++ {
		var hashes []hash
		for start := 0; start+tileWidth <= len(below); start += tileWidth {
			hashes = append(hashes, treeRoot(below[start:start+tileWidth]))
		}
		for start := 0; start < len(hashes); start += tileWidth {
			end := start + tileWidth
			if end > len(hashes) {
				end = len(hashes)
			}
			if err := checkTile(folder, level, uint64(start/tileWidth), hashes[start:end]); err != nil {
				return nil, err
			}
		}
		below = hashes
	}
	if root := treeRoot(leaves); root != head.root {
		return nil, fmt.Errorf("checkpoint: line 3: the root that it signs is not the root of its %d entries", head.size)
	}
	return leaves, nil
}
