"""The Sphinx extension: questions in the text, and `bookbinder.json` beside the HTML.

Feedback and correct answers are written to the manifest only, never to a published page.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Register the extension with Sphinx, and return its metadata."""
    # Imported here, since the server imports the manifest from this package without Sphinx.
    from bookbinder.sphinx import extension

    return extension.setup(app)
