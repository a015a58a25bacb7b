"""Who may open a served application."""

from __future__ import annotations

import dataclasses
import json
import secrets
import stat
from pathlib import Path
from typing import Any

from workbench.errors import ServeError

__all__ = ["Authentication", "read_authentication"]

_TEMPLATE = Path(__file__).parent / "login.html"
_SHORTEST_SECRET = 16  # characters


@dataclasses.dataclass(frozen=True, slots=True)
class Authentication:
    """Users with passwords, a secret that signs their cookies, and how the connection is encrypted.

    Parameters
    ----------
    users : `pathlib.Path`
        JSON file with the password of each user; read at every login.
    cookie_secret : `str`
        Signs the cookies.
    certificate, key : `pathlib.Path` or `None`
        TLS certificate and its key, PEM files.
    """

    users: Path
    cookie_secret: str
    certificate: Path | None = None
    key: Path | None = None

    def to_panel(self) -> dict[str, Any]:
        """Return the arguments of Panel's server.

        Returns
        -------
        arguments : `dict`
            Basic authentication with a login page that asks no other host
            for anything.
        """
        tls = (
            {"ssl_certfile": str(self.certificate), "ssl_keyfile": str(self.key)} if self.certificate else {}
        )
        return {
            "basic_auth": str(self.users),
            "cookie_secret": self.cookie_secret,
            "login_template": str(_TEMPLATE),
            **tls,
        }


def read_authentication(
    users: str | Path,
    *,
    cookie_secret: str | None = None,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
) -> Authentication:
    """Check what authenticates users.

    Parameters
    ----------
    users : `str` or `pathlib.Path`
        JSON file with the password of each user, which nobody else may read.
    cookie_secret : `str`, optional
        Signs cookies, so that users stay signed in over a restart; at least
        16 characters.  By default made anew at each start.
    certificate, key : `str` or `pathlib.Path`, optional
        TLS certificate and its key, PEM files.

    Returns
    -------
    authentication : `Authentication`
        Nothing is written.

    Raises
    ------
    workbench.errors.ServeError
        Raised if a file is missing, is no such file, or others may read it,
        or the secret is too short.
    """
    path = Path(users).expanduser().absolute()
    try:
        mode = path.stat().st_mode
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ServeError(f"The file of users {path} cannot be read: {error}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ServeError(f"Others may read the passwords in {path}. Keep it to yourself: chmod 600 {path}.")
    entries = content.items() if isinstance(content, dict) else ()
    if not entries or not all(isinstance(password, str) and password and user for user, password in entries):
        raise ServeError(
            f'{path} names no users. It is a JSON object of passwords by user, such as {{"ana": "..."}}.'
        )
    if cookie_secret is not None and len(cookie_secret) < _SHORTEST_SECRET:
        raise ServeError(
            f"A cookie secret of {len(cookie_secret)} characters can be guessed: give at least "
            f"{_SHORTEST_SECRET}, or none for one that is made at each start."
        )
    if (certificate is None) != (key is None):
        raise ServeError("A TLS certificate and its key are given together, as two PEM files.")
    files = [Path(file).expanduser().absolute() for file in (certificate, key) if file is not None]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise ServeError(f"There is no file {', '.join(missing)}.")
    return Authentication(path, cookie_secret or secrets.token_hex(32), *files)
