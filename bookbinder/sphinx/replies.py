"""Keeps feedback out of everything that is published, and renders it for the manifest.

Feedback is cut out of a document as soon as it has been read, before Sphinx's collectors see it:
they would list its images, labels and words. It is stored beside the doctree and rendered at the
end of every build, for every document, since an incremental build reads changed documents only.
"""

import functools
import pickle
import re
import shutil
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from docutils import nodes as docnodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import LoggingReporter
from sphinx.util.osutil import relative_uri

from bookbinder.sphinx import markdown, nodes
from bookbinder.sphinx.asked import found_question
from bookbinder.sphinx.checks import REPLY_FOLDER
from bookbinder.sphinx.collector import Found, all_found, found_in, note_mistake
from bookbinder.sphinx.fingerprints import page_fingerprint
from bookbinder.sphinx.inventory import sha256_of
from bookbinder.sphinx.names import DIRECTIVES

ERROR = 3  # the docutils level of messages about what it could not process
OURS = (nodes.question, nodes.choice, nodes.feedback)
NAMES = tuple(DIRECTIVES)
_UNKNOWN = re.compile(r"""Unknown directive type:? ["']([\w:-]+)["']""")


class _Patterns(NamedTuple):
    """Finds our directives, and what was meant to be one, in reports and texts."""

    named: re.Pattern[str]
    one_colon: re.Pattern[str]
    no_directive: re.Pattern[str]
    braced: re.Pattern[str]
    fenced: re.Pattern[str]


@functools.cache
def _patterns(prefix: str) -> _Patterns:
    """Return the patterns for a book with this `bookbinder_prefix`."""
    ours = f"(?:bookbinder:|{re.escape(prefix)})?(?:{'|'.join(NAMES)})"
    return _Patterns(
        named=re.compile(rf"""["']{ours}["']|\b{ours}::|{{\s*{ours}\s*}}"""),
        one_colon=re.compile(rf"{ours}\s*:"),
        no_directive=re.compile(rf"\.\.\s*{ours}\s*::|:{{3,}}\s*{{\s*{ours}\s*}}"),
        braced=re.compile(rf"{{?\s*{ours}\b"),
        fenced=re.compile(rf"^\s*(?:\.\. {ours}::|[`~:]{{3,}}\s*{{\s*{ours}\s*}})", re.MULTILINE),
    )


class NoteErrors(SphinxTransform):
    """Notes as a mistake what docutils reports in or about our directives.

    docutils drops such a directive and continues. Sphinx removes the reports later.
    """

    default_priority = 1

    def apply(self, **kwargs: Any) -> None:
        patterns = _patterns(self.config.bookbinder_prefix)
        for message in self.document.findall(docnodes.system_message):
            text = message.astext()
            # About one of our directives, or one that contains ours: reports quote the source.
            ours = patterns.named.search(text) is not None or _is_slip(text)
            # MyST reports dropped directives as warnings.
            drops = message["level"] >= ERROR or "[myst.directive_" in text
            if drops and (ours or _is_in_question(message)):
                what = text.partition(") ")[2] or text
                what = what.splitlines()[0].partition(" [myst.")[0] + self.hint(text)
                note_mistake(self.env, message.get("source"), message.get("line"), what)
        self.note_lookalikes(patterns)

    def hint(self, text: str) -> str:
        """Return what to write instead of a name that a prefix has moved."""
        unknown = _UNKNOWN.search(text)
        prefix = self.config.bookbinder_prefix
        if unknown is None or unknown[1] not in NAMES or not prefix:
            return ""
        return f" (with bookbinder_prefix, write {prefix}{unknown[1]} or bookbinder:{unknown[1]})"

    def note_lookalikes(self, patterns: _Patterns) -> None:
        """Note text that was meant to be one of our directives but is not parsed as one.

        It would be missing from the page, or shown on it as text.
        """
        for node in self.document.findall(docnodes.TextElement):
            if _looks_like_ours(node, patterns) and not isinstance(
                node.parent, docnodes.system_message
            ):
                first = node.astext().partition("\n")[0]
                what = f"looks like a directive but is not one: {first[:60]!r}"
                note_mistake(self.env, node.source, node.line, what)


def _is_slip(text: str) -> bool:
    """Return whether a report is about a directive with nearly our name, such as `qestion`."""
    unknown = _UNKNOWN.search(text)
    return unknown is not None and bool(get_close_matches(unknown[1], NAMES, cutoff=0.75))


