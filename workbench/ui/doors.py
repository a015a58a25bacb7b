"""The doors of the served application: which routes there are, who comes in, and to which session."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
from bokeh.server.auth_provider import AuthProvider
from bokeh.server.urls import per_app_patterns
from bokeh.util.token import check_token_signature, get_session_id
from panel.io.resources import COMPONENT_PATH
from panel.io.server import (  # type: ignore[attr-defined] # two of them are tornado's
    AutoloadJsHandler,
    DocHandler,
    HTTPError,
    RequestHandler,
    WSHandler,
)

from workbench.ui.authentication import LOG, Attempts, Authentication

__all__ = ["Doors", "our_handlers"]

_DOORS = "workbench_doors"
_USER, _GRANT = "user", "workbench_grant"  # pn.state.user reads the cookie "user"
_DAYS = 1
_SECONDS_BETWEEN_LOOKS = 2
_SECONDS_OF_A_FAILURE = 0.5
_SHOWN_USER = 40


class Doors:
    """What one server lets in.

    Parameters
    ----------
    authentication : `~workbench.ui.authentication.Authentication` or `None`
        Who may sign in; `None` where everybody who reaches the address may.
    """

    def __init__(self, authentication: Authentication | None = None):
        self.authentication = authentication
        self.attempts = Attempts()
        self.sockets: set[WSHandler] = set()
        self._owners: dict[str, str] = {}
        self._revoked: set[str] = set()
        self._secret = secrets.token_bytes(32)

    def to_server(self) -> dict[str, Any]:
        """Return the arguments of Bokeh's server.

        Returns
        -------
        arguments : `dict`
            Sessions are signed.  Panel's route of component resources is
            answered before Panel does: it would import any module that an
            address names.  Forms carry a token.
        """
        arguments: dict[str, Any] = {
            "sign_sessions": True,
            "secret_key": self._secret,
            "extra_patterns": [(rf"/{COMPONENT_PATH.rstrip('/')}(?:/.*)?", _NoRoute)],
            "xsrf_cookies": True,
            "xsrf_cookie_kwargs": {"httponly": True, "samesite": "Lax"},
            _DOORS: self,
        }
        if self.authentication is not None:
            arguments |= {
                "auth_provider": _SignIn(self),
                "cookie_secret": self.authentication.cookie_secret,
            }
        return arguments

    def guard(self, server: Any) -> None:
        """Watch who is signed in.

        Parameters
        ----------
        server : `panel.io.server.Server`
            Made with the arguments of `to_server` and with `our_handlers`.
        """
        if self.authentication is not None:
            server.io_loop.add_callback(self._watch)

    def own(self, session_id: str, user: str) -> None:
        """Say whose a session is.

        Parameters
        ----------
        session_id : `str`
            Bokeh's.
        user : `str`
            Who opened it.
        """
        self._owners[session_id] = user

    def disown(self, session_id: str) -> None:
        """Forget a session that is over.

        Parameters
        ----------
        session_id : `str`
            Bokeh's.
        """
        self._owners.pop(session_id, None)

    def admits(self, session_id: str, user: object) -> bool:
        """Tell whether a session may be joined.

        Parameters
        ----------
        session_id : `str`
            Bokeh's.
        user : `object`
            Who asks.

        Returns
        -------
        admits : `bool`
            `False` for a session of somebody else.
        """
        return self.authentication is None or self._owners.get(session_id, user) == user

    def find_user(self, handler: RequestHandler) -> str | None:
        """Return who sent a request.

        Parameters
        ----------
        handler : `tornado.web.RequestHandler`
            Holds the cookies.

        Returns
        -------
        user : `str` or `None`
            `None` for who is not signed in, signed out, was taken out of the
            file of users, or has another password since.
        """
        assert self.authentication is not None
        user, grant = (handler.get_signed_cookie(name, max_age_days=_DAYS) for name in (_USER, _GRANT))
        if not user or not grant:
            return None
        name, given = user.decode(), grant.decode()
        nonce = given.partition(":")[0]
        right = self.authentication.users.sign(name, self.authentication.cookie_secret, nonce)
        valid = right is not None and hmac.compare_digest(right, given) and nonce not in self._revoked
        return name if valid else None

    def admit(self, handler: RequestHandler, user: str) -> None:
        """Give a user who signed in the cookies of that.

        Parameters
        ----------
        handler : `tornado.web.RequestHandler`
            Answers with them.
        user : `str`
            Who.
        """
        assert self.authentication is not None
        grant = self.authentication.users.sign(user, self.authentication.cookie_secret, secrets.token_hex(16))
        for name, value in ((_USER, user), (_GRANT, grant)):
            if value is not None:
                handler.set_signed_cookie(
                    name,
                    value,
                    expires_days=_DAYS,
                    httponly=True,
                    samesite="Lax",
                    secure=_is_encrypted(handler),
                )

    def dismiss(self, handler: RequestHandler) -> None:
        """End the sign-in of a request, in its other windows, too.

        Parameters
        ----------
        handler : `tornado.web.RequestHandler`
            Holds the cookies.
        """
        grant = handler.get_signed_cookie(_GRANT, max_age_days=_DAYS)
        if grant:
            self._revoked.add(grant.decode().partition(":")[0])
        for name in (_USER, _GRANT):
            handler.clear_cookie(name)
        self._close_sockets()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            self._close_sockets()

    def _close_sockets(self) -> None:
        for socket in [*self.sockets]:
            if self.find_user(socket) is None:
                LOG.info("closed: the page of %s, who is no longer signed in", _shown(socket.current_user))
                socket.close(1008, "signed out")


@contextlib.contextmanager
def our_handlers() -> Iterator[None]:
    """Let a server that is made in this block have our handlers in place of Panel's.

    Bokeh has one list of routes for all servers of a process, which each
    server copies when it is made: other servers keep theirs.

    Yields
    ------
    `None`
        While the block runs.
    """
    ours = {DocHandler: _Page, AutoloadJsHandler: _Autoload, WSHandler: _Socket}
    before = [*per_app_patterns]
    per_app_patterns[:] = [(route, ours.get(handler, handler), *rest) for route, handler, *rest in before]
    try:
        yield
    finally:
        per_app_patterns[:] = before


def _is_encrypted(handler: RequestHandler) -> bool:
    """Tell whether the browser sees an encrypted connection, here or at the proxy before us."""
    proxy = handler.request.headers.get("X-Forwarded-Proto", "")
    return "https" in (handler.request.protocol, proxy.lower())


def _shown(user: object) -> str:
    """Return a name for the log, where somebody else's line breaks have no place."""
    return ascii(str(user)[:_SHOWN_USER])


