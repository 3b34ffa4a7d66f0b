"""Books, pages, questions and editions in the admin.

Rows come from builds; titles, order, prices and feedback can be edited here.
"""

from books.admin import books, editions, questions, releases  # noqa: F401 - each registers its classes
