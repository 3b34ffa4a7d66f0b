"""The texts of the reader's scripts: they come with the state, in the book's language.

`{name}` is filled in by the script; of a number `n` there are two texts, `_one` and `_many`.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXTS: dict[str, Promise] = {
    # The bar.
    "bar": _("Book Binder"),
    "to_bar": _("Skip to the Book Binder bar"),
    "shelf": _("Bookshelf"),
    "account": _("My account"),
    "sign_in": _("Sign in"),
    "sign_out": _("Sign out"),
    "preview": _("Preview: not live, nothing is kept"),
    "test_student": _("{course} (test student)"),
    "switch": _("Change to the course {course}"),
    "this_page": _("Progress on this page"),
    "whole_book": _("Whole book:"),
    "answered": _("{answered} of {questions} answered"),
    "of_points_one": _("{points} of 1 point"),
    "of_points_many": _("{points} of {n} points"),
    "next": _("Next unanswered question"),
    "next_short": _("Next unanswered"),
    "all_answered": _("All questions answered"),
    "resume": _("Continue where you stopped: {page}"),
    "n_waiting_one": _("1 answer waits to be sent"),
    "n_waiting_many": _("{n} answers wait to be sent"),
    # A question.
    "worth_one": _("Worth 1 point"),
    "worth_many": _("Worth {n} points"),
    "left_one": _("1 attempt left"),
    "left_many": _("{n} attempts left"),
    "none_left": _("No attempts left"),
    "give_answer": _("Give an answer first."),
    "received": _("Received. It will be graded by a person."),
    "feedback": _("Feedback"),
    "attempts": _("My attempts ({count})"),
    "draft": _("Draft restored."),
    "switched_off": _("This question is switched off in your course."),
    # On its way.
    "connecting": _(
        "No connection yet. Your answer will be sent when it is back, if you leave this page open."
    ),
    "waiting": _(
        "Waiting for the network. Your answer is kept on this device and sent when it is back."
    ),
    "waiting_server": _("The server is busy. Your answer is kept on this device and sent again."),
    "session_ended": _(
        "Your session has ended. Your answer is kept on this device and sent when"
        " you have signed in again."
    ),
    "other_person": _(
        "Somebody else has signed in here. Your answer is kept for you until you sign in again."
    ),
    "sent_later": _("An answer that waited has been sent."),
    "not_taken": _("Your answer was not taken. Reload the page and try again."),
    "try_again": _("That did not work. Try again in a moment."),
    "reload": _("Reload the page"),
    # Without a place in a course.
    "sign_in_to_answer": _("Sign in to answer."),
    "join_to_answer": _("Join a course of this book to answer."),
    "try": _("You can try this question; nothing is kept."),
    "right": _("Right."),
    "wrong": _("Not right."),
    "join_for_more": _("Join a course to get feedback and keep your answers"),
}


def texts() -> dict[str, str]:
    """Return every text in the language of this request."""
    return {key: str(text) for key, text in TEXTS.items()}
