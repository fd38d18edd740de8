"""What every table is made with: the one metadata, and two parts that come again and again."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, MetaData, text

from storage.columns import Identity

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def belonging_to(target: str, name: str, *, nullable: bool = False) -> Column[int]:
    """A reference to another table's row, with which this one goes."""
    return Column(name, Identity, ForeignKey(target, ondelete="CASCADE"), nullable=nullable)


def index_where(name: str, *columns: str, where: str) -> Index:
    """An index over some of the rows, which is small whatever the table's age."""
    part = text(where)
    return Index(name, *columns, sqlite_where=part, postgresql_where=part)
