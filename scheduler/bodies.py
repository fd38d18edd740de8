"""What a content version says: its body as a document, and the message it makes for one slot.

A body is one of two kinds. A manager's own words are kept as they are and never read as a
template: `{"content": {...}}`. A programme's words are templates with the variables that were
approved with them: `{"templates": {SLOT: TEXT}, "variables": {...}}`. A template stands under its
slot (`d-3`) or, for what comes every year, under the slot's name without the date (`mid-autumn`
for `2026-09-25:mid-autumn`); the group's name and the days left are filled in when it goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.content import Content
from scheduler.schedules import days_left
from scheduler.templates import render
from storage.errors import SchedulingError


class SlotUnwritten(SchedulingError):
    """A content version has no words for a slot of its campaign."""

    number = 330
    sentence = "The content has no words for the slot {slot}."
    mend = "Make the campaign anew, so that its words and its schedule fit."


def literal_body(content: Content) -> dict[str, Any]:
    """A body that says exactly this at every slot."""
    return {"content": content.to_json()}


def template_body(
    templates: Mapping[str, str], variables: Mapping[str, str | int]
) -> dict[str, Any]:
    """A body that renders the template of each slot."""
    return {"templates": dict(templates), "variables": dict(variables)}


def content_of(body: Mapping[str, Any], slot: str, group: str) -> Content:
    """The message for one slot in the group of this name.

    Raises:
        SlotUnwritten: there are no words for the slot.
        SchedulingError: the template is wrong.
    """
    if "content" in body:
        return Content.from_json(body["content"])
    templates = body["templates"]
    template = templates.get(slot) or templates.get(slot.rpartition(":")[2])
    if template is None:
        raise SlotUnwritten(slot=slot)
    own = {"group": group, "days": days_left(slot) or 0}
    return Content(render(template, **{**body["variables"], **own}))
