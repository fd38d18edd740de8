"""The READMEs quote what the demo really prints."""

from __future__ import annotations

import re

import pytest

from docs.generate import TOP
from docs.readme_output import READMES
from tests.bot.conftest import LivedDemo
from tests.bot.program import run

_BLOCK = re.compile(r"<!-- output: demo -->\n```\n(.*?)\n```\n<!-- end -->", re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_the_demo_s_ending_in_a_readme_is_the_demo_s_own(name: str, whole_demo: LivedDemo) -> None:
    quoted = _BLOCK.search((TOP / name).read_text(encoding="utf-8"))
    assert quoted is not None
    # A life that has ended has nothing to live through any more, and tells its ending again.
    folder = whole_demo.folder
    told = run(folder.parent, "demo", "--headless", "--data", folder.name).err
    assert quoted[1] in told, f"{name} is stale: run `make docs`"
