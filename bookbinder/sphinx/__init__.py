"""The Sphinx extension: questions in the text, and `bookbinder.json` beside the HTML.

Questions' feedback and what is right go to the manifest alone, never into a published page.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # Imported here, since the server takes the manifest from this package and needs no Sphinx.
    from bookbinder.sphinx import extension

    return extension.setup(app)
