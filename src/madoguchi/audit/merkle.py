"""The Merkle tree of RFC 9162, section 2.1, with SHA-256: hashes, proofs, and their verification. Pure.

A tree over n leaves is held as its *compact range*: the roots of the perfect subtrees that n's binary digits name,
largest first. It is all that is needed to append, and at most 64 hashes however long the log is.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class ProofError(ValueError):
    """The proof does not show what it should. What it was asked about is not in that tree, or the tree was altered."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 || data), RFC 9162, 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: appends in O(1) amortised, gives the root in O(log n)."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        """`nodes`: one hash for each binary one of `size`, largest subtree first; ValueError on another count."""
        if size < 0 or len(nodes) != size.bit_count() or any(len(node) != HASH_BYTES for node in nodes):
            raise ValueError(f"a compact range of {size} leaves has {size.bit_count()} hashes of 32 bytes")
        self.size, self._nodes = size, list(nodes)

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The subtrees' roots, largest first."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Adds a leaf's hash at the right."""
        rest = self.size
        while rest & 1:
            leaf = node_hash(self._nodes.pop(), leaf)
            rest >>= 1
        self._nodes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds leaf hashes in their order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes in their order."""
    whole = CompactRange()
    whole.extend(leaves)
    return whole.root()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, which is 2 at least."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of the leaf at `index` in the tree over these leaf hashes, from the leaf upwards (2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    while len(leaves) > 1:
        k = _split(len(leaves))
        if index < k:
            path.append(root_of(leaves[k:]))
            leaves = leaves[:k]
        else:
            path.append(root_of(leaves[:k]))
            leaves, index = leaves[k:], index - k
    return path[::-1]


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raises ProofError unless `path` shows that `leaf` is at `index` of the tree with this size and root (2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} has no leaf {index}")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            raise ProofError("the path is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn or r != root:
        raise ProofError(ProofError.__doc__)


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Shows that the tree over the `first` leaves is the beginning of the tree over all (2.1.4.1); 0 < first <= n."""
    if not 0 < first <= len(leaves):
        raise ValueError(f"there is no tree of {first} leaves within {len(leaves)}")
    path: list[bytes] = []
    whole = True  # whether the subtree looked at is one that the first tree's root was made of
    while first != len(leaves):
        k = _split(len(leaves))
        if first <= k:
            path.append(root_of(leaves[k:]))
            leaves = leaves[:k]
        else:
            path.append(root_of(leaves[:k]))
            leaves, first, whole = leaves[k:], first - k, False
    if not whole:
        path.append(root_of(leaves))
    return path[::-1]


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> None:
    """Raises ProofError unless `path` shows that the first tree is the beginning of the second (2.1.4.2)."""
    if not 0 < first <= second:
        raise ProofError(f"a tree of {first} can't be the beginning of a tree of {second}")
    if first == second:
        if path or first_root != second_root:
            raise ProofError(ProofError.__doc__)
        return
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        raise ProofError("the path is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if _both_roots(fn, sn, steps) != (first_root, second_root):
        raise ProofError(ProofError.__doc__)


def _both_roots(fn: int, sn: int, steps: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that a consistency path leads to (2.1.4.2, steps 4 to 7)."""
    fr = sr = steps[0]
    for c in steps[1:]:
        if sn == 0:
            raise ProofError("the path is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("the path is too short")
    return fr, sr
