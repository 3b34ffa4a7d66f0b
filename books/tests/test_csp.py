"""What a page may run: its policy, from its HTML alone."""

import base64
import hashlib

import pytest

from books.releases import stored_csp
from books.releases.csp import (
    LONGEST,
    NO_PAGE,
    Policy,
    Refused,
    of_file,
    policy_as_it_was,
    policy_of,
)

MATHJAX = ("https://cdn.jsdelivr.net/npm/@mathjax/", "https://cdn.jsdelivr.net/npm/mathjax@4/")


def directive(html: str | bytes, name: str, *hosts) -> list[str]:
    return parsed(policy_of(html, *hosts))[name]


def parsed(policy: Policy) -> dict[str, list[str]]:
    parts = (part.split(" ") for part in policy.header.split("; "))
    return {name: values for name, *values in parts}


def sha(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_a_plain_page_runs_the_sites_files_and_nothing_else():
    assert parsed(policy_of("<p>Hello")) == {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "https:", "data:", "blob:"],
        "font-src": ["'self'", "https:", "data:"],
        "media-src": ["'self'", "https:", "data:", "blob:"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "worker-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<script>\n  a &amp;&amp; b < c;\n</script>", "\n  a &amp;&amp; b < c;\n"),
        ("<SCRIPT type='Text/JavaScript'>é</SCRIPT>", "é"),
        ("<script type=module>import './x.js'</script>", "import './x.js'"),
        ('<script type="importmap">{}</script>', "{}"),
        ("<script>a\r\nb\rc</script>", "a\nb\nc"),
        ("<script>\"<b>\" + '</p>'</script>", "\"<b>\" + '</p>'"),
        ("<script></script>", ""),
    ],
)
def test_an_inline_script_is_allowed_by_the_hash_of_its_very_text(html, text):
    assert directive(html, "script-src") == ["'self'", sha(text)]


@pytest.mark.parametrize(
    "html",
    [
        '<script type="application/json">{"a": 1}</script>',
        '<script type="text/template"><b></b></script>',
        '<script src="/a.js">not run</script>',
        "<!-- <script>gone()</script> -->",
    ],
)
def test_what_does_not_run_needs_no_hash(html):
    assert directive(html, "script-src") == ["'self'"]


def test_a_handler_is_allowed_by_the_hash_of_what_its_attribute_says():
    html = '<button onclick="a(&quot;x&quot;) &amp;&amp; b()">x</button><img onerror="">'
    assert directive(html, "script-src") == ["'self'", "'unsafe-hashes'", sha('a("x") && b()')]


def test_two_that_are_the_same_need_one_hash():
    html = "<script>a</script><script>a</script><b onclick=c></b><b onclick=c></b>"
    assert directive(html, "script-src") == ["'self'", sha("a"), "'unsafe-hashes'", sha("c")]


@pytest.mark.parametrize(
    "html", ["<script>a()</script><b onclick='b()'>", "<iframe src='//x.example'>"]
)
def test_no_page_may_run_whatever_is_inline(html):
    scripts = directive(html, "script-src")
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:", "blob:"} & set(scripts)


def test_a_script_from_elsewhere_is_refused_and_named():
    html = '<script src="https://CDN.example:8443/a.js"></script><script src="//b.example/b.js"></script>'
    policy = policy_of(html)
    assert parsed(policy)["script-src"] == ["'self'"]
    assert policy.refused == (
        Refused("host", "https://cdn.example:8443"),
        Refused("host", "https://b.example"),
    )


