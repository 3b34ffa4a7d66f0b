"""Takes feedback out of all that is published, and renders it for the manifest.

Feedback is cut out of a document as soon as it has been read, before Sphinx' collectors see it:
they would list its images, labels and words. It is kept beside the doctree and rendered at the
end of every build, for every document: an incremental build reads changed documents only.
"""

import pickle
import re
import shutil
from difflib import get_close_matches
from pathlib import Path
from typing import Any
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
from bookbinder.sphinx.checks import REPLY_FOLDER
from bookbinder.sphinx.collector import Found, all_found, found_in, note_mistake
from bookbinder.sphinx.directives import found_question
from bookbinder.sphinx.fingerprints import page_fingerprint
from bookbinder.sphinx.inventory import sha256_of

ERROR = 3  # docutils' level of what it could not do
OURS = (nodes.question, nodes.choice, nodes.feedback)
NAMES = ("question", "choice", "feedback", "page-id")
_OURS = f"(?:{'|'.join(NAMES)})"
_UNKNOWN = re.compile(r"""Unknown directive type:? ["']([\w-]+)["']""")
_NAMED = re.compile(rf"""["']{_OURS}["']|\b{_OURS}::|{{\s*{_OURS}\s*}}""")
_ONE_COLON = re.compile(rf"{_OURS}\s*:")
_NO_DIRECTIVE = re.compile(rf"\.\.\s*{_OURS}\s*::|:{{3,}}\s*{{\s*{_OURS}\s*}}")
_BRACED = re.compile(rf"{{?\s*{_OURS}\b")
_FENCED = re.compile(rf"^\s*(?:\.\. {_OURS}::|[`~:]{{3,}}\s*{{\s*{_OURS}\s*}})", re.MULTILINE)


class NoteErrors(SphinxTransform):
    """Makes a mistake of what docutils reports in or about our directives.

    docutils drops such a directive and goes on. Sphinx filters the reports out later.
    """

    default_priority = 1

    def apply(self, **kwargs: Any) -> None:
        for message in self.document.findall(docnodes.system_message):
            text = message.astext()
            # Of our directives, or of one that has taken ours along: the text is quoted.
            ours = _NAMED.search(text) is not None or _is_slip(text)
            # MyST tells of its directives in warnings.
            drops = message["level"] >= ERROR or "[myst.directive_" in text
            if drops and (ours or _is_in_question(message)):
                what = text.partition(") ")[2] or text
                what = what.splitlines()[0].partition(" [myst.")[0]
                note_mistake(self.env, message.get("source"), message.get("line"), what)
        self.note_lookalikes()

    def note_lookalikes(self) -> None:
        """Note what was meant for a directive and is none: it would be gone, or printed."""
        for node in self.document.findall(docnodes.TextElement):
            if _looks_like_ours(node) and not isinstance(node.parent, docnodes.system_message):
                first = node.astext().partition("\n")[0]
                what = f"looks like a directive and is none: {first[:60]!r}"
                note_mistake(self.env, node.source, node.line, what)


def _is_slip(text: str) -> bool:
    """Whether docutils or MyST tells of a directive that is nearly one of ours, as `qestion`."""
    unknown = _UNKNOWN.search(text)
    return unknown is not None and bool(get_close_matches(unknown[1], NAMES, cutoff=0.75))


def _looks_like_ours(node: docnodes.TextElement) -> bool:
    text = node.astext()
    if isinstance(node, docnodes.literal_block):
        language = node.get("language", "default")
        is_example = language not in ("default", "none", "")
        return bool(_BRACED.match(language) or (not is_example and _FENCED.search(text)))
    if isinstance(node, docnodes.comment):
        return _ONE_COLON.match(text) is not None
    return isinstance(node, docnodes.paragraph) and _NO_DIRECTIVE.match(text) is not None


