"""Applies the missing migrations over a connection that stands already."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def configuration() -> Config:
    """Alembic's configuration, made in code: there is no alembic.ini to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(connection: Connection) -> None:
    """Bring the schema behind `connection` to the newest revision, in its transaction."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