class _NoRoute(RequestHandler):
    """Answers that there is nothing, whatever the address names."""

    def prepare(self) -> None:
        raise HTTPError(404)


class _OwnSession:
    """A page that gets a session of its own, and never one that its address chooses."""

    async def get_session(self) -> Any:
        request = self.request  # type: ignore[attr-defined]
        named = {"bokeh-session-id", "bokeh-token"} & {*request.arguments}
        if named or "Bokeh-Session-Id" in request.headers:
            LOG.warning("refused: %s chose a session from outside", request.remote_ip)
            raise HTTPError(403, reason="A session is not chosen from outside")
        return await super().get_session()  # type: ignore[misc]


class _Page(_OwnSession, DocHandler):
    pass


class _Autoload(_OwnSession, AutoloadJsHandler):
    pass


class _Socket(WSHandler):
    """The connection of a page, which only its own user may open."""

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        doors: Doors = self.settings[_DOORS]
        try:
            token = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")[1].strip()
            signed = check_token_signature(
                token, secret_key=self.application.secret_key, signed=self.application.sign_sessions
            )
            admitted = signed and doors.admits(get_session_id(token), self.current_user)
        except (IndexError, KeyError, ValueError):  # no token, or none of ours
            admitted = False
        if not admitted:
            LOG.warning("refused: %s asked for a session that is not theirs", _shown(self.current_user))
            self.set_status(403)
            self.finish()

    def open(self, *args: Any, **kwargs: Any) -> Any:
        self.settings[_DOORS].sockets.add(self)
        return super().open(*args, **kwargs)

    def on_close(self) -> None:
        self.settings[_DOORS].sockets.discard(self)
        super().on_close()


class _SignIn(AuthProvider):  # type: ignore[misc] # Bokeh's stubs are left out
    """Users by a form, held in signed cookies."""

    def __init__(self, doors: Doors):
        self._doors = doors
        super().__init__()

    @property
    def get_user(self) -> Callable[[RequestHandler], str | None]:
        return self._doors.find_user

    @property
    def login_url(self) -> str:
        return "/login"

    @property
    def login_handler(self) -> type[RequestHandler]:
        return _Login

    @property
    def logout_url(self) -> str:
        return "/logout"

    @property
    def logout_handler(self) -> type[RequestHandler]:
        return _Logout


class _Login(RequestHandler):
    """The form, and what comes back from it."""

    _TEMPLATE = jinja2.Template(
        (Path(__file__).parent / "login.html").read_text(encoding="utf-8"), autoescape=True
    )

    def get(self) -> None:
        # Only what follows the question mark is taken over: the page is always ours.
        query = urllib.parse.urlsplit(self.get_argument("next", "")).query
        error = self.get_argument("error", "")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Frame-Options", "DENY")
        self.write(self._TEMPLATE.render(error=error, query=query, xsrf=self.xsrf_token.decode()))

    async def post(self) -> None:
        doors: Doors = self.settings[_DOORS]
        assert doors.authentication is not None
        user, password = self.get_argument("username", ""), self.get_argument("password", "", strip=False)
        address = str(self.request.remote_ip)
        wait = doors.attempts.seconds_to_wait(address, user)
        if wait:
            LOG.warning("refused: %s from %s, too many attempts", _shown(user), address)
            self._again(f"Too many attempts. Wait {wait:.0f} seconds and try again.")
        elif doors.authentication.users.accept(user, password):
            doors.attempts.succeed(address, user)
            doors.admit(self, user)
            LOG.info("signed in: %s from %s", _shown(user), address)
            query = self.get_argument("query", "")
            self.redirect(f"./?{query}" if query else "./")
        else:
            doors.attempts.fail(address, user)
            LOG.warning("refused: %s from %s, wrong user or password", _shown(user), address)
            await asyncio.sleep(_SECONDS_OF_A_FAILURE)
            self._again("Invalid username or password!")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if self.request.method == "POST" and status_code == 403:
            self._again("This page was too old. Sign in again.")
        else:
            super().write_error(status_code, **kwargs)

    def _again(self, error: str) -> None:
        query = urllib.parse.urlencode({"error": error, "next": f"?{self.get_argument('query', '')}"})
        self.redirect(f"./login?{query}")


class _Logout(RequestHandler):
    """The end of a sign-in."""

    def get(self) -> None:
        doors: Doors = self.settings[_DOORS]
        LOG.info("signed out: %s", _shown(doors.find_user(self)))
        doors.dismiss(self)
        self.redirect("./login")
