"""What a server answers, to whom, by real requests."""

from __future__ import annotations

import contextlib
import http.client
import http.cookies
import json
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from panel.io.server import get_server
from tornado.routing import PathMatches

from tests.ui.conftest import free_port, wait_for_server
from workbench.ui.authentication import read_authentication
from workbench.ui.doors import Doors, our_handlers

PASSWORDS = {"ana": "correct horse", "eva": "battery staple"}

SERVE = """
import sys
imported = {*sys.modules}
from workbench.cli import main
main()
"""


class Client:
    """A browser without a screen: it keeps cookies."""

    def __init__(self, port: int):
        self.port = port
        self.cookies: dict[str, http.cookies.Morsel[str]] = {}

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Return status, target of a redirection, and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            for header in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= http.cookies.SimpleCookie(header)
            return answer.status, answer.headers.get("Location", ""), answer.read().decode(errors="replace")

    def sign_in(self, user: str, password: str | None = None, **form: str) -> tuple[int, str]:
        found = re.search(r'name="_xsrf" value="([^"]*)"', self.ask("/login")[2])
        assert found is not None
        filled = {"_xsrf": found[1], "username": user, "password": password or PASSWORDS[user], **form}
        return self.ask("/login", filled)[:2]

    def open(self) -> str:
        """Return the token of the session of a page."""
        status, _, page = self.ask("/")
        assert status == 200
        found = re.search(r'"token":"([^"]+)"', page)
        assert found is not None
        return found[1]


@contextmanager
def serving(repo: Path, place: Path, *options: str | Path) -> Iterator[tuple[int, Path]]:
    port, log = free_port(), place / "server.log"
    words = ["serve", str(repo), "--no-show", "--port", str(port), *map(str, options)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *words], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for_server(f"http://127.0.0.1:{port}/", process, log)
        yield port, log
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users.json"
    path.write_text(json.dumps(PASSWORDS))
    path.chmod(0o600)
    return path


