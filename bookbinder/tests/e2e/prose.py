"""A book with text to make notes on, and readers of it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync

FOXES = """\
:access: public

.. page-id:: foxespage1

Foxes
=====

The quick brown fox jumps over the lazy dog. 🦊 It never looks back, since :math:`v > 0`.

Night and day
-------------

A fox is awake at night, and sleeps for most of the day in a den under the ground.

* It eats mice and berries.
* It is rarely seen.

.. code-block:: python

   for fox in foxes:
       print(fox)

.. _map:

.. figure:: map.png
   :alt: where foxes live

   Where foxes live.

.. question:: legs
   :grader: number

   How many legs has a fox?

   .. feedback:: 4
      :points: 1

      Yes.
"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da636460f85f0f0002870180eb47ba920000000049454e44ae426082"
)


INDEX = """\
.. page-id:: foxesindex

Tiny Book
=========

.. toctree::

   foxes
"""


def publish(folder: Path, theme: str = "alabaster", foxes: str = FOXES, conf: str = "") -> None:
    """Bring the book live. Each of its sources is built once, since its pages have ids."""
    source, conf = folder / "source", f'{builds.HEAD}html_theme = "{theme}"\n{conf}'
    builds.write_book(source, conf, index=INDEX, foxes=foxes)
    (source / "map.png").write_bytes(PIXEL)
    code, _out, err = sync(source, "--noinput", "--delete-user-data")
    assert code == 0, err


def select(page: Page, words: str) -> None:
    """Select words of the page as a mouse does: its own event, and the selection."""
    found: Any = page.evaluate(
        """words => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(words);
            if (at < 0) continue;
            getSelection().setBaseAndExtent(node, at, node, at + words.length);
            return true;
          }
          return false;
        }""",
        words,
    )
    assert found, words


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Notes")


def note_on(page: Page, words: str, text: str, audience: str = "Only me", **more: str) -> None:
    select(page, words)
    page.get_by_role("button", name="Note", exact=True).click()
    fill(page, text, audience, **more)


def fill(page: Page, text: str, audience: str = "Only me", **more: str) -> None:
    form = page.get_by_role("dialog")
    form.get_by_label("Your note").fill(text)
    form.get_by_label("Who can read it").select_option(label=audience)
    for label, value in more.items():
        form.get_by_label(label.replace("_", " ")).fill(value)
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()


def drawn(page: Page, kind: str) -> list[str]:
    """The words that are drawn as highlighted."""
    return page.evaluate(
        "kind => [...(CSS.highlights.get(`bookbinder-${kind}`) ?? [])].map(String)", kind
    )
