"""Where a Butler repository is: its root, and the database of its registry."""

from __future__ import annotations

import dataclasses
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import sqlalchemy as sa
import yaml
from lsst.daf.butler import Butler, ButlerConfig
from lsst.daf.butler.registry import RegistryConfig
from lsst.resources import ResourcePath

from workbench.errors import ConnectionFailedError, NotARepositoryError

__all__ = ["Location", "locate"]

_REMOTE_BUTLER = "lsst.daf.butler.remote_butler.RemoteButler"
_STATUS = re.compile(r"status: (\d{3}) (.*)")
_PROBE_TIMEOUT = 20.0
_SERVER_FAILED = 500
_ABSENT = ("404", "410")


@dataclasses.dataclass(frozen=True, slots=True)
class Location:
    """A Butler repository that was found.

    Parameters
    ----------
    uri : `str`
        What ``Butler.from_config`` takes: the root, or a configuration file
        that is not called ``butler.yaml``.
    root : `pathlib.Path`, optional
        The root directory, where it is a local one.
    url : `sqlalchemy.URL`, optional
        The database of the registry, with credentials; `None` where a Butler
        server stands before it.
    namespace : `str`, optional
        Schema of the Butler's tables on PostgreSQL.
    """

    uri: str
    root: Path | None
    url: sa.URL | None
    namespace: str | None

    @property
    def is_served(self) -> bool:
        """Whether a Butler server stands before the repository (`bool`)."""
        return self.url is None

    @property
    def sqlite_file(self) -> Path | None:
        """The registry's file on SQLite (`pathlib.Path` or `None`)."""
        if self.url is None or self.url.get_backend_name() != "sqlite" or self.url.database is None:
            return None
        return Path(self.url.database)


def locate(uri: str | os.PathLike[str]) -> Location:
    """Find a repository; reads its configuration, opens no database.

    Parameters
    ----------
    uri : `str` or path
        Root directory, ``butler.yaml``, label in the repository index, or
        URL of a Butler server.

    Returns
    -------
    location : `Location`
        The repository.

    Raises
    ------
    workbench.errors.NotARepositoryError
        Raised if there is none.
    workbench.errors.ConnectionFailedError
        Raised if a server does not answer.
    """
    asked = os.fspath(uri)
    resource = _resolve(asked)
    config = _read_config(asked, resource)
    text = resource.ospath.rstrip("/") or "/" if resource.isLocal else str(resource)
    if config.get("cls") == _REMOTE_BUTLER:
        return Location(text, None, None, None)
    root = config.get("root", config.configDir)
    registry = RegistryConfig(config)
    registry.replaceRoot(root)
    directory = ResourcePath(root, forceDirectory=True)
    return Location(
        uri=text,
        root=Path(directory.ospath) if directory.isLocal else None,
        url=registry.connectionString,
        namespace=registry.get("namespace"),
    )


def _resolve(asked: str) -> ResourcePath:
    try:
        found = Butler.get_repo_uri(asked, return_label=True).abspath()
    except FileNotFoundError as error:
        raise NotARepositoryError(f"{error} It was read to resolve {asked!r}.") from error
    except NotImplementedError as error:
        raise NotARepositoryError(f"{asked!r} names no Butler repository: {error}.") from error
    if found.basename() == "butler.yaml":
        found = found.dirname()
    return found


def _read_config(asked: str, resource: ResourcePath) -> ButlerConfig:
    _probe_server(asked, resource)
    try:
        return ButlerConfig(resource)
    except FileNotFoundError as error:
        if not resource.isLocal and (status := _STATUS.search(str(error))) and status[1] not in _ABSENT:
            # The client of files calls every refusal of a server an absent file.
            raise ConnectionFailedError(
                f"The server of {asked!r} does not give the repository's configuration ({status[1]} "
                f"{status[2]}): check your access, and try again later if the server has failed."
            ) from error
        labels = ", ".join(sorted(Butler.get_known_repos()))
        raise NotARepositoryError(
            f"There is no Butler repository at {asked!r}: {resource} is no directory with a butler.yaml. "
            + (f"Known labels are {labels}. " if labels else "")
            + "Give the path of a repository, or make one with `workbench demo create DIR`."
        ) from error
    except OSError as error:
        raise ConnectionFailedError(
            f"The repository at {asked!r} does not answer: {error}. Check the URL and the network."
        ) from error
    except (RuntimeError, LookupError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
        if not resource.isLocal:
            raise ConnectionFailedError(
                f"The server of {asked!r} answers with something that is no configuration of a Butler "
                f"({error}): check the URL, and try again later if it worked before."
            ) from error
        raise NotARepositoryError(
            f"{asked!r} is no Butler repository: its configuration cannot be read ({error})."
        ) from error


def _probe_server(asked: str, resource: ResourcePath) -> None:
    """Ask a server once: the client of files tries again for most of a minute."""
    if resource.scheme not in ("http", "https"):
        return
    name = resource if resource.getExtension() == ".yaml" else resource.join("butler.yaml")
    try:
        urllib.request.urlopen(str(name), timeout=_PROBE_TIMEOUT).close()  # noqa: S310 - see the scheme above
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= _SERVER_FAILED:
            raise ConnectionFailedError(
                f"The server of {asked!r} has failed ({error.code} {error.reason}): try again later, and "
                "tell who runs it if it stays so."
            ) from error
    except OSError as error:
        raise ConnectionFailedError(
            f"The server of {asked!r} does not answer ({getattr(error, 'reason', error)}): check the URL and "
            "the network, and try again later."
        ) from error