def _looks_like_ours(node: docnodes.TextElement, patterns: _Patterns) -> bool:
    text = node.astext()
    if isinstance(node, docnodes.literal_block):
        language = node.get("language", "default")
        is_example = language not in ("default", "none", "")
        is_fenced = not is_example and patterns.fenced.search(text)
        return bool(patterns.braced.match(language) or is_fenced)
    if isinstance(node, docnodes.comment):
        return patterns.one_colon.match(text) is not None
    is_paragraph = isinstance(node, docnodes.paragraph)
    return is_paragraph and patterns.no_directive.match(text) is not None


class HideReplies(SphinxTransform):
    """Takes replies out of the document before Sphinx's domains process it, at 850.

    They would list a reply's labels, index entries or to-dos where everybody can read them.
    """

    default_priority = 845

    def apply(self, **kwargs: Any) -> None:
        hidden = []
        for reply in list(self.document.findall(nodes.feedback)):
            placeholder = nodes.hidden_feedback()
            reply.replace_self(placeholder)
            hidden.append((placeholder, reply))
            _forget_names(self.document, reply)
            for reference in reply.findall(docnodes.reference):
                if "refname" in reference and not reference.resolved:
                    what = f"feedback: unknown target name: {reference['refname']!r}"
                    note_mistake(self.env, reply.source, reply.line, what)
        self.document.bookbinder_hidden = hidden  # type: ignore[attr-defined]


def _forget_names(document: docnodes.document, reply: nodes.feedback) -> None:
    """Remove a reply's names from the document's list of names, which Sphinx reads as well.

    It would publish them, with captions, in `objects.inv`.
    """
    names: list[str] = reply["own_names"]
    for name in names:
        document.nametypes.pop(name, None)


class ShowReplies(SphinxTransform):
    """Puts replies back into the document before Sphinx adds smart quotes, at 855."""

    default_priority = 852

    def apply(self, **kwargs: Any) -> None:
        for placeholder, reply in self.document.__dict__.pop("bookbinder_hidden", ()):
            placeholder.replace_self(reply)


def _is_in_question(node: docnodes.Node) -> bool:
    while node.parent is not None:
        if isinstance(node, nodes.question | nodes.feedback | nodes.choice):
            return True
        node = node.parent
    return False


def cut_out(app: Sphinx, doctree: docnodes.document) -> None:
    """Move feedback from the document to a file beside the doctree, and note the questions."""
    env = app.env
    found = found_in(env, env.docname)
    # A single traversal: documents are long, and each traversal takes 1% of the build's time.
    ours = list(doctree.findall(lambda node: isinstance(node, OURS)))
    _check_strays(env, ours)
    _check_footnotes(env, doctree)
    questions = [node for node in ours if isinstance(node, nodes.question)]
    shown = [question for question in questions if not _is_left_out(app, question)]
    _check_labels(env, doctree, shown)
    found.questions += map(found_question, shown)
    items = [item for question in found.questions for item in question.items]
    found.has_maths = any(item.html is not None and markdown.has_math(item.html) for item in items)
    replies = docnodes.document(doctree.settings, doctree.reporter)
    for question in questions:
        del question["found"]
        for reply in list(question.findall(nodes.feedback)):
            reply.parent.remove(reply)
            del reply["item"]
            if any(question is other for other in shown):
                replies += reply
    # Metadata identify a page and say how to treat it. They are not part of its text.
    text = "\n".join(n.astext() for n in doctree.children if not isinstance(n, docnodes.docinfo))
    found.fingerprint = page_fingerprint(text)
    if replies.children:
        _note_files(env, replies, found)
        found.has_maths |= any(replies.findall(_is_maths))
        _store(env, replies)


