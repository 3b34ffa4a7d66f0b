"""Follows passages from the pages of one edition to the next, without database or files.

Offsets count code points of a page's canonical text. `page_map` explains the states.
"""

from annotations.anchoring.page_map import Location, PageMap, map_pages
from annotations.anchoring.similar import find, locate
from annotations.anchoring.text import canonical_text

__all__ = ["Location", "PageMap", "canonical_text", "find", "locate", "map_pages"]
