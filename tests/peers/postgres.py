"""A throw-away PostgreSQL server, started for one run of the tests.

It lives in a temporary folder, listens on a free port of 127.0.0.1 with a password of its own,
and does not care for durability: what it holds is gone with the folder. PostgreSQL refuses to run
as root, so under root the server's programs run as the user `postgres`, or else `nobody`.
`tests/conftest.py` makes the fixtures `postgres` (the server, one per run) and `postgres_url`
(fresh databases, dropped after the test) from it.
"""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers import absent

HOW_TO_GET = "Install the server, on Debian with: apt-get install postgresql"

# Nothing here outlives the run, and the suites hold many short connections.
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
timezone = 'UTC'
"""

# Own programs come in through the folder, which is closed to others; tests use the password.
ACCESS = """
local all all trust
host all all 127.0.0.1/32 password
"""


class PostgresServer:
    """A running server; `create_database` gives databases, `stop` ends it."""

    def __init__(self, programs: Path) -> None:
        """Start the server with the programs `initdb`, `pg_ctl` and `psql` of one folder."""
        self._programs = programs
        self._user = unprivileged_user()
        self._numbers = itertools.count(1)
        self._password = secrets.token_hex(16)
        self.folder = Path(tempfile.mkdtemp(prefix="nuanqun-postgres-"))
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        try:
            self._initialise()
            self.port = self._start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def create_database(self, template: str | None = None) -> str:
        """Make a database and return its URL, as `storage` takes it.

        It is empty, or a copy of the database behind the URL `template`, to which nobody may be
        connected. Takes under 100 ms.
        """
        name = f"test_{next(self._numbers)}"
        source = "template0" if template is None else template.rsplit("/", 1)[1]
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return f"postgresql+asyncpg://owner:{self._password}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop the database behind `url`, cutting off whoever is still connected."""
        self._sql(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)')

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Make a database as `create_database` does, and drop it afterwards."""
        url = self.create_database(template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def stop(self) -> None:
        """End the server at once and remove its folder."""
        try:
            self._run("pg_ctl", "stop", "-D", "data", "-m", "immediate", "-s")
        finally:
            shutil.rmtree(self.folder)

    def _initialise(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self._password)
        if self._user is not None:
            shutil.chown(password_file, self._user)
        # The C locale is the one that every machine has.
        self._run(
            *("initdb", "-D", "data", "-U", "owner", "--pwfile", "password"),
            *("-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--no-sync"),
        )
        (self.folder / "data" / "pg_hba.conf").write_text(ACCESS)

    def _start(self) -> int:
        configuration = self.folder / "data" / "postgresql.conf"
        generated = configuration.read_text()
        log = self.folder / "log"
        for _ in range(5):  # another program may take the free port before the server does
            port = free_port()
            configuration.write_text(generated + SETTINGS.format(port=port, folder=self.folder))
            try:
                self._run("pg_ctl", "start", "-D", "data", "-l", "log", "-w", "-s")
            except RuntimeError:
                if "could not bind" not in log.read_text():
                    raise RuntimeError(log.read_text()) from None
            else:
                return port
        raise RuntimeError(log.read_text())

    def _sql(self, statement: str) -> None:
        self._run(
            *("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)),
            *("-p", str(self.port), "-U", "owner", "-d", "postgres", "-c", statement),
        )

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs in its folder; what it complains of is the error."""
        # To a file and not to a pipe, which the server would inherit and keep open.
        with tempfile.TemporaryFile("w+") as said:
            finished = subprocess.run(
                [self._programs / program, *arguments],
                cwd=self.folder,
                user=self._user,
                group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
                extra_groups=None if self._user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
            )
            said.seek(0)
            if finished.returncode:
                raise RuntimeError(f"{program} failed: {said.read()}")


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server for as long as the context lasts; ends the test when there is none to start."""
    programs = find_programs()
    if programs is None:
        absent("PostgreSQL", HOW_TO_GET)
    server = PostgresServer(programs)
    try:
        yield server
    finally:
        server.stop()


def find_programs() -> Path | None:
    """The folder of the server's programs: the newest of Debian's, or the one on the path."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "pg_ctl", "psql")):
            return folder
    return None


def unprivileged_user() -> str | None:
    """Whom to run the server as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
