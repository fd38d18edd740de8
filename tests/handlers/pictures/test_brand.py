"""What is written on the shop's colour can be read, whichever colour it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.pictures.brand import BLACK, READABLE, WHITE, brand_of, contrast, mixed

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda c: "#{:02x}{:02x}{:02x}".format(*c))


@given(COLOURS)
def test_the_ink_is_readable_on_the_ground_and_on_the_band(colour: str) -> None:
    brand = brand_of(colour)
    assert contrast(brand.ground, brand.ink) >= READABLE
    assert contrast(brand.band, brand.ink) >= READABLE
    assert brand.ground == colour
    assert re.fullmatch("#[0-9a-f]{6}", brand.band)


@given(COLOURS)
def test_the_band_is_seen(colour: str) -> None:
    brand = brand_of(colour)
    assert brand.band != brand.ground


@pytest.mark.parametrize(
    ("colour", "ink"),
    [("#c8362b", WHITE), ("#ffd400", BLACK), ("#f7c6d0", BLACK), ("#000000", WHITE)],
)
def test_the_ink_is_white_where_that_is_readable(colour: str, ink: str) -> None:
    assert brand_of(colour).ink == ink


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)  # the textbook's near miss
    assert contrast("#ff0000", WHITE) == contrast(WHITE, "#ff0000") == pytest.approx(4.0, abs=0.01)


def test_colours_mix_by_share() -> None:
    assert [mixed(BLACK, WHITE, share) for share in (0, 0.2, 1)] == [BLACK, "#333333", WHITE]
