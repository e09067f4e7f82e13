"""Groups of things in order, and what their members' numbers come to."""

from typing import NamedTuple, TypeAlias

import numpy as np

from craftlite.reading_order.vectors import Floats, Indices

Chain: TypeAlias = list[int]


class Groups(NamedTuple):
    """G groups, of one member at least.

    members: (M,) their numbers, group by group.
    starts, sizes: (G,) where in it each group starts, and how many members it has.
    of: (M,) the group of each member.
    """

    members: Indices
    starts: Indices
    sizes: Indices
    of: Indices

    @classmethod
    def from_chains(cls, chains: list[Chain]) -> "Groups":
        """The groups that chains of numbers are."""
        sizes = np.array([len(chain) for chain in chains], np.intp)
        members = np.array([number for chain in chains for number in chain], np.intp)
        return cls(
            members, np.cumsum(sizes) - sizes, sizes, np.repeat(np.arange(len(sizes)), sizes)
        )

    def sum(self, values: Floats) -> Floats:
        """Sums (G, ...) of values (M, ...) of the members."""
        return np.asarray(np.add.reduceat(values, self.starts))

    def least(self, values: Floats) -> Floats:
        """The least (G,) of values (M,)."""
        return np.asarray(np.minimum.reduceat(values, self.starts))

    def median(self, values: Floats) -> Floats:
        """Medians (G,) of values (M,)."""
        ordered = values[np.lexsort((values, self.of))]
        upper, lower = self.starts + self.sizes // 2, self.starts + (self.sizes - 1) // 2
        return np.asarray((ordered[upper] + ordered[lower]) / 2)


def chained(one: Indices, two: Indices, count: int) -> list[Chain]:
    """Chains of `count` things that pairs join, the second after the first; early pairs go first.

    Nothing gets two neighbours on one side, and no chain becomes a ring.
    """
    after, before = [-1] * count, [-1] * count
    first, last = list(range(count)), list(range(count))  # of the chain, at its other end
    for i, j in zip(one.tolist(), two.tolist(), strict=True):
        if after[i] < 0 and before[j] < 0 and first[i] != j:
            after[i], before[j] = j, i
            first[last[j]], last[first[i]] = first[i], last[j]
    chains = []
    for start in range(count):
        if before[start] < 0:
            chain = [start]
            while after[chain[-1]] >= 0:
                chain.append(after[chain[-1]])
            chains.append(chain)
    return chains


def components(one: Indices, two: Indices, count: int) -> Indices:
    """Numbers (count,) of the groups, from 0, that pairs join."""
    group = np.arange(count)
    while True:
        least = group.copy()
        np.minimum.at(least, one, group[two])
        np.minimum.at(least, two, group[one])
        least = least[least]
        if (least == group).all():
            return np.unique(group, return_inverse=True)[1].astype(np.intp)
        group = least
