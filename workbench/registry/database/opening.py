"""Open a repository's Butler, whether its database is here or a server stands before it."""

from __future__ import annotations

from lsst.daf.butler import Butler, ButlerConfig
from lsst.daf.butler.registry.interfaces import IncompatibleVersionError
from lsst.daf.butler.registry.versions import IncompatibleVersionError as IncompatibleManagersError

from workbench.errors import ConnectionFailedError, NewerSchemaError
from workbench.registry.database.failure import explained
from workbench.registry.database.location import Location, locate

__all__ = ["open_butler"]


def open_butler(repository: Location | str) -> Butler:
    """Open a read-only Butler whose failures are sentences.

    Parameters
    ----------
    repository : `~workbench.registry.database.location.Location` or `str`
        The repository, or its URI.

    Returns
    -------
    butler : `lsst.daf.butler.Butler`
        To be closed.

    Raises
    ------
    workbench.errors.NewerSchemaError
        Raised if another release of the Butler wrote it.
    workbench.errors.ConnectionFailedError
        Raised if its database or server does not answer.
    """
    location = repository if isinstance(repository, Location) else locate(repository)
    if location.is_served:
        return _open_served(location)
    try:
        with explained(location.uri):
            return Butler.from_config(location.uri, writeable=False)
    except (IncompatibleVersionError, IncompatibleManagersError) as error:
        raise NewerSchemaError(
            f"The Butler repository {location.uri} needs another release of lsst-daf-butler: {error}"
        ) from error


def _open_served(location: Location) -> Butler:
    try:
        from workbench.registry.database._served import make_served_butler
    except ModuleNotFoundError as error:
        raise ConnectionFailedError(
            f"{location.uri} is served by a Butler server, and the package {error.name} that speaks to it is "
            "not installed: pip install 'campaign-workbench[remote]'."
        ) from error
    return make_served_butler(ButlerConfig(location.uri), location.uri)
