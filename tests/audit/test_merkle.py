"""The tree of RFC 9162, held against its own recursive definition and the known vectors of Certificate Transparency."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.audit.merkle import (
    CompactRange,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# --- RFC 9162, 2.1, written down once more by its recursive definitions, over leaf data and not hashes ---------


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = largest_power_below(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = largest_power_below(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = largest_power_below(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


# --- The vectors of RFC 6962's reference implementation (certificate-transparency, merkle_tree_test) -----------

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(one) for one in LEAVES]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_known_roots(size: int) -> None:
    assert root_of(HASHES[:size]).hex() == ROOTS[size] == mth(LEAVES[:size]).hex()


def test_every_proof_of_small_trees_is_the_definition_s_and_verifies() -> None:
    data = [bytes([n]) * n for n in range(40)]
    hashes = [leaf_hash(one) for one in data]
    for size in range(1, len(data) + 1):
        root = mth(data[:size])
        for m in range(size):
            found = inclusion_proof(m, hashes[:size])
            assert found == path(m, data[:size])
            verify_inclusion(index=m, size=size, leaf=hashes[m], path=found, root=root)
        for m in range(1, size + 1):
            proof = consistency_proof(m, hashes[:size])
            assert proof == subproof(m, data[:size], True)
            verify_consistency(first=m, second=size, first_root=mth(data[:m]), second_root=root, path=proof)


many = st.lists(st.binary(max_size=8), min_size=1, max_size=200)


@given(many, st.data())
def test_a_compact_range_continued_anywhere_gives_the_same_root(
    data: list[bytes], draw: st.DataObject
) -> None:
    cut = draw.draw(st.integers(0, len(data)))
    first = CompactRange()
    first.extend(map(leaf_hash, data[:cut]))
    second = CompactRange(first.size, first.nodes)
    second.extend(map(leaf_hash, data[cut:]))
    assert (second.size, second.root()) == (len(data), mth(data))


@given(many, st.data())
def test_no_proof_shows_another_leaf_place_or_root(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    hashes = [leaf_hash(one) for one in data]
    proof, root = inclusion_proof(index, hashes), mth(data)
    forged = bytes([hashes[index][0] ^ 1]) + hashes[index][1:]
    wrong = [
        {"leaf": forged},
        {"root": forged},
        {"path": [*proof, forged]},
        {"index": len(data)},
        {"index": -1},
        *({"path": [*proof[:n], forged, *proof[n + 1 :]]} for n in range(len(proof))),
        *([{"path": proof[:-1]}] if proof else []),
    ]
    right = {"index": index, "size": len(data), "leaf": hashes[index], "path": proof, "root": root}
    for one in wrong:
        with pytest.raises(ProofError):
            verify_inclusion(**(right | one))  # type: ignore[arg-type]


@given(many, st.data())
def test_no_proof_shows_a_beginning_that_was_not(data: list[bytes], draw: st.DataObject) -> None:
    first = draw.draw(st.integers(1, len(data)))
    changed = draw.draw(st.integers(0, first - 1))
    altered = [*data[:changed], data[changed] + b"!", *data[changed + 1 :]]
    hashes = [leaf_hash(one) for one in altered]
    with pytest.raises(ProofError):
        verify_consistency(
            first=first,
            second=len(data),
            first_root=mth(data[:first]),
            second_root=mth(altered),
            path=consistency_proof(first, hashes),
        )


@pytest.mark.parametrize(("size", "nodes"), [(1, 0), (2, 2), (3, 1), (-1, 1)])
def test_a_compact_range_of_another_count_is_refused(size: int, nodes: int) -> None:
    with pytest.raises(ValueError, match="compact range"):
        CompactRange(size, [bytes(32)] * nodes)


def test_proofs_of_what_is_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="no leaf 8"):
        inclusion_proof(8, HASHES)
    with pytest.raises(ValueError, match="no tree of 9"):
        consistency_proof(9, HASHES)
    with pytest.raises(ProofError, match="beginning"):
        verify_consistency(first=0, second=1, first_root=b"", second_root=b"", path=[])
    with pytest.raises(ProofError, match="empty"):
        verify_consistency(first=3, second=7, first_root=b"", second_root=b"", path=[])
    with pytest.raises(ProofError):
        verify_consistency(first=7, second=7, first_root=b"a", second_root=b"b", path=[])
