"""The extension in the order of a build: which handler is connected to which event, and why."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes as docnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from bookbinder.sphinx import (
    assemble,
    manifest,
    names,
    nodes,
    replies,
    script_hosts,
    shapes,
    static_files,
)
from bookbinder.sphinx.collector import FoundCollector, found_in
from bookbinder.sphinx.stopping import stop

if TYPE_CHECKING:
    from sphinx.util.typing import ExtensionMetadata  # since Sphinx 7.3

logger = logging.getLogger(__name__)

ENV_VERSION = 1


def complete_config(app: Sphinx, config: Config) -> None:
    """Fill in and check the settings of `conf.py`. Stop the build if one is not valid."""
    slug = config.bookbinder_project or assemble.slug_of(config.project)
    if not shapes.SLUG.fullmatch(slug):
        stop(f"bookbinder_project = {slug!r} in conf.py: use lower-case letters, digits and -")
    if config.bookbinder_layout not in assemble.LAYOUTS:
        known = " or ".join(map(repr, assemble.LAYOUTS))
        stop(f"bookbinder_layout = {config.bookbinder_layout!r} in conf.py: use {known}")
    config["bookbinder_project"] = slug
    config["bookbinder_script_hosts"] = script_hosts.checked(config.bookbinder_script_hosts)
    # Sphinx then leaves these documents out of the search index and the general index as well.
    config["exclude_patterns"] = [*config.exclude_patterns, *config.bookbinder_exclude]
    # The copied sources contain every answer. They are not published, so links would be broken.
    config["html_copy_source"] = False
    config["html_show_sourcelink"] = False


def forget_earlier_build(app: Sphinx) -> None:
    """Remove what an earlier build left in the output folder and this one must not publish.

    A build that fails must not leave the old manifest beside its pages. Sphinx writes `_static`
    at the end of each build and never empties it: a file that the author has removed from it,
    such as an image that only a reply shows now, would be taken for a file of the theme.
    """
    path = Path(app.outdir) / manifest.FILE_NAME
    path.unlink(missing_ok=True)
    path.with_suffix(".tmp").unlink(missing_ok=True)
    if app.builder.name == "html":
        shutil.rmtree(Path(app.outdir) / "_static", ignore_errors=True)
        static_files.copy(Path(app.outdir))
    app.builder.bookbinder_extra_pages = set()  # type: ignore[attr-defined]


def stop_on_mistakes(app: Sphinx, builder: object) -> None:
    """Stop the build with all mistakes at once, before anything is written."""
    mistakes = assemble.Assembly(app).check()
    if mistakes:
        # Sphinx has recorded these documents as read. Without this, the next build would not
        # rewrite the pages that depend on them.
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
        count = len(mistakes)
        head = "1 mistake" if count == 1 else f"{count} mistakes"
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        stop(f"{head} for Book Binder:\n{lines}")


def note_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: docnodes.document | None,
) -> None:
    """Record the names of pages that are not documents, such as `genindex`.

    Also let a page load the script for maths if only its feedback contains maths, and the script
    for questions on the author's own machine.
    """
    if pagename not in app.env.found_docs:
        app.builder.bookbinder_extra_pages.add(pagename)  # type: ignore[attr-defined]
        return
    found = found_in(app.env, pagename)
    if found.has_maths:
        context["has_maths_elements"] = True
    if found.questions and app.builder.name == "html":
        app.add_js_file(static_files.LOCAL_SCRIPT, loading_method="defer")


def _module_pages(app: Sphinx) -> set[str]:
    """Return the names of viewcode's pages of modules.

    It does not rewrite the page of an unchanged module, so `note_page` does not see them all.
    """
    if "sphinx.ext.viewcode" not in app.extensions:
        return set()
    modules = getattr(app.env, "_viewcode_modules", {})
    return {f"_modules/{name.replace('.', '/')}" for name, entry in modules.items() if entry}


def write_manifest(app: Sphinx, exception: Exception | None) -> None:
    """Write the manifest at the end of a successful build, atomically through a rename."""
    if exception is not None:
        return
    if app.builder.name != "html":
        if app.builder.format == "html":
            logger.info("bookbinder: no manifest was written: only the html builder writes one")
        return
    static_files.write_plural_rule(Path(app.outdir))
    static_files.keep_buttons_out_of_search(Path(app.outdir))
    extra_pages = app.builder.bookbinder_extra_pages | _module_pages(app)  # type: ignore[attr-defined]
    data = manifest.dumps(assemble.Assembly(app).manifest(extra_pages))
    path = Path(app.outdir) / manifest.FILE_NAME
    path.with_suffix(".tmp").write_bytes(data)
    path.with_suffix(".tmp").replace(path)


def setup(app: Sphinx) -> "ExtensionMetadata":
    """Register the settings, nodes, directives and event handlers, and return the metadata."""
    app.add_config_value("bookbinder_project", "", "env", str)
    app.add_config_value("bookbinder_layout", "book", "env", str)
    app.add_config_value("bookbinder_prefix", "", "env", str)
    app.add_config_value("bookbinder_description", "", "", str)
    app.add_config_value("bookbinder_non_book_pages", [], "env", [list, tuple])
    app.add_config_value("bookbinder_exclude", [], "env", [list, tuple])
    app.add_config_value("bookbinder_script_hosts", [], "", [list, tuple])
    for node, html in nodes.HTML.items():
        visitors: dict[str, Any] = dict.fromkeys(nodes.PAPER, nodes.ON_PAPER[node])
        app.add_node(node, html=html, **visitors)
    app.add_domain(names.BookBinderDomain)
    app.add_env_collector(FoundCollector)
    app.add_transform(replies.NoteErrors)
    app.add_transform(replies.HideReplies)
    app.add_transform(replies.ShowReplies)
    # In the order in which a build emits these events.
    app.connect("config-inited", complete_config)
    # After all other extensions have registered their directives.
    app.connect("config-inited", names.register_short_names, priority=900)
    # Before other extensions write files into the folder, at 500.
    app.connect("builder-inited", forget_earlier_build, priority=1)
    # After what other extensions change in the list of documents.
    app.connect("env-before-read-docs", names.settle_clashes, priority=900)
    # Before Sphinx's own collectors, which run at 500, can see a document's feedback.
    app.connect("doctree-read", replies.cut_out, priority=100)
    # After all documents have been read and before any is written.
    app.connect("write-started", stop_on_mistakes)
    # Before the maths extension reads the context, at 500.
    app.connect("html-page-context", note_page, priority=400)
    # After everything else that changes the written pages.
    app.connect("build-finished", write_manifest, priority=900)
    return {
        "version": "1",
        "env_version": ENV_VERSION,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
