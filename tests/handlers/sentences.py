"""What the code of the handlers says in Chinese, read from the sources.

The Chinese sentence is the key of its translation, so every Chinese text in the code is either
such a sentence or is data: a word or a sign that is compared with what people write.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import handlers

CHINESE = re.compile(r"[“”\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]|……")

_DATA = {"＠", "＝", "@＠", "/／", "节", ",，、 ", "暖群小店"}
_NAMED_DATA = {
    "_BLANKS",
    "_EMPHASIS",
    "_EVERY_GROUP",
    "_LAST_CHOICE",
    "_SHOPPING_DAYS",
}

# Only compares what a model wrote with the figures, and says nothing itself.
_NO_SPEAKER = {"narrative_claims.py"}


def _is_data(name: str) -> bool:
    """Whether this constant holds what people may write, not what the bot says."""
    return name in _NAMED_DATA or name.endswith("_WORDS")


def sentences() -> dict[str, str]:
    """Every Chinese sentence of the code, with the file that it stands in first."""
    top = Path(handlers.__file__).parent
    found: dict[str, str] = {}
    for path in sorted(top.rglob("*.py")):
        if path.name in _NO_SPEAKER:
            continue
        for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            if CHINESE.search(text) and text not in _DATA:
                found.setdefault(text, path.relative_to(top).as_posix())
    return found


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts below a node, without docstrings, patterns, commands' aliases and data."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"))):
            return
        case ast.Assign(targets=[ast.Name(id=name)]) if _is_data(name):
            return
        case ast.Call(func=ast.Name(id="command"), args=[_name, _alias, *rest]):
            for argument in rest:
                yield from _texts(argument)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _texts(child)
