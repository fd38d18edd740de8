"""One segmenter, lexicon and background for the tests of floor 2."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from insights.background import Background
from insights.lexicon import Lexicon, standard_lexicon
from insights.understanding import Understanding, understand
from insights.words import RjiebaSegmenter, Segmenter

Read = Callable[[str], Understanding]


@pytest.fixture(scope="session")
def segmenter() -> Segmenter:
    return RjiebaSegmenter()


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return standard_lexicon()


@pytest.fixture(scope="session")
def background() -> Background:
    return Background()


@pytest.fixture
def read(segmenter: Segmenter, lexicon: Lexicon) -> Read:
    return lambda text: understand(text, segmenter, lexicon)
