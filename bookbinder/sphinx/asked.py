"""What a question asks, read from its node once all transforms have run."""

from dataclasses import replace

from docutils import nodes as docnodes

from bookbinder.sphinx import nodes
from bookbinder.sphinx.collector import FoundQuestion
from bookbinder.sphinx.fingerprints import collapse

# Nodes whose text readers do not see.
UNSEEN = (
    docnodes.comment,
    docnodes.raw,
    docnodes.substitution_definition,
    docnodes.system_message,
)


def _shown_text(node: docnodes.Element) -> str:
    """Return the text that readers see, without comments, raw HTML and the like."""
    if not any(True for _unseen in node.findall(_is_unseen)):
        return node.astext()
    shown = node.deepcopy()
    for hidden in list(shown.findall(_is_unseen)):
        hidden.parent.remove(hidden)
    return shown.astext()


def _is_unseen(node: docnodes.Node) -> bool:
    return isinstance(node, UNSEEN)


def found_question(node: nodes.question) -> FoundQuestion:
    """Return the contents of a question's node, after all transforms have run on it."""
    points, line, was = node["found"]
    prompt = " ".join(map(_shown_text, node.findall(nodes.prompt)))
    items = [reply["item"] for reply in node.findall(nodes.feedback)]
    # The text of a choice as readers see it, without its markup.
    for number, choice in enumerate(node.findall(nodes.choice)):
        items[number] = replace(items[number], answer=collapse(choice.astext()))
    options = {name: True for name in ("multiple", "try") if node[name]} | node["options"]
    return FoundQuestion(
        node["label"], node["grader"], points, options, prompt, line, tuple(items), was
    )