class HideReplies(SphinxTransform):
    """Takes replies out while Sphinx' domains look through the document, at 850.

    They would list a reply's labels, index entries or to-dos where everybody can read them.
    """

    default_priority = 845

    def apply(self, **kwargs: Any) -> None:
        hidden = []
        for reply in list(self.document.findall(nodes.feedback)):
            place = nodes.hidden_feedback()
            reply.replace_self(place)
            hidden.append((place, reply))
            _forget_names(self.document, reply)
            for reference in reply.findall(docnodes.reference):
                if "refname" in reference and not reference.resolved:
                    what = f"feedback: unknown target name: {reference['refname']!r}"
                    note_mistake(self.env, reply.source, reply.line, what)
        self.document.bookbinder_hidden = hidden  # type: ignore[attr-defined]


def _forget_names(document: docnodes.document, reply: nodes.feedback) -> None:
    """Take a reply's names off the document's list, which Sphinx looks through beside the tree.

    It would publish them, with captions, in `objects.inv`.
    """
    names: list[str] = reply["own_names"]
    for name in names:
        document.nametypes.pop(name, None)


class ShowReplies(SphinxTransform):
    """Puts replies back, in time for curly quotes, at 855."""

    default_priority = 852

    def apply(self, **kwargs: Any) -> None:
        for place, reply in self.document.__dict__.pop("bookbinder_hidden", ()):
            place.replace_self(reply)


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
    # One walk: these documents are long, and each walk costs a hundredth of the build.
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
            if any(question is one for one in shown):
                replies += reply
    # Metadata name a page and say how it is treated: they are not its text.
    text = "\n".join(n.astext() for n in doctree.children if not isinstance(n, docnodes.docinfo))
    found.fingerprint = page_fingerprint(text)
    if replies.children:
        _note_files(env, replies, found)
        found.has_maths |= any(replies.findall(_is_maths))
        _store(env, replies)


def _is_left_out(app: Sphinx, node: docnodes.Node) -> bool:
    """Whether an `only` directive keeps the node out of this build's pages."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, addnodes.only) and not app.tags.eval_condition(node["expr"]):
            return True
    return False


def _check_strays(env: BuildEnvironment, ours: list[Any]) -> None:
    for node in ours:
        if not isinstance(node, nodes.question) and not _is_in_question(node.parent):
            name = type(node).__name__
            note_mistake(env, node.source, node.line, f"{name}: stands outside a question")


def _check_footnotes(env: BuildEnvironment, doctree: docnodes.document) -> None:
    """Note footnotes of replies that stand outside of them: MyST collects them on the page."""
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
    """Give each image and download of feedback its name under `_feedback`.

    The name is a hash of the content: not to be guessed without having the file.
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
    # As Sphinx does on a page: what docutils says to the author is not for students.
    for message in list(replies.findall(docnodes.system_message)):
        message.parent.remove(message)
    # A node that still knew its old document would take the whole of it into the file.
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
    """Return the HTML of each feedback of a document, as right on its page as the page's own."""
    if not any(question.items for question in all_found(app.env)[docname].questions):
        return []
    builder = app.builder
    assert isinstance(builder, StandaloneHTMLBuilder)
    replies = pickle.loads(_stored(app.env, docname).read_bytes())  # nosec B301 - our own copy
    replies.settings = builder.docsettings
    # As a document has it that was read: transforms of other extensions ask for it.
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
    # What `write_doc` sets for the translator.
    builder.current_docname = docname
    builder.secnumbers = app.env.toc_secnumbers.get(docname, {})
    builder.fignumbers = app.env.toc_fignumbers.get(docname, {})
    builder.imgpath = relative_uri(target, "_images")
    builder.dlpath = relative_uri(target, "_downloads")
    replies.walkabout(builder.create_translator(replies, builder))
    return [reply["html"] for reply in replies.findall(nodes.feedback)]


def copy_files(app: Sphinx) -> None:
    """Lay what feedback shows into the output folder, and take away what it no longer shows."""
    folder = Path(app.outdir) / REPLY_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for found in all_found(app.env).values():
        for name, relative in found.feedback_files.items():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(Path(app.srcdir) / relative, Path(app.outdir) / name)
