"""Whose fault a failure is: the database's or the network's, which passes, or the data's.

The same work done again may succeed after the first kind. After the second it fails in the same
way for ever, however often it is tried.
"""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

# Where a driver names its errors by the five-letter codes of the SQL standard (asyncpg does), these
# classes are about values: data exceptions, broken constraints, and limits such as the longest
# value that an index takes. Source: PostgreSQL's manual, appendix A.
_ABOUT_VALUES = ("22", "23", "54")


def may_pass(failure: BaseException) -> bool:
    """Whether the database or the network failed, and not what was to be written."""
    if isinstance(failure, DataError | IntegrityError):
        return False
    if isinstance(failure, DBAPIError):
        code = getattr(failure.orig, "sqlstate", None)
        return not (code or "").startswith(_ABOUT_VALUES)
    return isinstance(failure, NoConnectionFree | OSError)


def in_short(failure: BaseException) -> str:
    """The first line of what a driver or the system complains of; never empty."""
    lines = str(getattr(failure, "orig", None) or failure).strip().splitlines()
    return lines[0] if lines else type(failure).__name__
