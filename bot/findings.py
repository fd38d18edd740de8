"""What the doctor finds: one value for each thing that was looked at, with its mend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from storage.errors import NuanqunError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty where all is well."""

    check: str
    well: bool
    found: str
    mend: str = ""

    @classmethod
    def of(cls, check: str, trouble: NuanqunError) -> Finding:
        """What an error of the catalogue says, as a finding."""
        return cls(check, False, trouble.sentence.format(**trouble.facts), trouble.advice)

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON."""
        return asdict(self)

    def line(self) -> str:
        """One line for a terminal."""
        tail = f" {self.mend}" if self.mend else ""
        return f"{'ok ' if self.well else 'BAD'} {self.check}: {self.found}{tail}"
