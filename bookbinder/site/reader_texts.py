"""The texts of the reader's scripts. The state call returns them, in the book's language.

The scripts replace `{name}` by values. Texts with a number `n` have a singular, `_one`, and a
plural, `_many`.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotations import moderation

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
    "this_page": _("This page"),
    "whole_book": _("Whole book"),
    "answered": _("{answered} of {questions} answered"),
    "of_points_one": _("{points} of 1 point"),
    "of_points_many": _("{points} of {n} points"),
    "points_short": _("{points}/{all}"),
    "next": _("Next unanswered question"),
    "next_short": _("Next"),
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
    "correct": _("Correct."),
    "partly_correct": _("Partly correct."),
    "incorrect": _("Incorrect."),
    "received": _("Received. It will be graded by a person."),
    "feedback": _("Feedback"),
    "counting_one": _("{points} of 1 point count"),
    "counting_many": _("{points} of {n} points count"),
    "attempts": _("My attempts ({count})"),
    "draft": _("Draft restored."),
    "not_open": _("Your course is not open now."),
    "switched_off": _("This question is switched off in your course."),
    # Sending an answer.
    "connecting": _(
        "No connection yet. Your answer will be sent when it is back, if you leave this page open."
    ),
    "waiting": _(
        "Waiting for the network. Your answer is kept on this device and sent when it is back."
    ),
    "waiting_server": _("The server is busy. Your answer is kept on this device and sent again."),
    "waiting_limit": _(
        "Too many answers within a minute. Your answer is kept on this device and sent in a moment."
    ),
    "session_ended": _(
        "Your session has ended. Your answer is kept on this device and sent when"
        " you have signed in again."
    ),
    "other_person": _(
        "Somebody else has signed in here. Your answer is kept for you until you sign in again."
    ),
    "sent_later": _("An answer that was waiting has been sent."),
    "not_taken": _("Your answer could not be saved. Reload the page and try again."),
    "try_again": _("That did not work. Try again in a moment."),
    "reload": _("Reload the page"),
    # Without an enrollment.
    "sign_in_to_answer": _("Sign in to answer."),
    "join_to_answer": _("Join a course of this book to answer."),
    "try": _("You can try this question; nothing is kept."),
    "join_for_more": _("Join a course to get feedback and keep your answers"),
    # Notes.
    "notes": _("Notes"),
    "n_notes_one": _("1 note"),
    "n_notes_many": _("{n} notes"),
    "notes_here_one": _("1 note on this paragraph"),
    "notes_here_many": _("{n} notes on this paragraph"),
    "highlights_here_one": _("1 highlight on this paragraph"),
    "highlights_here_many": _("{n} highlights on this paragraph"),
    "highlight": _("Highlight"),
    "highlighted": _("Highlighted."),
    "note": _("Note"),
    "note_mode": _("Note mode"),
    "note_mode_on": _(
        "Note mode: click or tap a paragraph to write a note on it. Or move with the up and down"
        " arrow keys, and press Enter. Escape leaves note mode."
    ),
    "note_mode_leave": _("Leave note mode"),
    "note_mode_off": _("Note mode is off."),
    "new_note": _("New note"),
    "edit_note": _("Change the note"),
    "reply": _("Reply"),
    "your_note": _("Your note"),
    "markdown_hint": _("You can use Markdown: *emphasis*, **strong**, `code`, lists."),
    "passage": _("Passage"),
    "passage_hint": _("The note is on the whole paragraph, unless you select a part of it here."),
    "who_reads": _("Who can read it"),
    "to_private": _("Only me"),
    "to_instructors": _("My course's instructors"),
    "to_course": _("My whole course"),
    "to_authors": _("The book's authors (report a problem)"),
    "anonymous": _("Hide my name from classmates"),
    "anonymous_hint": _("Your instructors still see your name."),
    "is_anonymous": _("anonymous to classmates"),
    "problem_kind": _("What is the problem?"),
    "problem_error": _("Something is wrong"),
    "problem_unclear": _("It is unclear"),
    "problem_typo": _("A typing error"),
    "problem_broken": _("Something does not work"),
    "status_new": _("reported"),
    "status_accepted": _("accepted"),
    "status_fixed": _("fixed"),
    "status_declined": _("declined"),
    "tags": _("Tags, with commas between them"),
    "save": _("Save"),
    "cancel": _("Cancel"),
    "close": _("Close the notes"),
    "discard_sure": _("Give up what you have written?"),
    "widen": _("More people will be able to read this note. Save it?"),
    "changed_elsewhere": _("This note has been changed elsewhere. The other text is:"),
    "take_theirs": _("Use that text"),
    "note_saved": _("Note saved."),
    "note_deleted": _("Note deleted."),
    "done": _("Done."),
    "note_no_connection": _("No connection. The note is not saved yet: try again."),
    "note_session_ended": _("Your session has ended. Sign in in another tab, then save again."),
    "all_my_notes": _("All my notes"),
    "all_on_page": _("All on this page"),
    "note_on_page": _("Note on the whole page"),
    "further_notes": _("Further notes"),
    "no_notes": _("No notes on this page yet. Select some words, or use Note mode."),
    "note_by": _("Note by {name}"),
    "classmate": _("A classmate"),
    "instructor": _("instructor"),
    "deleted_note": _("Deleted note"),
    "go_to_text": _("Go to the text"),
    "as_it_was": _("See it as it was"),
    "passage_changed": _("A new edition has changed the passage:"),
    "lost": _("Lost their passage"),
    "lost_hint": _("Its passage is no longer in the book. The next editions will be searched."),
    "suggested": _("Its passage is no longer in the book. It may be this one:"),
    "edit": _("Change"),
    "delete": _("Delete"),
    "delete_sure": _("Delete this note?"),
    "resolved": _("resolved"),
    "hidden": _("hidden from the course"),
    "flagged": _("to be reviewed"),
    **{act.name: act.label for act in moderation.ACTS.values()},
}


def texts() -> dict[str, str]:
    """Return every text in the language of this request."""
    return {key: str(text) for key, text in TEXTS.items()}
