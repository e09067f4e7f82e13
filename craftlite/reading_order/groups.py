"""Groups of numbered things in order, and statistics over their members."""

from typing import NamedTuple, TypeAlias

import numpy as np

from craftlite.reading_order.vectors import Floats, Indices

Chain: TypeAlias = list[int]


class Groups(NamedTuple):
    """G groups with at least one member each.

    members: (M,) their numbers, group by group.
    starts, sizes: (G,) where each group starts in `members`, and how many members it has.
    of: (M,) the group of each member.
    """

    members: Indices
    starts: Indices
    sizes: Indices
    of: Indices

    @classmethod
    def from_chains(cls, chains: list[Chain]) -> "Groups":
        """Build groups from chains of numbers."""
        sizes = np.array([len(chain) for chain in chains], np.intp)
        members = np.array([number for chain in chains for number in chain], np.intp)
        return cls(
            members, np.cumsum(sizes) - sizes, sizes, np.repeat(np.arange(len(sizes)), sizes)
        )

    def sum(self, values: Floats) -> Floats:
        """Return sums (G, ...) of the members' values (M, ...)."""
        return np.asarray(np.add.reduceat(values, self.starts))

    def least(self, values: Floats) -> Floats:
        """Return the least (G,) of the members' values (M,)."""
        return np.asarray(np.minimum.reduceat(values, self.starts))

    def median(self, values: Floats) -> Floats:
        """Return medians (G,) of the members' values (M,)."""
        ordered = values[np.lexsort((values, self.of))]
        upper, lower = self.starts + self.sizes // 2, self.starts + (self.sizes - 1) // 2
        return np.asarray((ordered[upper] + ordered[lower]) / 2)


def chained(one: Indices, two: Indices, count: int) -> list[Chain]:
    """Chain `count` things by pairs, the second after the first; earlier pairs take precedence.

    No thing gets two neighbours on one side, and no chain becomes a ring.
    """
    after, before = [-1] * count, [-1] * count
    first, last = list(range(count)), list(range(count))  # the other end of the chain
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
    """Return the group number (count,) of each thing, from 0, after joining pairs."""
    group = np.arange(count)
    while True:
        least = group.copy()
        np.minimum.at(least, one, group[two])
        np.minimum.at(least, two, group[one])
        least = least[least]
        if (least == group).all():
            return np.unique(group, return_inverse=True)[1].astype(np.intp)
        group = least
