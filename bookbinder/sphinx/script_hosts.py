"""The addresses that a book loads scripts from: the author's list, and those of MathJax."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sphinx.application import Sphinx

from bookbinder.sphinx.checks import is_host
from bookbinder.sphinx.stopping import stop

# MathJax 4 and later loads its fonts from here, wherever its script comes from.
MATHJAX_FONTS = "https://cdn.jsdelivr.net/npm/@mathjax/"
_OLD_MATHJAX = re.compile(r"mathjax[@/]v?[23]\b", re.IGNORECASE)


def checked(given: Iterable[object]) -> list[str]:
    """Return the setting `bookbinder_script_hosts` as sorted https:// addresses.

    Stop the build if an entry is neither a host nor a folder on one.
    """
    hosts = []
    for entry in given:
        text = entry if isinstance(entry, str) else ""
        host = text if "://" in text else f"https://{text}"
        if not is_host(host):
            stop(
                f"bookbinder_script_hosts in conf.py: {entry!r} is not an address that scripts "
                'can come from: write a host, as in "https://cdn.example.org", or a folder on it, '
                'as in "https://cdn.example.org/npm/plot@2/"'
            )
        hosts.append(host.rstrip("/") if host.count("/") == 3 else host)
    return sorted(set(hosts))


def of_mathjax(app: Sphinx) -> tuple[str, ...]:
    """Return the addresses that MathJax loads from, if its script is on another server."""
    builder = app.builder
    if getattr(builder, "math_renderer_name", None) != "mathjax":
        return ()
    parts = urlsplit(str(app.config.mathjax_path))
    folder = f"https://{parts.netloc.lower()}{parts.path.rpartition('/')[0]}/"
    if not parts.netloc or not is_host(folder):
        return ()
    is_old = _OLD_MATHJAX.search(folder) is not None
    return tuple(sorted({folder} if is_old else {folder, MATHJAX_FONTS}))
