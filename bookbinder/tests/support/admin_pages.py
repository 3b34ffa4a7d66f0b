"""URLs and form data of the admin, for tests."""

from typing import Any

from django.urls import reverse


def changelist(model: Any) -> str:
    """Return the URL of the change list of a model."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return url


def change_form(row: Any) -> str:
    """Return the URL of the change form of a row."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(row.pk,))


def text_of(response: Any) -> str:
    """Return the text of a response, whose status must be 200."""
    assert response.status_code == 200, response
    return response.content.decode()


def course_data(course: Any, **over: object) -> dict[str, object]:
    """Return the form data of a course, unchanged apart from `over`."""
    data = {
        "name": course.name,
        "time_zone": course.time_zone,
        "attempts_policy": course.attempts_policy,
        "course_notes": course.course_notes,
    }
    for prefix in ("instructors", "invitations", "interactives", "interactives-2"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return data | over


def feedback_data(question: Any, *rows: dict[str, object]) -> dict[str, object]:
    """Return the form data of a question; `rows` are those of its feedback, then new ones."""
    existing = list(question.feedback.all())
    data: dict[str, object] = {
        "feedback-TOTAL_FORMS": len(rows),
        "feedback-INITIAL_FORMS": len(existing),
    }
    for number, row in enumerate(rows):
        if number < len(existing):
            data[f"feedback-{number}-id"] = existing[number].pk
        data |= {f"feedback-{number}-{name}": value for name, value in row.items()}
        data[f"feedback-{number}-question"] = question.pk
    return data
