"""A server that speaks S3 (moto's), whose manners can be watched and spoiled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SECRET = "canary-secret-0123456789"
KEY_ID = "CANARYKEYID0123456789"

Environ = dict[str, Any]


@dataclass(slots=True)
class Store:
    """``spoil`` is asked about every request before it is carried out, ``after`` when it has been.

    A status from either is the answer instead.
    """

    port: int = 0
    asked: list[str] = field(default_factory=list)
    spoil: Callable[[str], int | None] = lambda _: None
    after: Callable[[str], int | None] = lambda _: None

    @property
    def environment(self) -> dict[str, str]:
        """How a process finds it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


@contextmanager
def storing() -> Iterator[Store]:
    """A store for as long as the block lasts."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    store, inner = Store(), DomainDispatcherApplication(create_backend_app)

    def app(environ: Environ, start: Any) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        store.asked.append(asked)
        status = store.spoil(asked)
        if status is not None:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        else:
            told: list[Any] = []
            answer = list(inner(environ, lambda *given: told.extend(given)))
            status = store.after(asked)
            if status is None:
                start(*told)
                return answer
        start(f"{status} Spoiled", [("Content-Type", "application/xml"), ("Content-Length", "0")])
        return [b""]

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
