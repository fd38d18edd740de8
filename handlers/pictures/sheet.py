"""What a picture shows, as plain values: words are chosen and counted, nothing is drawn yet.

A `Sheet`, a `CountdownSheet` or a `ReviewSheet` travels to the drawing process, so this room
imports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a quadrant: what it is about, and how many fans."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Quadrant:
    """One stance and what most fans take it on; `more` tells of those that are not shown."""

    title: str
    bars: tuple[Bar, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """How the share of one thing went, period by period, the newest last.

    `kind` says what it is (a stance, a demand, a word), `told` the shares before and now in words.
    """

    name: str
    kind: str
    shares: tuple[float, ...]
    rising: bool
    told: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that one picture shows.

    The quadrants are care, mind, like and dislike. `lines_title`, `before` and `now` stand over and
    under the lines; without lines there is no such part. `footnote` says what the figures count.
    `nothing` stands in an empty quadrant, `nameless` for a name without a character that can be
    drawn.
    """

    title: str
    subtitle: str
    groups: str
    quadrants: tuple[Quadrant, Quadrant, Quadrant, Quadrant]
    lines: tuple[Line, ...]
    lines_title: str
    before: str
    now: str
    footnote: str
    nothing: str
    nameless: str


@dataclass(frozen=True, slots=True)
class CountdownSheet:
    """All that the picture of a countdown shows.

    `figure` is the number of days, and `before` and `after` what stands around it ("还有", "天");
    where a word stands in its place both are empty, and without any of them the title takes the
    room. `product` and `node` may be empty. `colour` is the shop's, written `#rrggbb`.
    """

    colour: str
    title: str
    before: str
    figure: str
    after: str
    product: str
    node: str
    shop: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A large figure and what it counts."""

    name: str
    figure: str


@dataclass(frozen=True, slots=True)
class Went:
    """How a phase, or a post, went: so many `sent` of so many `planned`; `told` says more."""

    name: str
    planned: int
    sent: int
    told: str


@dataclass(frozen=True, slots=True)
class Hint:
    """A piece of advice; `kind` is what stands before it, `good` what is to be kept."""

    kind: str
    text: str
    good: bool


@dataclass(frozen=True, slots=True)
class ReviewSheet:
    """All that the picture of a review shows: figures, phases or posts, fans' deeds, advice.

    Any of the lists may be empty, and is then left out with its title.
    """

    title: str
    subtitle: str
    tiles: tuple[Tile, ...]
    went_title: str
    went: tuple[Went, ...]
    did_title: str
    did: tuple[Bar, ...]
    hints_title: str
    hints: tuple[Hint, ...]
    footnote: str
    nameless: str
