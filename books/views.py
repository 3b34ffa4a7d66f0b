import re

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.access import Person
from books import contents
from books.models import Book, FormerAddress, Page
from books.releases import previews, serving

# What Sphinx writes beside the pages: search results, indexes, pictures, downloads.
EXTRAS = re.compile(
    r"_(static|images|downloads|sources|modules)/.+"
    r"|(search|genindex[^/]*|[^/]*modindex)\.html|searchindex\.js|objects\.inv",
    re.DOTALL,
)


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

    Other people get a page that says who may read it. A former address of a page leads to the
    page. What does not exist, or is a file that the person may not know of, gets a 404.
    """
    try:
        return _read(request, project, path)
    except Http404:
        books = Book.objects.filter(project=project, release__isnull=False)
        if not books.exists():
            raise
        return render(request, "books/missing_page.html", {"project": project}, status=404)


def _read(request: HttpRequest, project: str, path: str) -> HttpResponseBase:
    file = serving.find(project, path)
    if file is not None and serving.may_have(request.user, file):
        return serving.send(request, file)
    if file is not None and file.docnames and path == f"{file.docnames[0]}.html":
        pages = Page.objects.published().at(project, file.docnames[0])
        page = pages.select_related("book").first()
        if page is not None:
            # Its existence is no secret, since the page of its book lists it.
            return _closed(request, page.book.get_absolute_url(), page)
    if _is_closed_to(request.user, project, path):
        return _closed(request, reverse("project", args=(project,)))
    if file is None and path.endswith(".html"):
        return at_former_address(request, project, path.removesuffix(".html"))
    raise Http404


def _is_closed_to(user: Person, project: str, path: str) -> bool:
    """Return whether `path` is one of search results, pictures and the like of a closed project.

    That is one of which the user may read nothing but what is public. Whether there is such a file
    is not said.
    """
    if not EXTRAS.fullmatch(path):
        return False
    pages = Page.objects.published().filter(book__project=project, access=Page.Access.MEMBERS)
    return pages.exists() and not pages.visible_to(user).exists()


def _closed(request: HttpRequest, url: str, page: Page | None = None) -> HttpResponse:
    """Return a page that says who may read `page`, or the book at `url`, and how to become one."""
    context = {"page": page, "url": url}
    return render(request, "books/closed_page.html", context, status=403)


def at_former_address(
    request: HttpRequest, project: str, docname: str, to: str = "reader", end: str = ".html"
) -> HttpResponse:
    """Return a redirect to the page that had an address last, or a page that says it is gone.

    The page may be gone, or not be for this user: then the response says so. `to` is the name of
    the URL that is redirected to, and `end` what follows the document's name in it. Raises Http404
    if no page has ever had the address, or if the user may read nothing that had it.
    """
    if Page.objects.published().at(project, docname).exists():
        raise Http404  # a page has it now, which this user may not read
    found = FormerAddress.objects.at(project, docname).filter(book__release__isnull=False)
    former = found.select_related("book", "page").first()
    if former is None:
        raise Http404
    page = former.page
    if page is None:
        if former.access != Page.Access.PUBLIC and not _reads(request.user, former.book):
            raise Http404
        return _gone(request, former.book)
    page.book = former.book
    if not Page.objects.visible_to(request.user).filter(pk=page.pk).exists():
        return _closed(request, page.book.get_absolute_url(), page)
    url = reverse(to, args=(project, page.docname + end))
    if query := request.META["QUERY_STRING"]:
        url += f"?{query}"
    response = redirect(url)
    # Not to be remembered, since the site may go back to an earlier edition.
    response["Cache-Control"] = "no-cache"
    return response


def _reads(user: Person, book: Book) -> bool:
    """Return whether `user` may read pages of the book that are not public."""
    members = book.pages.filter(access=Page.Access.MEMBERS)
    return members.visible_to(user).exists()


def _gone(request: HttpRequest, book: Book) -> HttpResponse:
    context = {"book": book, "parts": contents.of(book, request.user)}
    response = render(request, "books/gone_page.html", context, status=410)
    response["Cache-Control"] = "no-cache"
    return response
