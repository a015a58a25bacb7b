"""A Butler that a server stands before, whose failures are sentences.

`lsst.daf.butler.remote_butler` raises what its HTTP client raises, or an error
with no more than the number of a request.  Here the client itself says what
went wrong, so that whoever uses the Butler hears it: ours and the user's code.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import httpx2
from lsst.daf.butler import Butler, ButlerConfig
from lsst.daf.butler.remote_butler._factory import RemoteButlerFactory

from workbench.errors import ConnectionFailedError

__all__ = ["TIMEOUT", "make_served_butler"]

TIMEOUT = httpx2.Timeout(120.0, connect=10.0)
"""How long a server may be silent, in s: some of its answers are one long query of a database."""

_MOST_WAITING = 120.0
"""How long a server that asks to try again later is obeyed, in s."""

_TOKEN = "BUTLER_RUBIN_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
_UNPROCESSABLE = 422
_JSON = ("application/json", "application/jsonlines")
_KEPT = "Nothing was changed, and what you have saved is kept in the sidecar."


def make_served_butler(config: ButlerConfig, uri: str) -> Butler:
    """Make the client of a Butler server.

    Parameters
    ----------
    config : `lsst.daf.butler.ButlerConfig`
        Configuration that the server gives its clients.
    uri : `str`
        How messages name the repository.

    Returns
    -------
    butler : `lsst.daf.butler.Butler`
        Read-only.  Whatever is asked of it raises `ConnectionFailedError` if
        the server does not answer, or not as one.

    Raises
    ------
    workbench.errors.ConnectionFailedError
        Raised if there is no access token, or no answer.
    """
    client = _Client(uri)
    try:
        factory = RemoteButlerFactory.create_factory_from_config(config, http_client=client)
        butler = factory.create_butler_with_credentials_from_environment(enable_datastore_cache=True)
        # The first thing that everybody asks: a server that is none says so here.
        butler.dimensions  # noqa: B018
    except BaseException as error:
        client.close()
        if isinstance(error, RuntimeError) and "credentials" in str(error):
            raise ConnectionFailedError(
                f"The Butler server of {uri} wants an access token, and there is none: put yours into the "
                f"environment variable {_TOKEN}, and open the repository again."
            ) from error
        if isinstance(error, ValueError | LookupError):
            raise ConnectionFailedError(
                f"The server of {uri} does not answer as a Butler server: {error}. Check the URL."
            ) from error
        raise
    # Closing the Butler leaves the connections of its client open.
    butler.close = client.close  # type: ignore[method-assign]
    return butler


class _Client(httpx2.Client):
    """An HTTP client whose errors name the repository and what to do."""

    def __init__(self, uri: str):
        super().__init__(timeout=TIMEOUT)
        self._uri = uri

    def send(self, request: httpx2.Request, **kwargs: Any) -> httpx2.Response:
        begun = time.monotonic()
        while True:
            with _explained(self._uri):
                response = super().send(request, **kwargs)
            delay = _read_delay(response)
            if delay is None or time.monotonic() - begun + delay > _MOST_WAITING:
                break
            response.close()
            time.sleep(delay)
        if response.status_code != _UNPROCESSABLE:  # the Butler's own errors come by this status
            self._check(response)
        response.stream = _Stream(response.stream, self._uri)
        return response

    def _check(self, response: httpx2.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if response.is_success and kind in _JSON:
            return
        response.close()
        status = f"{response.status_code} {response.reason_phrase}".strip()
        match response.status_code:
            case 401:
                why = f"does not accept your access token ({status}): renew it in {_TOKEN}."
            case 403:
                why = f"does not let you in ({status}): ask who runs it for access, or check {_TOKEN}."
            case code if code >= 500 or code in (408, 429):
                why = f"has failed ({status}): try again later, and tell who runs it if it stays so. {_KEPT}"
            case code if code >= 300:
                why = f"answers {status} to {response.request.url.path}: check the URL and {_TOKEN}."
            case _:
                why = f"answers with {kind or 'nothing'} where data were asked: check the URL and {_TOKEN}."
        raise ConnectionFailedError(f"The Butler server of {self._uri} {why}")


class _Stream(httpx2.SyncByteStream):
    """The body of a response; a connection that breaks in the middle is explained too."""

    def __init__(self, stream: Any, uri: str):
        self._stream = stream
        self._uri = uri

    def __iter__(self) -> Iterator[bytes]:
        with _explained(self._uri):
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


def _read_delay(response: httpx2.Response) -> float | None:
    """Return after how many seconds the server wants to be asked again."""
    if response.status_code not in (429, 503):
        return None
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None


@contextlib.contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except httpx2.HTTPError as error:
        how = "has not answered in time" if isinstance(error, httpx2.TimeoutException) else "does not answer"
        raise ConnectionFailedError(
            f"The Butler server of {uri} {how} ({error or type(error).__name__}): check the network, and "
            f"try again later. {_KEPT}"
        ) from error
