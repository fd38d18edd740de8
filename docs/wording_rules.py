"""The reference page of the wording rules, written from the files that hold them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from scheduler.wording_rules import Severity, all_rules

SOURCE = "scheduler/wording_rules/*.toml"

PREFACE = """\
Every text that goes out is held against these rules: in the preview of a post, an edit, a programme
or a draft, at its approval, and once more when it leaves, as it is rendered for its group or fan.
They are data, in `scheduler/wording_rules/*.toml`; a shop's trades (`trades` in `[insights]`) and
the platform of the account choose those that hold.

The rules are a net, not a lawyer: they find words that have brought shops fines and locked
accounts, and cannot know whether a claim is true. The law named beside a rule is where to read on.
"""

HITS = """\
## What a hit does

| | in a preview | at the yes | when it leaves |
|---|---|---|---|
| ✗ **block** | shown, with what to write instead | refused | skipped with the reason `wording`; \
staff are told once |
| ! **warn** | shown | passes | passes |

`/override 12` (放行) lets what preview 12 says pass, `/override campaign 12` what campaign 12 says.
It counts for exactly that text: an edit is checked anew. Who let which words pass is in the audit
log (`/audit`). Answers in `/faq`, and polls and draws that reward sharing, praise or a stake, are
refused without such a way out: write them differently.

## How a text is read

- Full-width letters, capitals, traditional and invisible characters and blanks between Chinese
  characters hide nothing: 最 好 用 is 最好用, 轉發 is 转发.
- The names of the shop, of groups and of fans are what they are: 最美妈妈群 makes no claim.
- Besides the text, captions of pictures and buttons with their links are read.
- A price is held against the product that is named before it in the same sentence, where the shop's
  sources ([arrivals](../how-to/arrivals.md)) name its price in yuan and it has one price. What is
  taken off, a threshold, a deposit, postage or the price of several pieces is no price of it.
- A link counts as the shop's own where its host is in `sites` of `[shop]`, or below one of them, or
  where one of its feeds comes from.

## How a rule is written

```toml
[[rule]]
id = "sure-to-win"
severity = "warn"          # or "block"
source = "..."             # where to read on
words = ["必中"]            # as they are
patterns = ['稳[赢中]']     # regular expressions over the normal form of a text
passes = ['不是必中']       # patterns of what is no hit where one begins within it
trades = ["cosmetics"]     # without: every trade
platforms = ["wechat"]     # without: every platform
[rule.why]                 # {words} is what was found
zh = "..."
en = "..."
[rule.instead]
zh = "..."
en = "..."
```
"""


def wording_rules_page() -> str:
    """Every rule with its words, why it stands and what to write instead."""
    rows = {row["id"]: row for row in _rows()}
    parts = [f"<!-- Written by `make docs` from {SOURCE}. Change it there. -->\n"]
    parts += ["# Wording rules\n", PREFACE, HITS, "## The rules\n"]
    for rule in all_rules():
        mark = "✗ block" if rule.severity is Severity.BLOCK else "! warn"
        holds = [
            *([f"trades: {', '.join(sorted(rule.trades))}"] if rule.trades else []),
            *([f"platforms: {', '.join(sorted(rule.platforms))}"] if rule.platforms else []),
        ]
        parts.append(f"### {rule.id}\n")
        parts.append(" · ".join([f"**{mark}**", *holds, rule.source]) + "\n")
        why = rule.why["en"].format(words="...", expected="...")
        parts.append(f"{_sentence(why)} {_sentence(rule.instead['en'])}\n")
        parts += _found_by(rows[rule.id])
    return "\n".join(parts)


def _rows() -> Iterator[Mapping[str, Any]]:
    folder = resources.files("scheduler").joinpath("wording_rules")
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            yield from tomllib.loads(file.read_text("utf-8"))["rule"]


def _found_by(row: Mapping[str, Any]) -> Iterator[str]:
    """The words and patterns that a rule looks for, as they are written."""
    if words := row.get("words"):
        yield f"Words: {'、'.join(words)}\n"
    for name, title in (("patterns", "Patterns"), ("passes", "Passes all the same")):
        if found := row.get(name):
            yield "\n".join([f"{title}:\n", "```text", *found, "```\n"])


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