def _is_left_out(app: Sphinx, node: docnodes.Node) -> bool:
    """Return whether an `only` directive keeps the node out of this build's pages."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, addnodes.only) and not app.tags.eval_condition(node["expr"]):
            return True
    return False


def _check_strays(env: BuildEnvironment, ours: list[Any]) -> None:
    noted = set()  # a choice has a reply of its own, at the same line
    for node in ours:
        at = (node.source, node.line)
        if isinstance(node, nodes.question) or _is_in_question(node.parent) or at in noted:
            continue
        name = type(node).__name__.removeprefix("bookbinder_")
        note_mistake(env, node.source, node.line, f"{name}: is outside a question")
        noted.add(at)


def _check_footnotes(env: BuildEnvironment, doctree: docnodes.document) -> None:
    """Note footnotes that MyST has moved from a reply to the end of the page."""
    for note in (*doctree.footnotes, *doctree.autofootnotes, *doctree.symbol_footnotes):
        if nodes.IN_REPLY in note and not _is_in_question(note):
            what = "feedback: its footnote would be printed on the page: write it into the text"
            note_mistake(env, note.source, note.line, what)


def _check_labels(
    env: BuildEnvironment, doctree: docnodes.document, questions: list[nodes.question]
) -> None:
    labels: dict[str, int] = {}
    for question in questions:
        label = question["label"]
        what = f"question: the label {label!r}"
        if label in labels:
            what = f"{what} is taken on this page, in line {labels[label]}"
            note_mistake(env, question.source, question.line, what)
        elif label in doctree.ids:
            what = f"{what} is also the id of a section or target on this page: choose another"
            note_mistake(env, question.source, question.line, what)
        labels.setdefault(label, question.line or 1)


def _note_files(env: BuildEnvironment, replies: docnodes.document, found: Found) -> None:
    """Give each image and download in feedback its name in the folder `_feedback`.

    The name is a hash of the content, so it cannot be guessed without having the file.
    """
    for node in replies.findall(docnodes.image):
        if "://" not in node["uri"] and not node["uri"].startswith("data:"):
            node["uri"] = _publish_as(env, node, node["uri"], found)
    for link in replies.findall(addnodes.download_reference):
        if "://" not in link["reftarget"]:
            link["refuri"] = _publish_as(env, link, link["reftarget"], found)


def _publish_as(env: BuildEnvironment, node: docnodes.Element, uri: str, found: Found) -> str:
    relative, absolute = env.relfn2path(uri, env.docname)
    env.note_dependency(relative)
    path = Path(absolute)
    if not path.is_file():
        note_mistake(env, node.source, node.line, f"feedback: file not found: {uri}")
        return uri
    name = f"{REPLY_FOLDER}/{sha256_of(path)[:20]}{path.suffix.lower()}"
    found.feedback_files[name] = relative
    return name


def _is_maths(node: docnodes.Node) -> bool:
    return isinstance(node, docnodes.math | docnodes.math_block)


def _stored(env: BuildEnvironment, docname: str) -> Path:
    return Path(env.doctreedir) / f"{docname}.feedback"


def _store(env: BuildEnvironment, replies: docnodes.document) -> None:
    # As Sphinx does for a page: messages of docutils are for the author, not for students.
    for message in list(replies.findall(docnodes.system_message)):
        message.parent.remove(message)
    # A node that still refers to its old document would store all of that in the file.
    for node in replies.findall():
        node.document = replies
    replies.reporter = replies.transformer = None  # type: ignore[assignment]
    replies.settings = replies.settings.copy()
    for name in ("warning_stream", "env", "record_dependencies"):
        setattr(replies.settings, name, None)
    path = _stored(env, env.docname)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(replies, pickle.HIGHEST_PROTOCOL))


def render(app: Sphinx, docname: str) -> list[str]:
    """Return the HTML of each feedback of a document, in order, with links relative to its page."""
    if not any(question.items for question in all_found(app.env)[docname].questions):
        return []
    builder = app.builder
    assert isinstance(builder, StandaloneHTMLBuilder)
    replies = pickle.loads(_stored(app.env, docname).read_bytes())  # nosec B301 - our own copy
    replies.settings = builder.docsettings
    # Set here as in a document that has been read, since other extensions' transforms need it.
    replies["source"] = str(app.env.doc2path(docname))
    replies.reporter = LoggingReporter(replies["source"])
    app.env.apply_post_transforms(replies, docname)
    target = builder.get_target_uri(docname)
    for node in replies.findall(docnodes.image):
        if node["uri"].startswith(f"{REPLY_FOLDER}/"):
            node["uri"] = relative_uri(target, quote(node["uri"]))
    for link in replies.findall(addnodes.download_reference):
        if link.get("refuri", "").startswith(f"{REPLY_FOLDER}/"):
            link["refuri"] = relative_uri(target, quote(link["refuri"]))
    # The values that `write_doc` sets for the translator.
    builder.current_docname = docname
    builder.secnumbers = app.env.toc_secnumbers.get(docname, {})
    builder.fignumbers = app.env.toc_fignumbers.get(docname, {})
    builder.imgpath = relative_uri(target, "_images")
    builder.dlpath = relative_uri(target, "_downloads")
    replies.walkabout(builder.create_translator(replies, builder))
    return [reply["html"] for reply in replies.findall(nodes.feedback)]


def copy_files(app: Sphinx) -> None:
    """Copy the files that feedback shows to the output folder, and remove those of old builds."""
    folder = Path(app.outdir) / REPLY_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for found in all_found(app.env).values():
        for name, relative in found.feedback_files.items():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(Path(app.srcdir) / relative, Path(app.outdir) / name)
