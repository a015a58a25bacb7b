"""Who may open a served application."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import logging
import secrets
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import ServeError

__all__ = ["Attempts", "Authentication", "Users", "read_authentication", "read_certificate"]

LOG = logging.getLogger("workbench.serve")
"""Who signed in and out, from where, and who was refused."""

_SHORTEST_SECRET = 16  # characters
_FREE_ATTEMPTS = 4
_FREE_OF_ADDRESS = 20
_LONGEST_WAIT = 300.0  # seconds


class Users:
    """Passwords by user, as their file says at the moment.

    Parameters
    ----------
    path : `pathlib.Path`
        JSON object of passwords by user.

    Raises
    ------
    workbench.errors.ServeError
        Raised if the file cannot be read, others may read it, or it names no
        users.
    """

    def __init__(self, path: Path):
        self.path = path
        self._passwords = _read_passwords(path)
        self._state = _file_state(path)

    def read(self) -> Mapping[str, str]:
        """Read the file again if it has changed.

        Returns
        -------
        passwords : `~collections.abc.Mapping` [ `str`, `str` ]
            Those of before where the file is not fit to be read, since it may
            just be written; nobody where it is gone.
        """
        state = _file_state(self.path)
        if state != self._state:
            self._state = state
            try:
                self._passwords = _read_passwords(self.path) if state else {}
            except ServeError as error:
                LOG.warning("The users stay as they were. %s", error)
        return self._passwords

    def accept(self, user: str, password: str) -> bool:
        """Tell whether a password is right, in a time that tells nothing else.

        Parameters
        ----------
        user, password : `str`
            What was typed.

        Returns
        -------
        accepted : `bool`
            `False` for unknown users, too.
        """
        known = self.read()
        right = known.get(user, secrets.token_hex(8))
        return (
            hmac.compare_digest(right.encode(), password.encode("utf-8", "surrogatepass")) and user in known
        )

    def sign(self, user: str, secret: str, nonce: str) -> str | None:
        """Sign that a user signed in with the password of now.

        Parameters
        ----------
        user : `str`
            Who.
        secret : `str`
            Secret of the server.
        nonce : `str`
            Of this sign-in.

        Returns
        -------
        grant : `str` or `None`
            Another one as soon as the password is changed; `None` once the
            user is taken out of the file.
        """
        password = self.read().get(user)
        if password is None:
            return None
        text = "\0".join([nonce, user, password])
        return f"{nonce}:{hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"


class Attempts:
    """Wrong passwords, which make the next attempt wait longer and longer.

    A user is not locked out by others: what counts is the user and the
    address together, and only many failures of one address count alone.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, ...], tuple[int, float]] = {}

    def seconds_to_wait(self, address: str, user: str) -> float:
        """Tell how long the next attempt has to wait.

        Parameters
        ----------
        address, user : `str`
            Whence, and for whom.

        Returns
        -------
        wait : `float`
            Seconds; 0 if it may be made now.
        """
        now = time.monotonic()
        waits = [
            last + _wait_after(n_failures, free) - now
            for key, free in (((address, user), _FREE_ATTEMPTS), ((address,), _FREE_OF_ADDRESS))
            for n_failures, last in [self._failures.get(key, (0, now))]
        ]
        return max(0.0, *waits)

    def fail(self, address: str, user: str) -> None:
        """Count a wrong password.

        Parameters
        ----------
        address, user : `str`
            Whence, and for whom.
        """
        now = time.monotonic()
        # What is forgotten after a day cannot fill the memory either.
        self._failures = {key: value for key, value in self._failures.items() if now - value[1] < 86_400}
        for key in ((address, user), (address,)):
            self._failures[key] = (self._failures.get(key, (0, now))[0] + 1, now)

    def succeed(self, address: str, user: str) -> None:
        """Forget the failures of a user who then signed in.

        Parameters
        ----------
        address, user : `str`
            Whence, and who.
        """
        self._failures.pop((address, user), None)


def _wait_after(n_failures: int, free: int) -> float:
    return 0.0 if n_failures < free else min(_LONGEST_WAIT, 2.0 ** min(n_failures - free, 20))


@dataclasses.dataclass(frozen=True, slots=True)
class Authentication:
    """Users with passwords, and the secret that signs their cookies.

    Parameters
    ----------
    users : `Users`
        Their file is read again whenever it changes.
    cookie_secret : `str`
        Signs the cookies.
    """

    users: Users
    cookie_secret: str


def read_authentication(users: str | Path, *, cookie_secret: str | None = None) -> Authentication:
    """Check what authenticates users.

    Parameters
    ----------
    users : `str` or `pathlib.Path`
        JSON file with the password of each user, which nobody else may read.
    cookie_secret : `str`, optional
        Signs cookies, so that users stay signed in over a restart; at least
        16 characters.  By default made anew at each start.

    Returns
    -------
    authentication : `Authentication`
        Nothing is written.

    Raises
    ------
    workbench.errors.ServeError
        Raised if the file is missing, is no such file, or others may read it,
        or the secret is too short.
    """
    known = Users(Path(users).expanduser().absolute())
    if cookie_secret is not None and len(cookie_secret) < _SHORTEST_SECRET:
        raise ServeError(
            f"A cookie secret of {len(cookie_secret)} characters can be guessed: give at least "
            f"{_SHORTEST_SECRET}, or none for one that is made at each start."
        )
    return Authentication(known, cookie_secret or secrets.token_hex(32))


def read_certificate(certificate: str | Path | None, key: str | Path | None) -> dict[str, str]:
    """Check the files that encrypt the connection, with users or without.

    Parameters
    ----------
    certificate, key : `str` or `pathlib.Path` or `None`
        TLS certificate and its key, PEM files.

    Returns
    -------
    arguments : `dict` [ `str`, `str` ]
        Of the server; empty without a certificate.

    Raises
    ------
    workbench.errors.ServeError
        Raised if only one is given, or a file is missing.
    """
    if certificate is None and key is None:
        return {}
    if certificate is None or key is None:
        raise ServeError("A TLS certificate and its key are given together, as two PEM files.")
    files = [Path(file).expanduser().absolute() for file in (certificate, key)]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise ServeError(f"There is no file {', '.join(missing)}.")
    return {"ssl_certfile": str(files[0]), "ssl_keyfile": str(files[1])}


def _file_state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read_passwords(path: Path) -> Mapping[str, str]:
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
    return dict(entries)
