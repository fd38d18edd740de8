"""Every page that is pointed at exists: in the documents, and in what an error advises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import TOP, errors_below
from storage.errors import NuanqunError

_LINK = re.compile(r"!?\[[^\]]*\]\((?!https?://|#)([^)#\s]+)[^)]*\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
"""A block of code, in which nothing is a link, however much a pattern looks like one."""
_PAGE = re.compile(r"\bdocs/[\w/.-]+\.md\b|\bconfig\.example\.toml\b")

PAGES = sorted(
    path.relative_to(TOP).as_posix() for path in [*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")]
)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    text = (TOP / page).read_text(encoding="utf-8")
    missing = [
        link for link in _LINK.findall(_FENCED.sub("", text)) if not _there(TOP / page, link)
    ]
    assert not missing


def _there(page: Path, link: str) -> bool:
    return (page.parent / link).exists()


def test_every_page_that_an_error_advises_exists() -> None:
    advised = {page for error in errors_below(NuanqunError) for page in _PAGE.findall(error.mend)}
    assert advised
    assert not [page for page in advised if not (TOP / page).exists()]
