"""The models of books: what builds say of them, and how they are published."""

from books.models.books import Author, Book, FormerAddress, Page
from books.models.fields import ConflictsField, PointsField
from books.models.questions import Feedback, Question
from books.models.releases import Edition, Release

__all__ = [
    "Author",
    "Book",
    "ConflictsField",
    "Edition",
    "Feedback",
    "FormerAddress",
    "Page",
    "PointsField",
    "Question",
    "Release",
]