@pytest.mark.parametrize(
    ("html", "refused"),
    [
        ('<script src="http://a.example/a.js"></script>', Refused("insecure", "http://a.example")),
        ('<script src="data:text/javascript,alert(1)"></script>', Refused("source", "data:text/javascript,alert(1)")),
        ('<a href=" java\nscript:alert(1)">x</a>', Refused("link", "java\nscript:alert(1)")),
        ('<script type="text/x-mathjax-config">x</script>', Refused("mathjax2", "text/x-mathjax-config")),
        ('<link rel="modulepreload" href="https://a.example/a.js">', Refused("host", "https://a.example")),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(html, refused):
    assert policy_of(html).refused == (refused,)


def test_a_host_of_the_author_may_give_scripts_and_what_they_fetch():
    policy = policy_of('<script src="https://a.example/a.js"></script>', ["https://a.example"])
    assert policy.refused == ()
    found = parsed(policy)
    assert found["script-src"] == found["connect-src"] == ["'self'", "https://a.example"]
    assert found["worker-src"] == ["'self'", "blob:"]


def test_a_folder_of_a_host_is_not_the_whole_host():
    html = '<script src="https://cdn.example/npm/plot@2/a.js"></script><script src="https://cdn.example/evil.js"></script>'
    policy = policy_of(html, ["https://cdn.example/npm/plot@2/"])
    assert policy.refused == (Refused("host", "https://cdn.example"),)


def test_a_host_that_only_begins_alike_is_another():
    policy = policy_of(
        '<script src="https://a.example.evil.org/a.js"></script>', ["https://a.example"]
    )
    assert policy.refused == (Refused("host", "https://a.example.evil.org"),)


def test_mathjax_has_its_hosts_where_the_page_loads_it_and_nowhere_else():
    page = '<script defer src="https://cdn.jsdelivr.net/npm/mathjax@4/tex-mml-chtml.js"></script>'
    assert directive(page, "script-src", [], MATHJAX) == ["'self'", *MATHJAX]
    assert directive("<p>no maths", "script-src", [], MATHJAX) == ["'self'"]
    assert policy_of(page, [], MATHJAX).refused == ()


def test_what_the_page_itself_names_is_loaded_origin_by_origin():
    html = """<iframe src="https://video.example/embed/1?a=b"></iframe><iframe src="../two.html"></iframe>
        <object data="_images/graph.svg"></object><img src="http://old.example/a.png">
        <link rel="stylesheet" href="https://fonts.example/css?family=x;y">
        <form action="https://list.example/join"></form>"""
    found = parsed(policy_of(html))
    assert found["frame-src"] == ["'self'", "https://video.example"]
    assert found["object-src"] == ["'self'"]
    assert found["img-src"][-1] == "http://old.example"
    assert found["style-src"] == ["'self'", "'unsafe-inline'", "https://fonts.example"]
    assert found["form-action"] == ["'self'", "https://list.example"]


@pytest.mark.parametrize(
    "address",
    ["https://a.example;script-src *", "https://a b", "https://é.example/", "https://[", "https://a.example:x/",
     "https:// 'unsafe-inline'", "https://a.example\n; x", "https://a.example,b"],
)  # fmt: skip
def test_no_address_can_write_into_the_header(address):
    html = (
        f'<iframe src="{address}"></iframe><script src="{address}"></script><img src="{address}">'
    )
    found = policy_of(html)
    assert found.header.isascii() and found.header.count(";") == 12
    assert "\n" not in found.header and "," not in found.header
    assert parsed(found)["script-src"] == ["'self'"]


def test_a_frame_that_is_written_into_the_page_runs_what_it_has():
    html = "<iframe srcdoc=\"<script>a(&quot;x&quot;)</script><img src='http://a.example/b.png'>\"></iframe>"
    assert directive(html, "script-src") == ["'self'", sha('a("x")')]
    assert directive(html, "img-src")[-1] == "http://a.example"


def test_a_header_has_an_end():
    html = "".join(f"<script>a{n}</script>" for n in range(1000))
    policy = policy_of(html)
    assert len(policy.header) < LONGEST + 1000
    assert [one.kind for one in policy.refused] == ["many"]
    assert len(policy.refused) == 1


def test_a_page_from_before_may_go_on_with_its_hosts():
    html = b'<script src="https://a.example/x/a.js"></script><script>b</script>'
    policy = policy_as_it_was(html)
    assert parsed(policy)["script-src"] == ["'self'", "https://a.example", sha("b")]


def test_a_picture_that_is_opened_by_itself_runs_nothing():
    assert of_file("_images/graph.SVG") == NO_PAGE and "script" not in NO_PAGE
    assert of_file("_static/worker.js") == ""


def test_policies_are_read_as_they_were_written(tmp_path):
    kept = {
        "a.html": Policy("one", (Refused("host", "https://a.example"),)),
        "b.html": Policy("one"),
        "c.html": Policy("two", (Refused("link", "x"), Refused("host", "https://a.example"))),
    }
    stored_csp.write(kept, tmp_path)
    assert stored_csp.read(tmp_path) == kept
    assert stored_csp.read(tmp_path / "before there were any") == {}


def test_each_thing_is_told_once_with_how_many_pages_have_it():
    one = Refused("host", "https://a.example")
    told = list(
        stored_csp.refusals("tiny", {"b.html": Policy("", (one,)), "a.html": Policy("", (one,))})
    )
    assert told == [stored_csp.Refusal("tiny", "host", "https://a.example", 2, "a.html")]
