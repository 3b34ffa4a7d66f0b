"""The Content-Security-Policy of a page, which allows what its HTML runs and loads, and no more.

Inline scripts and handlers are allowed by their hashes, so that code injected into a page later
does not run. All inline styles are allowed: themes and MathJax need them, and they run nothing.
The functions here are pure.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

# Part of the version of a published page. Raising it makes a sync compute all headers anew.
VERSION = "1"
# In characters. A reverse proxy limits the size of headers (`proxy_buffer_size` in the sample
# configuration). A page with more inline scripts than fit should use script files.
LONGEST = 12_000
# The policy of files that are not pages but could run scripts, such as SVG images.
NO_PAGE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_NO_PAGES = (".svg", ".svgz", ".xml", ".xhtml")
_SCRIPT_TYPES = re.compile(
    r"|module|importmap|speculationrules|(?:text|application)/(?:x-)?(?:java|ecma)script|"
    r"text/(?:javascript1\.[0-5]|jscript|livescript)"
)
_ADDRESSES = ("href", "xlink:href", "src", "action", "formaction", "data", "srcdoc")
_JAVASCRIPT = re.compile(r"[\0-\x20]*" + r"[\t\r\n]*".join("javascript:"), re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Refused(NamedTuple):
    """Something that a page uses but its policy refuses; `kind` decides how to fix it."""

    kind: str  # one of host, insecure, link, mathjax2, many, source
    what: str


class Policy(NamedTuple):
    """The value of the header, and what browsers will refuse because of it."""

    header: str
    refused: tuple[Refused, ...] = ()


def is_page(path: str) -> bool:
    return path.endswith((".html", ".htm"))


def of_file(path: str) -> str:
    """Return the header of a file that is not a page; empty if the site's own is sufficient."""
    return NO_PAGE if path.lower().endswith(_NO_PAGES) else ""


def digest(script_hosts: Sequence[str], mathjax: Sequence[str]) -> str:
    """Return a hash of everything except the page itself that determines its header."""
    return hashlib.sha256(repr((VERSION, *script_hosts, "", *mathjax)).encode()).hexdigest()[:12]


def policy_of(
    html: bytes | str, script_hosts: Sequence[str] = (), mathjax: Sequence[str] = ()
) -> Policy:
    """Return the policy of a page, given its HTML.

    Scripts may come from `script_hosts`, and from the addresses in `mathjax` if the page loads a
    script from one of them.
    """
    page = _read(html)
    hosts = [*script_hosts, *(mathjax if any(map(_within(mathjax), page.scripts)) else ())]
    inline, too_many = _that_fit(page)
    refused = [*page.refused, *_refused_scripts(page.scripts, hosts), *too_many]
    return Policy(_header(page, hosts, inline), tuple(dict.fromkeys(refused)))


def policy_as_it_was(html: bytes) -> Policy:
    """Return the policy of a page that was published before there were policies.

    Its scripts may come from wherever they do, since authors did not have to list hosts then.
    """
    return policy_of(html, sorted(set(filter(None, map(origin_of, _read(html).scripts)))))


