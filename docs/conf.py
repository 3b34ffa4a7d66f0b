"""The guide, itself a Book Binder book: `make run` publishes it."""

project = "Book Binder"
author = "The Book Binder maintainers"
copyright = "2026, The Book Binder maintainers"
language = "en"
extensions = ["myst_parser", "bookbinder.sphinx"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Book Binder: the guide"
html_logo = "../books/static/books/icon.svg"
bookbinder_description = (
    "How to write a textbook with questions, publish it as a course site, and run courses on it."
)