@pytest.fixture
def served(demo_repo: Path, users: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    with serving(demo_repo, tmp_path, "--basic-auth", users) as found:
        yield found


OPEN = re.compile(r"/favicon|/login|/logout|/static")
"""Routes that anybody may ask: forms, and the files of Bokeh and Panel."""


def list_routes(users: Path) -> list[str]:
    """Return a path for every route that the server answers."""
    doors = Doors(read_authentication(users))
    with our_handlers():
        server = get_server({"/": lambda: None}, port=0, **doors.to_server())
    try:
        matchers = [rule.matcher for rule in server._tornado.wildcard_router.rules]
    finally:
        server.unlisten()
    patterns = [matcher.regex.pattern for matcher in matchers if isinstance(matcher, PathMatches)]
    assert len(patterns) == len(matchers)
    return sorted({re.sub(r"\(.*\)|[$^]|/\?", "", pattern).rstrip("?") or "/" for pattern in patterns})


COMPONENTS = (
    "/components/unittest.__main__/A/_css/c.css",
    "/components/antigravity/A/_css/c.css",
    "/components/",
    "/components",
    "//components/antigravity/A/_css/c.css",
    "/%63omponents/antigravity/A/_css/c.css",
    "/static/components/antigravity/A/_css/c.css",
    "/panel-preview/components/antigravity/A/_css/c.css",
)


def test_every_route_wants_a_user_and_none_imports(served: tuple[int, Path], users: Path) -> None:
    port, log = served
    stranger, user = Client(port), Client(port)
    assert user.sign_in("ana") == (302, "./")
    routes = list_routes(users)
    assert {"/ws", "/metadata", "/autoload.js", "/components"} <= {*routes}
    for path in [*routes, *COMPONENTS]:
        asked = f"{path}?bokeh-autoload-element=1" if path == "/autoload.js" else path
        status, target, text = stranger.ask(asked)
        assert "docs_json" not in text
        if not OPEN.match(path):
            assert status in {400, 403, 404} or (status == 302 and "login" in target), (path, status)
        if "components" in path:
            assert user.ask(asked)[0] == 404, path
            assert stranger.ask(asked, {"a": "1"})[0] in {403, 404, 405}
    assert "usage:" not in log.read_text()
    assert user.ask("/")[0] == 200  # and the server is still there


def test_without_users_no_route_imports_either(demo_repo: Path, tmp_path: Path) -> None:
    with serving(demo_repo, tmp_path) as (port, log):
        for path in COMPONENTS:
            assert Client(port).ask(path)[0] == 404, path
        assert Client(port).ask("/")[0] == 200
        assert "usage:" not in log.read_text()


@pytest.mark.parametrize("name", ["bokeh-session-id", "bokeh-token"])
def test_a_session_cannot_be_chosen(served: tuple[int, Path], name: str) -> None:
    port, _ = served
    attacker, victim = Client(port), Client(port)
    attacker.sign_in("ana")
    victim.sign_in("eva")
    token = attacker.open()
    for chosen in ("FIXED-1", token):
        for path in (f"/?{name}={chosen}", f"/autoload.js?bokeh-autoload-element=1&{name}={chosen}"):
            assert victim.ask(path)[0] == 403
    assert victim.ask("/", **{"Bokeh-Session-Id": "FIXED-1"})[0] == 403


@contextmanager
def joining(client: Client, token: str) -> Iterator[http.client.HTTPResponse]:
    """Ask for the connection of a page, as a browser does; the answer is a stream of frames, or refused."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=120)
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()),
        "Origin": f"http://127.0.0.1:{client.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": f"bokeh, {token}",
    }
    with contextlib.closing(connection):
        connection.request("GET", "/ws", headers=headers)
        with contextlib.closing(connection.getresponse()) as answer:
            yield answer


def join(client: Client, token: str) -> int:
    with joining(client, token) as answer:
        return answer.status


def test_only_its_user_joins_a_session(served: tuple[int, Path]) -> None:
    port, log = served
    ana, eva = Client(port), Client(port)
    ana.sign_in("ana")
    eva.sign_in("eva")
    token = ana.open()
    assert join(ana, token) == 101
    assert [join(eva, asked) for asked in (token, "not.a-token", token[:-3], "")] == [403] * 4
    assert join(Client(port), token) == 403
    assert "'eva' asked for a session that is not theirs" in log.read_text()


def test_who_is_taken_out_is_out_at_once(served: tuple[int, Path], users: Path) -> None:
    port, log = served
    ana, eva = Client(port), Client(port)
    ana.sign_in("ana")
    eva.sign_in("eva")
    users.write_text(json.dumps({"ana": PASSWORDS["ana"], "eva": "a new password"}))
    assert ana.ask("/")[0] == 200
    assert eva.ask("/")[0] == 302
    assert eva.sign_in("eva") == (302, "./login?error=Invalid+username+or+password%21&next=%3F")
    users.write_text(json.dumps({"eva": "a new password"}))
    assert ana.ask("/")[0] == 302
    assert eva.sign_in("eva", "a new password") == (302, "./")
    kept = {**eva.cookies}
    assert eva.ask("/logout")[:2] == (302, "./login")
    eva.cookies = kept  # those of another window, or of a thief
    assert eva.ask("/")[0] == 302
    text = log.read_text()
    assert "signed in: 'ana' from 127.0.0.1" in text
    assert "refused: 'eva' from 127.0.0.1" in text
    assert "signed out: 'eva'" in text
    assert PASSWORDS["eva"] not in text


def test_an_open_page_ends_with_its_user(served: tuple[int, Path], users: Path) -> None:
    port, _ = served
    ana = Client(port)
    ana.sign_in("ana")
    with joining(ana, ana.open()) as answer:
        assert answer.status == 101
        users.write_text(json.dumps({"eva": PASSWORDS["eva"]}))
        frames = answer.fp.read()  # to the end, which comes within seconds
    assert frames.endswith((1008).to_bytes(2, "big") + b"signed out")


def test_guessing_is_slowed_and_logged(served: tuple[int, Path]) -> None:
    port, log = served
    client = Client(port)
    began = time.monotonic()
    answers = [client.sign_in("ana", f"guess {n}")[1] for n in range(8)]
    assert time.monotonic() - began > 2
    assert sum("Invalid" in answer for answer in answers) <= 6
    assert any("Too+many+attempts" in answer for answer in answers)
    client.sign_in("ana\nsigned in: 'root'", "x")
    assert "\nsigned in" not in log.read_text()
    assert log.read_text().count("refused") >= 8


def test_a_form_needs_its_token_and_leads_nowhere_else(served: tuple[int, Path]) -> None:
    port, _ = served
    client = Client(port)
    form = {"username": "ana", "password": PASSWORDS["ana"]}
    assert "too+old" in client.ask("/login", form)[1]
    client = Client(port)
    assert client.ask("/?theme=dark")[1].endswith("login?next=%2F%3Ftheme%3Ddark")
    assert client.sign_in("ana", query="theme=dark") == (302, "./?theme=dark")
    for evil in ("//evil.example", "https://evil.example", "@evil.example"):
        assert Client(port).sign_in("ana", query=evil)[1].startswith("./?")
    for name in ("user", "workbench_grant"):
        morsel = client.cookies[name]
        assert morsel["httponly"]
        assert morsel["samesite"] == "Lax"
        assert not morsel["secure"]
    behind = Client(port)
    token = re.search(r'name="_xsrf" value="([^"]*)"', behind.ask("/login")[2])
    assert token is not None
    behind.ask("/login", {**form, "_xsrf": token[1]}, **{"X-Forwarded-Proto": "https"})
    assert behind.cookies["user"]["secure"]