def origin_of(address: str) -> str:
    """Return the origin of an address, `https://host:port`; empty if it is not fit for a header."""
    try:
        parts = urlsplit(address.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return ""
    scheme = parts.scheme.lower() or "https"  # `//host/…`
    if scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return ""
    return f"{scheme}://{host}" + (f":{port}" if port else "")


def _within(hosts: Collection[str]) -> Callable[[str], bool]:
    """Return a function that tells whether an address belongs to one of `hosts`.

    These are origins, or folders that end with a slash.
    """

    def is_within(address: str) -> bool:
        origin = origin_of(address)
        full = origin + urlsplit(address.strip()).path if origin else ""
        return any(
            full == host or full.startswith(host if host.endswith("/") else f"{host}/")
            for host in hosts
        )

    return is_within


def _refused_scripts(scripts: Iterable[str], hosts: Sequence[str]) -> Iterable[Refused]:
    is_allowed = _within(hosts)
    for address in scripts:
        if is_allowed(address):
            continue
        origin = origin_of(address)
        if origin.startswith("https:"):
            yield Refused("host", origin)
        else:
            yield Refused("insecure" if origin else "source", origin or address[:60])


class _Page(HTMLParser):
    """Collects what a page runs and loads."""

    # The attributes that load something, and the directive that applies to each.
    LOADS = {
        ("iframe", "src"): "frame-src",
        ("frame", "src"): "frame-src",
        ("img", "src"): "img-src",
        ("video", "src"): "media-src",
        ("audio", "src"): "media-src",
        ("source", "src"): "media-src",
        ("object", "data"): "object-src",
        ("embed", "src"): "object-src",
        ("form", "action"): "form-action",
    }

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inline: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self.loads: dict[str, dict[str, None]] = {}
        self.refused: list[Refused] = []
        self.script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name in _ADDRESSES or name.startswith("on")):
                self.attribute(tag, name, value)
        if tag in ("script", "link"):
            # If an attribute is repeated, browsers use the first one.
            values = {name: value or "" for name, value in reversed(attrs)}
            (self.start_script if tag == "script" else self.link)(values)

    def attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.handlers.append(value)
        elif _JAVASCRIPT.match(value):
            self.refused.append(Refused("link", value.strip()[:60]))
        elif name == "srcdoc":
            self.feed_within(value)
        directive = self.LOADS.get((tag, name))
        if directive:
            self.load(directive, value)

    def feed_within(self, html: str) -> None:
        """Treat HTML in `srcdoc`, such as a plot, as part of the page: its policy applies there."""
        within = _read(html)
        self.inline += within.inline
        self.handlers += within.handlers
        self.scripts += within.scripts
        self.refused += within.refused
        for directive, sources in within.loads.items():
            self.loads.setdefault(directive, {}).update(sources)

    def load(self, directive: str, address: str) -> None:
        """Note the source of what is loaded. Only plugins need `'self'` for relative addresses."""
        scheme = address.strip().partition(":")[0].lower()
        if address.strip().startswith("//") or scheme in ("http", "https"):
            source = origin_of(address)
        elif scheme in ("data", "blob"):
            source = f"{scheme}:"
        else:
            source = "'self'"
        if source and not (directive in _ANY_HTTPS and source.startswith("https:")):
            self.loads.setdefault(directive, {})[source] = None

    def start_script(self, values: dict[str, str]) -> None:
        kind = values.get("type", "").strip().lower()
        if kind == "text/x-mathjax-config":
            self.refused.append(Refused("mathjax2", "text/x-mathjax-config"))
        elif not _SCRIPT_TYPES.fullmatch(kind):
            pass  # a block of data, which is not run
        elif "src" in values:
            self.external(values["src"])
        else:
            self.script = []

    def link(self, values: dict[str, str]) -> None:
        rel, address = values.get("rel", "").lower().split(), values.get("href", "")
        if "stylesheet" in rel:
            self.load("style-src", address)
        elif "modulepreload" in rel or ("preload" in rel and values.get("as") == "script"):
            self.external(address)

    def external(self, address: str) -> None:
        if re.match(r"\s*(?://|[A-Za-z][A-Za-z0-9+.-]*:)", address):
            self.scripts.append(address)

    def handle_data(self, data: str) -> None:
        if self.script is not None:
            self.script.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self.script is not None:
            self.inline.append("".join(self.script))
            self.script = None


_ANY_HTTPS = {"img-src", "media-src"}


def _read(html: bytes | str) -> _Page:
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else html
    page = _Page()
    # Browsers also do this before they compute hashes.
    page.feed(text.replace("\r\n", "\n").replace("\r", "\n"))
    page.close()
    return page


def _that_fit(page: _Page) -> tuple[list[str], list[Refused]]:
    """Return the hashes of inline code, as many as fit, and what is refused if there are more."""
    scripts = list(dict.fromkeys(map(_hash, page.inline)))
    handlers = list(dict.fromkeys(map(_hash, page.handlers)))
    hashes = [*scripts, *(["'unsafe-hashes'"] if handlers else []), *handlers]
    fit = LONGEST // (len(_hash("")) + 1)
    too_many = [Refused("many", f"{fit}")] if len(hashes) > fit else []
    return hashes[:fit], too_many


def _hash(text: str) -> str:
    value = base64.b64encode(hashlib.sha256(text.encode("utf-8", "replace")).digest()).decode()
    return f"'sha256-{value}'"


def _header(page: _Page, hosts: Sequence[str], inline: Sequence[str]) -> str:
    def named(directive: str) -> list[str]:
        return [host for host in page.loads.get(directive, ()) if host != "'self'"]

    plugins = page.loads.get("object-src", ())
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *hosts, *inline],
        "style-src": ["'self'", "'unsafe-inline'", *hosts, *named("style-src")],
        "img-src": ["'self'", "https:", "data:", "blob:", *named("img-src")],
        "font-src": ["'self'", "https:", "data:"],
        "media-src": ["'self'", "https:", "data:", "blob:", *named("media-src")],
        "connect-src": ["'self'", *hosts],
        "frame-src": ["'self'", *named("frame-src")],
        # MathJax reads formulas aloud with a worker: a blob that imports scripts from its host.
        "worker-src": ["'self'", *(["blob:"] if hosts else [])],
        "object-src": [*plugins] or ["'none'"],  # Graphviz images are objects
        "base-uri": ["'self'"],
        "form-action": ["'self'", *named("form-action")],
        "frame-ancestors": ["'self'"],
    }
    return "; ".join(f"{name} {' '.join(dict.fromkeys(all_))}" for name, all_ in directives.items())
