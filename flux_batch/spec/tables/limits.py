"""How much a table may hold: far more than any plan uses, and little enough to read in seconds."""

from __future__ import annotations

from typing import Final

FILE_MAX: Final = 20 * 1024 * 1024
"""Bytes of a table on disk."""
YAML_MAX: Final = 1024 * 1024
"""Bytes; a YAML scanner is slow, so what is larger belongs into another format."""

ROWS_MAX: Final = 100_000
COLUMNS_MAX: Final = 200
CELLS_MAX: Final = 1_000_000
"""Filled cells; each is kept with its place, some 300 bytes."""
CHARACTERS_MAX: Final = 50_000_000
"""Of all cells together; a file cannot hold as many, unless many cells share a text."""
CELL_MAX: Final = 8_000
"""Characters; a prompt has at most a few thousand."""
TITLE_MAX: Final = 100
"""Characters of a column's name."""
DEPTH_MAX: Final = 8
"""Groups and lists in a cell of JSON or YAML."""

IMAGES_MAX: Final = 10_000
"""Images that one pattern may find."""
LOOKED_MAX: Final = 200_000
"""Files and folders looked at for a pattern; more is somebody's whole disk."""

UNZIPPED_MAX: Final = 200 * 1024 * 1024
"""Bytes of a workbook once unpacked."""
PARTS_MAX: Final = 10_000
"""Files inside of a workbook."""
TAGS_MAX: Final = 5_000_000
"""Opening and closing XML tags of a workbook; four make a cell."""

FAULTS_MAX: Final = 50
"""Faults reported at once; nobody reads more."""
