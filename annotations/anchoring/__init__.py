"""Follows passages from one edition's pages to the next: pure, no database, no files.

Offsets are code points of a page's canonical text. See `pages` for what the states mean.
"""

from annotations.anchoring.page_map import PageMap, Place, map_pages
from annotations.anchoring.similar import find, locate
from annotations.anchoring.text import canonical_text

__all__ = ["PageMap", "Place", "canonical_text", "find", "locate", "map_pages"]
