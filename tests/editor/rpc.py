"""JSON-RPC over the pipes of a real process, as the Language Server Protocol frames it.

Messages are JSON after a ``Content-Length`` header, and each side may ask the other. One thread reads everything the
process says; whoever needs a message waits for it.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, TypeVar

PATIENCE: Final = 60.0
"""Seconds to wait for a message before the process counts as stuck."""

Message = dict[str, Any]
Found = TypeVar("Found")


class ServerFailed(RuntimeError):
    """The server refused a request, ended, or said nothing for a minute."""


class Peer:
    """A process that speaks JSON-RPC; ``answer`` says what it gets when it asks: method and params → result."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], answer: Callable[[str, Message], object]
    ) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(environment)
        )
        self._answer = answer
        self._news = threading.Condition()
        self._heard: list[Message] = []
        self._ended = False
        self._asked = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def request(self, method: str, params: object) -> Any:
        """Ask, wait, and return the result."""
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": params})
        answer = self.wait(lambda each: each if each.get("id") == number and "method" not in each else None, method)
        if "error" in answer:
            raise ServerFailed(f"{method}: {answer['error']}")
        return answer["result"]

    def notify(self, method: str, params: object) -> None:
        """Tell, without an answer."""
        self._send({"method": method, "params": params})

    def wait(self, look: Callable[[Message], Found | None], what: str) -> Found:
        """The first thing heard in which ``look`` finds something, now or later."""
        with self._news:
            while True:
                for message in self._heard:
                    if (found := look(message)) is not None:
                        self._heard.remove(message)
                        return found
                if self._ended or not self._news.wait(PATIENCE):
                    raise ServerFailed(f"no {what}: the server {'ended' if self._ended else 'is silent'}")

    def end(self) -> int:
        """Wait until the process ended by itself; returns its exit code."""
        code = self._process.wait(PATIENCE)
        self._close()
        return code

    def kill(self) -> None:
        """End it in any case."""
        self._process.kill()
        self._process.wait(PATIENCE)
        self._close()

    def _close(self) -> None:
        self._reader.join(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _send(self, message: Message) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        pipe = self._process.stdin
        assert pipe is not None
        with self._news:
            pipe.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
            pipe.flush()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        while (message := _message(pipe)) is not None:
            if "method" in message and "id" in message:
                result = self._answer(message["method"], message.get("params") or {})
                self._send({"id": message["id"], "result": result})
                continue
            with self._news:
                self._heard.append(message)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


def _message(pipe: IO[bytes]) -> Message | None:
    """The next message, None at the end."""
    length = 0
    while (line := pipe.readline().strip().lower()) or not length:
        if not line:
            return None
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    content: Message = json.loads(pipe.read(length))
    return content
