"""The shop's colour, and what can be read on it.

Contrast is WCAG 2.2's ratio of relative luminances: 1 (the same) to 21 (black on white); ordinary
text needs 4.5. Of white and black one always has that: on no colour are both below 4.58.
"""

from __future__ import annotations

from dataclasses import dataclass

WHITE, BLACK = "#ffffff", "#000000"
READABLE = 4.5
"""The least contrast of ordinary text (WCAG 2.2, success criterion 1.4.3)."""

_WEIGHTS = (0.2126, 0.7152, 0.0722)  # of red, green and blue in what the eye takes for light
_DARK = 0.04045  # up to here a channel of sRGB is in proportion to its light
_BAND = 0.16  # how far the band goes from the ground, away from the ink
_STRONG = 15.0  # contrast that can spare a little for a band that is seen at all ...
_FAINT_BAND = 0.06  # ... which goes so far towards the ink


@dataclass(frozen=True, slots=True)
class Brand:
    """The colours of a picture: its ground, a band that stands out from it, the ink for both."""

    ground: str
    band: str
    ink: str


def brand_of(colour: str) -> Brand:
    """The colours that go with `colour`, which is written `#rrggbb`.

    The ink is white where that is readable, else black. The band goes away from the ink, so that
    what is written on it reads better still, but from a ground that is nearly its opposite.
    """
    ink = WHITE if contrast(colour, WHITE) >= READABLE else BLACK
    if contrast(colour, ink) > _STRONG:
        return Brand(colour, mixed(colour, ink, _FAINT_BAND), ink)
    away = BLACK if ink == WHITE else WHITE
    return Brand(colour, mixed(colour, away, _BAND), ink)


def contrast(one: str, other: str) -> float:
    """How well one colour is read on another: 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """One colour with this share (0 to 1) of another."""
    parts = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * share) * 255):02x}" for a, b in parts)


def _luminance(colour: str) -> float:
    return sum(
        weight * _linear(part) for weight, part in zip(_WEIGHTS, _channels(colour), strict=True)
    )


def _linear(part: float) -> float:
    """A channel of sRGB as an amount of light (IEC 61966-2-1)."""
    return float(part / 12.92 if part <= _DARK else ((part + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
