"""Who may open an application that other machines reach."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.conftest import PATIENCE, free_port
from workbench.bench import open_bench
from workbench.errors import ServeError
from workbench.ui import serve
from workbench.ui.authentication import Attempts, Users, read_authentication, read_certificate

PASSWORD = "correct horse"


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """File of one user, that nobody else may read."""
    path = tmp_path / "users.json"
    path.write_text(json.dumps({"ana": PASSWORD}))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("content", ["{}", "[]", '{"ana": ""}', '{"ana": 1}'])
def test_a_file_without_users_is_refused(users: Path, content: str) -> None:
    users.write_text(content)
    with pytest.raises(ServeError, match="names no users"):
        read_authentication(users)


def test_what_is_not_fit_is_refused_with_a_sentence(users: Path, tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="at least 16"):
        read_authentication(users, cookie_secret="short")
    with pytest.raises(ServeError, match="given together"):
        read_certificate(users, None)
    with pytest.raises(ServeError, match=r"There is no file .*none\.pem"):
        read_certificate(users, tmp_path / "none.pem")
    users.chmod(0o644)
    with pytest.raises(ServeError, match="chmod 600"):
        read_authentication(users)
    users.write_text("hello")
    with pytest.raises(ServeError, match="cannot be read"):
        read_authentication(users)


def test_each_start_has_a_secret_of_its_own(users: Path) -> None:
    first, second = read_authentication(users), read_authentication(users)
    assert first.cookie_secret != second.cookie_secret
    assert len(first.cookie_secret) == 64


def test_users_that_cannot_be_read_are_no_authentication(demo_repo: Path, tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="cannot be read"):
        serve(demo_repo, address="0.0.0.0", basic_auth=tmp_path / "none.json")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"certificate": "none.pem", "key": "nope.pem"}, "There is no file"),
        ({"certificate": "none.pem"}, "given together"),
        ({"cookie_secret": "x" * 32}, "there are none"),
    ],
)
def test_what_encrypts_and_signs_is_checked_without_users_too(
    demo_repo: Path, options: dict[str, str], said: str
) -> None:
    with pytest.raises(ServeError, match=said):
        serve(demo_repo, port=0, **options)


def test_users_are_those_of_the_file_at_the_moment(users: Path) -> None:
    known = Users(users)
    grant = known.sign("ana", "secret", "1")
    assert known.accept("ana", PASSWORD)
    assert not known.accept("ana", "correct hors")
    assert not known.accept("eva", PASSWORD)
    users.write_text(json.dumps({"ana": "another", "eva": PASSWORD}))
    assert known.accept("eva", PASSWORD)
    assert known.sign("ana", "secret", "1") != grant
    users.write_text("{")  # while it is being written
    assert known.accept("eva", PASSWORD)
    users.unlink()
    assert not known.accept("eva", PASSWORD)
    assert known.sign("eva", "secret", "1") is None


def test_attempts_have_to_wait_longer_and_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("workbench.ui.authentication.time.monotonic", lambda: now)
    attempts = Attempts()
    waits = []
    for _ in range(20):
        waits.append(attempts.seconds_to_wait("10.0.0.1", "ana"))
        now += waits[-1]
        attempts.fail("10.0.0.1", "ana")
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:8] == [1, 2, 4, 8]
    assert waits[-1] == 300
    assert attempts.seconds_to_wait("10.0.0.2", "ana") == 0  # nobody locks others out
    assert attempts.seconds_to_wait("10.0.0.1", "eva") > 0  # and nobody tries name after name
    attempts.succeed("10.0.0.1", "ana")
    now += 1000
    assert attempts.seconds_to_wait("10.0.0.1", "ana") == 0


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def served_at_all_addresses(demo_repo: Path, users: Path, tmp_path: Path) -> Iterator[str]:
    """URL of an application that other machines reach, encrypted, started by the command."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    port, log = free_port(), tmp_path / "server.log"
    command = [
        sys.executable,
        "-c",
        "from workbench.cli import main; main()",
        "serve",
        demo_repo,
        "--no-show",
    ]
    where = ["--address", "0.0.0.0", "--port", str(port), "--basic-auth", users]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *where, "--certificate", certificate, "--key", key],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        # Not by a request: urllib would want to know the certificate.
        end = time.monotonic() + 90
        while not listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield f"https://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.browser
def test_only_who_signs_in_gets_in_and_is_the_author(
    browser: Browser, served_at_all_addresses: str, demo_repo: Path
) -> None:
    root = served_at_all_addresses
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for address in (root, f"{root}autoload.js?bokeh-autoload-element=1"):
        answer = context.request.get(address)
        assert urllib.parse.urlparse(answer.url).path == "/login"
        assert "docs_json" not in answer.text()
    attack = urllib.parse.quote("<img src=x onerror=alert(1)>")
    page.goto(f"{root}login?error={attack}")
    expect(page.get_by_role("alert")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("img").count() == 0

    page.goto(root)
    page.get_by_label("User").fill("ana")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Invalid username or password")
    page.get_by_label("User").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("tab", name="Choose").click()
    page.get_by_label("Name", exact=True).fill("all")
    page.get_by_label("Reason (kept with the version)").fill("everything")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as all@1")).to_be_visible()
    assert not [url for url in asked if not url.startswith((root, "data:", "blob:"))]
    context.close()
    with open_bench(demo_repo, read_only=True) as bench:
        assert bench.sets.history("all")["author"].to_pylist() == ["ana"]
