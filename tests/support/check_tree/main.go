// Checks a tree of the notary with readers that others wrote: Go's note and tlog from golang.org/x/mod, and its crypto/ecdsa.
//
// check_tree FOLDER KEY.der [PROOFS.json]
//
// FOLDER has the tree's files: checkpoint, checkpoints/, tile/. KEY.der is the public key to trust. PROOFS.json has proofs that
// somebody else made of this tree. It prints what it has checked and exits with 0, or says what is wrong and exits with 1.
package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// key is a note.Verifier for signatures of type 0x02 of c2sp.org/signed-note: the module itself has Ed25519 alone.
type key struct {
	name string
	der  []byte
	ec   *ecdsa.PublicKey
}

func (k key) Name() string { return k.name }

func (k key) KeyHash() uint32 {
	id := sha256.Sum256(k.der)
	return binary.BigEndian.Uint32(id[:4])
}

func (k key) Verify(text, signature []byte) bool {
	digest := sha256.Sum256(text)
	return ecdsa.VerifyASN1(k.ec, digest[:], signature)
}

// files is a tlog.TileReader of the tiles below a folder.
type files struct {
	folder string
	read   map[string][]byte
}

func (f files) Height() int { return tileHeight }

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		content, err := f.tile(strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (f files) tile(path string) ([]byte, error) {
	if content, ok := f.read[path]; ok {
		return content, nil
	}
	content, err := os.ReadFile(filepath.Join(f.folder, path))
	f.read[path] = content
	return content, err
}

// proofs are those of somebody else: hashes in base64, as encoding/json has bytes.
type proofs struct {
	Inclusion []struct {
		Index, Size int64
		Proof       [][]byte
	}
	Consistency []struct {
		Old, New int64
		Proof    [][]byte
	}
}

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: check_tree FOLDER KEY.der [PROOFS.json]"))
	}
	folder := os.Args[1]
	der := must(os.ReadFile(os.Args[2]))
	public, ok := must(x509.ParsePKIXPublicKey(der)).(*ecdsa.PublicKey)
	if !ok {
		fail(fmt.Errorf("%s is no ECDSA key", os.Args[2]))
	}

	newest := open(filepath.Join(folder, "checkpoint"), der, public)
	tiles := files{folder, map[string][]byte{}}
	hashes := tlog.TileHashReader(newest, tiles)
	checkLeaves(newest, tiles, hashes)

	notes := must(filepath.Glob(filepath.Join(folder, "checkpoints", "*")))
	for _, file := range notes {
		older := open(file, der, public)
		if older.N == 0 {
			continue // every tree continues the empty one
		}
		proof := must(tlog.ProveTree(newest.N, older.N, hashes))
		check(tlog.CheckTree(proof, newest.N, newest.Hash, older.N, older.Hash))
	}
	made := 0
	if len(os.Args) > 3 {
		made = checkProofs(os.Args[3], hashes)
	}
	fmt.Printf("%d leaves, %d checkpoints, %d proofs\n", newest.N, len(notes), made)
}

// open reads a checkpoint whose signature is good.
func open(file string, der []byte, public *ecdsa.PublicKey) tlog.Tree {
	content := must(os.ReadFile(file))
	origin, _, _ := strings.Cut(string(content), "\n")
	signed, err := note.Open(content, note.VerifierList(key{origin, der, public}))
	if err != nil {
		fail(fmt.Errorf("%s: %w", filepath.Base(file), err))
	}
	lines := strings.Split(signed.Text, "\n")
	root := must(tlog.ParseHash(lines[2]))
	return tlog.Tree{N: must(strconv.ParseInt(lines[1], 10, 64)), Hash: root}
}

// checkLeaves proves each entry of the bundles to be in the tree.
func checkLeaves(tree tlog.Tree, tiles files, hashes tlog.HashReader) {
	for start := int64(0); start < tree.N; start += 1 << tileHeight {
		tile := tlog.Tile{H: tileHeight, L: -1, N: start >> tileHeight, W: 1 << tileHeight}
		if tree.N-start < 1<<tileHeight {
			tile.W = int(tree.N - start)
		}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", tileHeight), "tile/entries/", 1)
		bundle := must(tiles.tile(path))
		for index := start; index < start+int64(tile.W); index++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				fail(fmt.Errorf("%s ends before entry %d", path, index))
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2:end]
			bundle = bundle[end:]
			proof := must(tlog.ProveRecord(tree.N, index, hashes))
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				fail(fmt.Errorf("entry %d: %w", index, err))
			}
		}
		if len(bundle) > 0 {
			fail(fmt.Errorf("%s goes on after its entries", path))
		}
	}
}

// checkProofs checks what is in a file of proofs, and returns how many there are.
func checkProofs(file string, hashes tlog.HashReader) int {
	var others proofs
	check(json.Unmarshal(must(os.ReadFile(file)), &others))
	for _, other := range others.Inclusion {
		leaf := must(hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, other.Index)}))[0]
		root := must(tlog.TreeHash(other.Size, hashes))
		check(tlog.CheckRecord(path(other.Proof), other.Size, root, other.Index, leaf))
	}
	for _, other := range others.Consistency {
		oldRoot, newRoot := must(tlog.TreeHash(other.Old, hashes)), must(tlog.TreeHash(other.New, hashes))
		check(tlog.CheckTree(path(other.Proof), other.New, newRoot, other.Old, oldRoot))
	}
	return len(others.Inclusion) + len(others.Consistency)
}

func path(proof [][]byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(proof))
	for i, content := range proof {
		if len(content) != tlog.HashSize {
			fail(fmt.Errorf("a hash of a proof has %d bytes", len(content)))
		}
		copy(hashes[i][:], content)
	}
	return hashes
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "check_tree:", err)
	os.Exit(1)
}
