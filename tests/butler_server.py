"""The middleware's own Butler server, as a process of the tests.

What stands before it at a data facility is here too: who has no token, or a
wrong one, is refused, and files are had by a signed URL.  A file ``fault`` in
the server's directory makes it fail from then on: it holds a status code, or
"hang", "garbage", "other", "login" or "cut".
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

TOKEN = "a-token-of-the-tests"
VARIABLE = "BUTLER_RUBIN_ACCESS_TOKEN"


class ButlerServer:
    """A server of any number of repositories; started and stopped by a fixture."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="butler-server-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = (self.directory / "log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.butler_server", str(self.directory), str(self.port)],
            stdout=log,
            stderr=log,
            cwd=Path(__file__).resolve().parent.parent,
        )
        log.close()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self._process.poll() is None, (self.directory / "log").read_text()
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5).close()
                return
            time.sleep(0.05)
        raise AssertionError("the Butler server did not come up")

    def stop(self) -> None:
        """End it at once, as when its machine fails."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def serve(self, root: Path) -> str:
        """Serve a repository under a name of its own; return the URL of its clients."""
        label = f"repo-{uuid.uuid4().hex[:8]}"
        (self.directory / label).symlink_to(root)
        return f"http://127.0.0.1:{self.port}/api/butler/repo/{label}"

    @contextlib.contextmanager
    def failing(self, fault: str) -> Iterator[None]:
        """Answer everything by a fault for the length of a block."""
        path = self.directory / "fault"
        path.write_text(fault)
        try:
            yield
        finally:
            path.unlink()


def _main(directory: Path, port: int) -> None:
    import fastapi
    import uvicorn
    from lsst.daf.butler import LabeledButlerFactory
    from lsst.daf.butler.remote_butler.server import _config, _dependencies
    from lsst.resources.file import FileResourcePath

    _config._config = _config.ButlerServerConfig(
        repositories={},
        gafaelfawr_url="http://gafaelfawr.invalid",
        authentication="rubin_science_platform",
    )
    from lsst.daf.butler.remote_butler.server import create_app

    def sign(path: FileResourcePath, *, expiration_time_seconds: int) -> str:
        return f"http://127.0.0.1:{port}/signed{path.ospath}"

    # An object store signs URLs; files on a disk are handed out by this server.
    FileResourcePath.generate_presigned_get_url = sign  # type: ignore[method-assign,assignment]

    factories: dict[tuple[str, ...], LabeledButlerFactory] = {}

    async def find_factory() -> LabeledButlerFactory:
        labels = tuple(sorted(path.name for path in directory.glob("repo-*")))
        if labels not in factories:
            factories[labels] = LabeledButlerFactory(
                {label: str(directory / label / "butler.yaml") for label in labels}
            )
        return factories[labels]

    app = create_app()
    app.dependency_overrides |= {
        _dependencies.butler_factory_dependency: find_factory,
        _dependencies.repository_authorization_dependency: lambda: None,
        _dependencies.user_name_dependency: lambda: "somebody",
    }

    @app.get("/")
    async def alive() -> dict[str, str]:
        return {}

    @app.api_route("/signed/{path:path}", methods=["GET", "HEAD"])
    async def download(path: str) -> fastapi.Response:
        if not Path(f"/{path}").is_file():
            return fastapi.Response(status_code=404)
        return fastapi.responses.FileResponse(f"/{path}")

    @app.middleware("http")
    async def stand_before(request: fastapi.Request, go_on):  # type: ignore[no-untyped-def]
        fault = directory / "fault"
        if fault.exists():
            match fault.read_text():
                case "hang":
                    import asyncio

                    await asyncio.sleep(30)
                case "cut":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "login":
                    return fastapi.responses.RedirectResponse("/login", 302)
                case "garbage":
                    return fastapi.responses.HTMLResponse("<html>maintenance</html>")
                case "other":
                    return fastapi.responses.JSONResponse({"not": "a Butler's"})
                case code:
                    return fastapi.Response(status_code=int(code))
        public = request.url.path.endswith("butler.yaml") or not request.url.path.startswith("/api")
        if not public and request.headers.get("authorization") != f"Bearer {TOKEN}":
            return fastapi.Response(status_code=401)
        return await go_on(request)

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
