"""The name of a batch of coupons as it stands in a text: `{{ coupon:双11券 }}`."""

from __future__ import annotations

import re

PLAIN = "{{ coupon }}"
"""What stands for a reader's code in a template."""

_NAMED = re.compile(r"\{\{\s*coupon\s*[:：]\s*(?P<name>[^{}\n]+?)\s*\}\}")


def plainly(text: str) -> tuple[str, str]:
    """A text as a template, and the batch that it names; empty: none. Several stand with 、."""
    names = dict.fromkeys(found["name"] for found in _NAMED.finditer(text))
    return _NAMED.sub(PLAIN, text), "、".join(names)
