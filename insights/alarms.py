"""Which spikes are told, and which of them as one.

An incident shows in several things at once: 过敏 is said, and 安全 is disliked. Spikes that most of
the same messages stand behind are one alarm. It is led by a word, if most of its fans say the same;
else by what chance explains least. What shows in messages behind an alarm that was told already is
told by that, and not again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from insights.spikes import Spike
from insights.watched import Sort, Thing

_MOST = 0.5  # more than half of the messages, or of the fans, are most of them


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to tell: the spike that leads, and those that show the same."""

    lead: Spike[Thing]
    others: tuple[Spike[Thing], ...] = ()

    @property
    def spikes(self) -> tuple[Spike[Thing], ...]:
        """All of them."""
        return (self.lead, *self.others)


def new_alarms(
    spikes: Sequence[Spike[Thing]],
    messages: Mapping[Thing, Collection[int]],
    told: Collection[Thing],
    explaining: Collection[Thing],
) -> tuple[tuple[Alarm, ...], tuple[Spike[Thing], ...]]:
    """What is to be told now, and the spikes that were told with what they show.

    Args:
        spikes: those of the newest window, the least likely by chance first.
        messages: behind each thing that was said in the window, its messages.
        told: the things of alarms that were told and still go on; none of them is told again.
        explaining: those of them that tell enough of what else their messages show.

    Returns:
        The new alarms; and the spikes of which the staff know by an alarm that was told before.
    """
    known = {message for thing in explaining for message in messages.get(thing, ())}
    found: list[tuple[set[int], list[Spike[Thing]]]] = []
    explained: list[Spike[Thing]] = []
    for spike in spikes:
        if spike.key in told:
            continue
        behind = set(messages[spike.key])
        if _is_part(behind, known):
            explained.append(spike)
            continue
        for leading, shown in found:
            if _is_part(behind, leading):
                shown.append(spike)
                break
        else:
            found.append((behind, [spike]))
    return tuple(_alarm(shown) for _, shown in found), tuple(explained)


def _alarm(shown: Sequence[Spike[Thing]]) -> Alarm:
    first = shown[0]
    words = (spike for spike in shown if spike.key.sort is Sort.WORD)
    lead = next((word for word in words if word.fans > _MOST * first.fans), first)
    return Alarm(lead, tuple(spike for spike in shown if spike is not lead))


def _is_part(behind: set[int], other: set[int]) -> bool:
    return len(behind & other) > _MOST * len(behind)
