"""Pages that are sent as one file: nothing is fetched or run, and what people wrote is escaped.

A page's template stands beside the room that fills it in, and extends `html_page.html`: the head,
and the style that all of them share.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

# What HTML cannot hold, and what would turn the direction of the text around it.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@cache
def page_template(file: Path) -> Template:
    """A page's template; whatever is filled in is escaped, and `fit` drops what cannot be shown."""
    environment = Environment(
        loader=FileSystemLoader([file.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["fit"] = _fit
    return environment.get_template(file.name)


def _fit(text: object) -> str:
    """A text without what a page cannot show."""
    return _UNFIT.sub("", str(text))
