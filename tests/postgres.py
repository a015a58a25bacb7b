"""A private PostgreSQL server for the tests: started here, stopped here."""

from __future__ import annotations

import itertools
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy

_ACCOUNT = "postgres"
OLDEST_SERVER = 14
"""Major version; Debian 12 has 15, Debian 13 has 17, Ubuntu 22.04 has 14."""


def find_server_programs() -> Path | None:
    """Return the directory of ``initdb`` and ``pg_ctl`` of the newest PostgreSQL from 14 on, or `None`."""
    candidates = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if found := shutil.which("pg_ctl"):
        candidates.append(Path(found).resolve().parent)
    versions = {path: _read_major(path) for path in candidates if (path / "initdb").exists()}
    newest = max(versions, key=lambda path: versions[path], default=None)
    return newest if newest is not None and versions[newest] >= OLDEST_SERVER else None


def _read_major(programs: Path) -> int:
    said = subprocess.run([programs / "pg_ctl", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\d+", said.stdout)
    return int(found[0]) if found else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """A PostgreSQL cluster in a directory of its own, without durability.

    The server refuses to run as root, so there it runs as the ``postgres``
    account.
    """

    def __init__(self, programs: Path):
        self._programs = programs
        # Not below pytest's own directory: a Unix socket's path is at most 107 bytes.
        self._directory = Path(tempfile.mkdtemp(prefix="pg-"))
        self._identity: dict[str, int] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam(_ACCOUNT)
            self._identity = {"user": account.pw_uid, "group": account.pw_gid}
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        self._port = _free_port()
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()

    def start(self) -> None:
        """Make the cluster and start it."""
        self._run(
            "initdb", "--auth=trust", f"--username={_ACCOUNT}", "--encoding=UTF8", "--locale=C", "--no-sync"
        )
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self._port} -c unix_socket_directories={self._directory}"
            " -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"
        )
        self._run("pg_ctl", "start", "--wait", f"--log={self._directory}/log", f"--options={options}")
        self.execute("CREATE DATABASE blank")
        self.execute("CREATE EXTENSION btree_gist", database="blank")

    def stop(self) -> None:
        """Stop the server and delete the cluster."""
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(self._directory)

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, f"--pgdata={self._directory}/data", *arguments]
        # To a file: the server inherits the streams, and a pipe would never end.
        with Path(self._directory, "output").open("w") as output:
            done = subprocess.run(
                command, cwd=self._directory, stdout=output, stderr=output, check=False, **self._identity
            )
        if done.returncode:
            message = Path(self._directory, "output").read_text()
            log = Path(self._directory, "log")
            raise RuntimeError(f"{program} failed:\n{message}{log.read_text() if log.exists() else ''}")

    def url(self, database: str = "postgres", user: str = _ACCOUNT) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{user}@127.0.0.1:{self._port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Execute one statement as the superuser, outside a transaction."""
        engine = sqlalchemy.create_engine(
            self.url(database), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def create_database(self, template: str = "blank") -> str:
        """Create a database with the extension that the Butler needs; return its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")
