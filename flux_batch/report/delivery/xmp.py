"""The XMP packet of a delivery copy: where the picture comes from, its rating, and the prompt only when asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flux_batch.plan.records import Task

GENERATED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""

_PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
{}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a packet says; empty or None is left out. ``rating`` is -1 for a reject, else 0 to 5 stars."""

    source_type: str = ""
    rating: int | None = None
    prompt: str = ""


def source_type(task: Task, *, rehearsal: bool) -> str:
    """IPTC's word for how a picture came about; empty for the simulator's placeholders, which no model made."""
    if rehearsal:
        return ""
    return COMPOSITE if task.reference else GENERATED


def packet(facts: Facts) -> bytes:
    """The packet as UTF-8; equal facts give equal bytes. Empty when there is nothing to say."""
    said = {
        "Iptc4xmpExt:DigitalSourceType": facts.source_type,
        "xmp:Rating": "" if facts.rating is None else str(facts.rating),
        "Iptc4xmpExt:AIPromptInformation": facts.prompt,
    }
    lines = [f"   <{name}>{_escaped(text)}</{name}>" for name, text in said.items() if text]
    return _PACKET.format("\n".join(lines)).encode() if lines else b""


def _escaped(text: str) -> str:
    from xml.sax.saxutils import escape  # which brings half of urllib

    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text))
