"""An account's health: when it should rest because its platform does not answer as it should.

Pure but for what it remembers of one account's last outcomes. An account that is refused rests at
once; three calls in a row without a clear answer, or without any connection, make it rest as
well. After a rest one call goes first: a clear answer means health, another failure a longer rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.courier import AccountDown, NothingSent, Outcome, Unclear

IN_A_ROW = 3
"""So many calls in a row without a clear answer, and the account rests."""


@dataclass(frozen=True, slots=True)
class Fallen:
    """The account rests from now on.

    `new` where it worked before, or another trouble came to the one that is known: a call that
    tries whether the rest has helped, and finds that it has not, is no news.
    """

    until: datetime
    reason: str
    new: bool = True


@dataclass(frozen=True, slots=True)
class Recovered:
    """The account works again."""


class Health:
    """The health of one account; `first_rest` doubles with every rest that did not help."""

    def __init__(self, first_rest: timedelta, longest_rest: timedelta) -> None:
        self.rests_until: datetime | None = None
        self._first_rest = self._rest = first_rest
        self._longest_rest = longest_rest
        self._failures = 0
        self._refusal: str | None = None  # why the account is refused, since it last worked

    @property
    def probing(self) -> bool:
        """Whether the account has rested and nobody knows yet whether it helped."""
        return self.rests_until is not None

    def rests(self, now: datetime) -> bool:
        """Whether nothing planned may leave at this moment."""
        return self.rests_until is not None and now < self.rests_until

    def restore(self, until: datetime, reason: str = "") -> None:
        """Go on with a rest that was written down, for the reason that was."""
        self.rests_until = until
        self._failures = IN_A_ROW
        self._refusal = reason

    def note(self, outcome: Outcome, now: datetime) -> Fallen | Recovered | None:
        """What an outcome means for the account; None where nothing changes."""
        match outcome:
            case AccountDown(reason):
                self._failures = IN_A_ROW
            case Unclear(reason) | NothingSent(reason):
                self._failures += 1
            case _:
                return self.recover()
        if self._failures < IN_A_ROW or self.rests(now):
            return None  # of calls that were under way when the rest began, nothing more is learnt
        new = self.rests_until is None
        if isinstance(outcome, AccountDown):
            new = new or reason != self._refusal
            self._refusal = reason
        self.rests_until = now + self._rest
        self._rest = min(self._rest * 2, self._longest_rest)
        return Fallen(self.rests_until, reason, new)

    def heal(self) -> Recovered | None:
        """A call that was given up did what it asked after all, late: the platform answers.

        That ends no rest of an account that was refused: the call left before.
        """
        return None if self._refusal is not None else self.recover()

    def recover(self) -> Recovered | None:
        """The account works, by a clear answer or by somebody's word; None where it did before."""
        self._failures = 0
        self._refusal = None
        self._rest = self._first_rest
        if self.rests_until is None:
            return None
        self.rests_until = None
        return Recovered()
