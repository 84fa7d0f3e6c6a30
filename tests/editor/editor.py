"""An editor without a screen: yaml-language-server, and what a person would ask it with mouse and keyboard."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .rpc import Message, Peer
from .texts import Edit, Place

HERE: Final = Path(__file__).parent
SERVER: Final = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
OFFLINE: Final = HERE / "offline.cjs"

SETTINGS: Final[dict[str, object]] = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        # Both would ask the internet which schema suits a file.
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
    }
}
"""Everything else is as the extension comes: YAML 1.2, no schemas of one's own."""

ABILITIES: Final = {
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown", "plaintext"]}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
    },
}
"""What VS Code tells a server about itself, as far as it matters here."""

AS_IS: Final = 1
"""The protocol's ``InsertTextMode.asIs``: the editor does not indent what it inserts."""


def node() -> str | None:
    """The Node.js to use: the machine's, or the one installed beside this Python."""
    return shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of a completion list: its name, what is shown beside it, and what it changes in the text."""

    label: str
    documentation: str
    edit: Edit


class Editor:
    """A running language server with a folder opened."""

    def __init__(self, root: Path) -> None:
        executable = node()
        assert executable is not None
        command = [executable, "--require", str(OFFLINE), str(SERVER), "--stdio"]
        self._peer = Peer(command, os.environ, _settings_asked)
        folder = {"uri": root.as_uri(), "name": root.name}
        hello = {"processId": os.getpid(), "rootUri": root.as_uri(), "workspaceFolders": [folder]}
        self._peer.request("initialize", {**hello, "capabilities": ABILITIES})
        self._peer.notify("initialized", {})

    def open(self, path: Path, text: str) -> None:
        """Show a file with this text; once for each path. What is on the disk does not matter."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._peer.notify("textDocument/didOpen", {"textDocument": document})

    def problems(self, path: Path) -> list[Message]:
        """What is underlined in an open file; asked once."""
        uri = path.as_uri()

        def published(message: Message) -> list[Message] | None:
            ours = message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri
            found: list[Message] | None = message["params"]["diagnostics"] if ours else None
            return found

        return self._peer.wait(published, f"diagnostics of {path.name}")

    def offers(self, path: Path, place: Place) -> list[Offer]:
        """What is offered where the cursor is."""
        answer = self._peer.request("textDocument/completion", _at(path, place))
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return [_offer(item, place) for item in items]

    def hover(self, path: Path, place: Place) -> str:
        """What is shown for the word under the mouse, in Markdown; "" for nothing."""
        answer = self._peer.request("textDocument/hover", _at(path, place))
        return str(answer["contents"]["value"]) if answer else ""

    def leave(self) -> int:
        """Say goodbye; returns the exit code of the server."""
        self._peer.request("shutdown", None)
        self._peer.notify("exit", None)
        return self._peer.end()

    def kill(self) -> None:
        """End the server in any case."""
        self._peer.kill()


@dataclass(frozen=True, slots=True)
class Page:
    """An open file with the cursor somewhere."""

    editor: Editor
    path: Path
    text: str
    cursor: Place

    def offers(self) -> dict[str, Offer]:
        """What is offered at the cursor, by name."""
        return {offer.label: offer for offer in self.editor.offers(self.path, self.cursor)}

    def hover(self) -> str:
        """What is shown with the mouse at the cursor."""
        return self.editor.hover(self.path, self.cursor)

    def problems(self) -> list[tuple[str, str]]:
        """The underlined words, each with its message."""
        return [(_underlined(self.text, each["range"]), each["message"]) for each in self.editor.problems(self.path)]


def _settings_asked(method: str, params: Message) -> object:
    """The answer to a question of the server's: our settings, or nothing."""
    if method != "workspace/configuration":
        return None
    return [SETTINGS.get(item.get("section")) for item in params["items"]]


def _at(path: Path, place: Place) -> Message:
    position = {"line": place.line, "character": place.character}
    return {"textDocument": {"uri": path.as_uri()}, "position": position}


def _place(position: Message) -> Place:
    return Place(position["line"], position["character"])


def _underlined(text: str, area: Message) -> str:
    return text[_place(area["start"]).offset(text) : _place(area["end"]).offset(text)]


def _offer(item: Message, cursor: Place) -> Offer:
    shown = item.get("documentation") or ""
    change = item.get("textEdit")
    return Offer(
        label=item["label"],
        documentation=shown["value"] if isinstance(shown, dict) else shown,
        edit=Edit(
            start=_place(change["range"]["start"]) if change else cursor,
            end=_place(change["range"]["end"]) if change else cursor,
            snippet=change["newText"] if change else item["insertText"],
            indented=item.get("insertTextMode") != AS_IS,
        ),
    )
