"""Uploads and confirms rosters in the admin."""

import io


def roster(text: str | bytes, name: str = "roster.csv") -> io.BytesIO:
    """Return a roster as a file that can be uploaded."""
    file = io.BytesIO(text.encode() if isinstance(text, str) else text)
    file.name = name
    return file


def upload(client, course, file, kind: str = "0"):
    """Upload a roster, and return the page with its preview; `kind` is the number of its format."""
    data = {"course": course.pk, "import_file": file, "format": kind, "resource": "0"}
    return client.post(IMPORT, data)


def confirm(client, page):
    form = page.context["confirm_form"]
    return client.post("/admin/grading/invitation/process_import/", dict(form.initial), follow=True)


IMPORT = "/admin/grading/invitation/import/"
