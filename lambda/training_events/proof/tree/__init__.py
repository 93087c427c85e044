"""One Merkle tree over every event of every stream: its leaves, tiles, signed checkpoints and proofs (docs/design/tree.md)."""
