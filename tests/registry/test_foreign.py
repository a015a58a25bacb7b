"""Queries on somebody else's database."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from workbench.errors import ConnectionFailedError, ForeignQueryError
from workbench.registry.database.foreign import name_database, read_sql

CREATE = "CREATE TABLE visit1_quicklook (visit_id BIGINT, psf NUMERIC, band VARCHAR, ok BOOLEAN)"
INSERT = "INSERT INTO visit1_quicklook VALUES (1, 0.5, 'i', true), (2, NULL, 'r%', false)"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A ConsDB-like database, not the Butler's."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/consdb.sqlite3"
    else:
        url = request.getfixturevalue("postgres_database")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(CREATE)
        connection.execution_options(no_parameters=True).exec_driver_sql(INSERT)
    return url


def test_rows_come_as_arrow(url: str) -> None:
    table = read_sql(url, "SELECT visit_id, psf, band FROM visit1_quicklook ORDER BY visit_id")
    assert table.to_pydict() == {"visit_id": [1, 2], "psf": [0.5, None], "band": ["i", "r%"]}
    assert [field.type for field in table.schema] == [pa.int64(), pa.float64(), pa.string()]


def test_the_query_is_the_database_s_own_sql(url: str) -> None:
    assert read_sql(url, "SELECT ':x' AS a FROM visit1_quicklook WHERE band LIKE 'r%'").num_rows == 1


def test_no_rows_keep_their_columns(url: str) -> None:
    assert read_sql(url, "SELECT visit_id, psf FROM visit1_quicklook WHERE false").column_names == [
        "visit_id",
        "psf",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO visit1_quicklook (visit_id) VALUES (3)",
        "DELETE FROM visit1_quicklook",
        "DROP TABLE visit1_quicklook",
        "CREATE TABLE mine (a INT)",
        "INSERT INTO visit1_quicklook (visit_id) VALUES (3) RETURNING visit_id",
        "SELECT 1; DELETE FROM visit1_quicklook",
        "SELECT 1; COMMIT; DELETE FROM visit1_quicklook; SELECT 1",
        "COMMIT; DELETE FROM visit1_quicklook; SELECT 1",
    ],
)
def test_nothing_is_written(url: str, statement: str) -> None:
    with pytest.raises(ForeignQueryError) as caught:
        read_sql(url, statement)
    assert not re.search("sidecar|doctor|privilege", str(caught.value)), "that is of our own tables"
    assert read_sql(url, "SELECT * FROM visit1_quicklook").num_rows == 2


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT nothing FROM visit1_quicklook", "nothing"),
        ("SELEC 1", "SELEC"),
        ("SELECT visit_id, visit_id FROM visit1_quicklook", "rename them with AS"),
        ("SELECT * FROM nowhere", "nowhere.*write a SELECT|nowhere.* does not exist"),
        ("SELECT 1; SELECT 2", "statement"),
        ("", "returns no rows|syntax"),
        (";", "returns no rows|syntax"),
        ("SELECT '\ud800'", "no text"),
        ("SELECT \0 1", "no text"),
        ("SELECT visit_id FROM visit1_quicklook WHERE visit_id = :x", "failed"),
    ],
)
def test_a_wrong_query_is_explained(url: str, query: str, message: str) -> None:
    with pytest.raises(ForeignQueryError, match=message):
        read_sql(url, query)


@pytest.mark.parametrize("statement", ["ATTACH DATABASE '{0}' AS other", "VACUUM INTO '{0}'"])
def test_no_other_file_is_made(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "consdb.sqlite3"
    sqlite3.connect(path).close()
    with pytest.raises(ForeignQueryError, match=r"not authorized|authorization denied"):
        read_sql(f"sqlite:///{path}", statement.format(tmp_path / "other.sqlite3"))
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_columns_of_mixed_types_are_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mixed.sqlite3") as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x",), (1,)])
    connection.close()
    with pytest.raises(ForeignQueryError, match=r"'a' .* types int, str"):
        read_sql(f"sqlite:///{tmp_path}/mixed.sqlite3", "SELECT a FROM t")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:s3cret@127.0.0.1:1/nowhere?password=s3cret",
        "postgresql+psycopg://ana:s3cret@127.0.0.1:1/nowhere",
        "nosuchdb://ana:s3cret@host/x",
        "ana:s3cret@host:x/y",
        "sqlite:////nonexistent/s3cret-free.db?password=s3cret",
        "postgresql://ana:s3cret@host:port/x",
        "mysql://ana:s3cret@127.0.0.1:1/nowhere",
        "postgresql://ana:p@s3cret@127.0.0.1:1/nowhere",
        "postgresql://ana:s3cret@@127.0.0.1:1/nowhere",
        "postgresql://ana:x@127.0.0.1:1/nowhere?sslmode=s3cret",
        "postgresql+psycopg9://ana:s3cret@127.0.0.1:1/nowhere",
        "host=127.0.0.1 password=s3cret",
        "",
    ],
)
def test_errors_tell_no_secrets(url: str) -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        read_sql(url, "SELECT 1")
    told = str(caught.value) + "".join(getattr(caught.value, "__notes__", ()))
    cause: BaseException | None = caught.value
    while cause is not None and not cause.__suppress_context__:
        cause = cause.__cause__ or cause.__context__
        told += str(cause)
    assert "s3cret" not in told.replace("s3cret-free", "")
    assert "password=" not in told


def test_a_database_is_named_without_secrets() -> None:
    assert name_database("postgresql://ana:s3cret@db.example.org:5432/consdb?password=x") == (
        "postgresql://db.example.org:5432/consdb"
    )


def test_progress_can_cancel(url: str) -> None:
    from workbench.errors import OperationCancelledError

    def cancel(stage: str, fraction: float | None = None) -> None:
        raise OperationCancelledError(stage)

    with pytest.raises(OperationCancelledError, match="read 2 rows"):
        read_sql(url, "SELECT * FROM visit1_quicklook", progress=cancel)
