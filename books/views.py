from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from books.models import Page
from books.releases import previews, serving


@require_safe
@login_required
@xframe_options_sameorigin
def preview(request: HttpRequest, token: str, path: str) -> HttpResponseBase:
    """Serve a file of a preview to the authors of its books and to admins."""
    found = previews.find(request.user, token)
    if found is None or found.file(path) is None:
        raise Http404
    return serving.send_preview(request, found, path)


@require_safe
@xframe_options_sameorigin
def read(request: HttpRequest, project: str, path: str) -> HttpResponseBase:
    """Serve a published page or file to people who may open it.

    Other people get a page that says who may read the page, or a 404 for other files.
    """
    file = serving.find(project, path)
    if file is None:
        raise Http404
    if serving.may_have(request.user, file):
        return serving.send(request, file)
    page = None
    if path.endswith(".html") and len(file.docnames) == 1:
        page = Page.objects.published().at(project, file.docnames[0]).select_related("book").first()
    if page is None:
        raise Http404
    # The existence of the page is no secret, since the page of its book lists it.
    return render(request, "books/closed_page.html", {"page": page}, status=403)
