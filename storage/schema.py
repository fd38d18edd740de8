"""The schema's revisions that this release knows, oldest first.

They repeat the names of the files in `storage/migrations/versions/` (a test compares them), so
that a start with an up-to-date database need not import Alembic.
"""

from __future__ import annotations

KNOWN = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
)
HEAD = KNOWN[-1]
