from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import signed_in
from billing import checkout, events, fulfil, money, stripe_client
from billing.models import Payment
from grading import enrolling
from grading.models import Course


@require_http_methods(["GET", "HEAD", "POST"])
def buy(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show a paid course with a button to pay for it, or begin the payment."""
    courses = Course.objects.open().filter(book__release__isnull=False)
    course = get_object_or_404(courses.select_related("book"), pk=pk)
    if course.is_free:
        return redirect(course.book)
    return _pay(request, course) if request.method == "POST" else _offer(request, course)


def _offer(request: HttpRequest, course: Course) -> HttpResponse:
    enrollment = None
    if request.user.is_authenticated:
        enrollment = enrolling.enrollments_of(signed_in(request), course.enrollments.all()).first()
    context: dict[str, Any] = {
        "course": course,
        "enrollment": enrollment,
        "reason": checkout.reason_against(course),
        "price": money.in_words(course.amount, settings.BOOKBINDER_CURRENCY),
    }
    return render(request, "billing/buy.html", context)


@login_required
def _pay(request: HttpRequest, course: Course) -> HttpResponseBase:
    here, back = reverse("buy-course", args=(course.pk,)), reverse("payment-return")
    seen = request.POST.get("seen", "")
    try:
        url = checkout.start(
            signed_in(request),
            course,
            seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 12 else -1,
            addresses=checkout.addresses(request.build_absolute_uri, back, here),
        )
    except (checkout.CheckoutError, stripe_client.StripeProblem) as error:
        messages.error(request, str(error))
        return redirect(here)
    return HttpResponseRedirect(url)


@require_safe
@login_required
def come_back(request: HttpRequest) -> HttpResponseBase:
    """Show the result of a payment to a person whom Stripe has sent back.

    The result is read from Stripe, whatever the request says.
    """
    own = Payment.objects.filter(user=signed_in(request)).exclude(session_id="")
    payment = get_object_or_404(own, session_id=request.GET.get("session", ""))
    try:
        payment = fulfil.update_from_stripe(payment.session_id) or payment
    except stripe_client.StripeProblem as problem:
        messages.error(request, str(problem))
    enrollments = enrolling.enrollments_of(signed_in(request), payment.course.enrollments.all())
    if payment.status == Payment.Status.PAID and enrollments.exists():
        messages.success(request, _("You have paid. Welcome!"))
        return redirect(payment.course.book)
    return render(request, "billing/not_paid.html", {"payment": payment, "course": payment.course})


@csrf_exempt  # Stripe signs its requests
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Verify and process an event. A response other than 200 makes Stripe send it again."""
    try:
        event = stripe_client.read_event(request.body, request.headers.get("Stripe-Signature", ""))
        events.handle(event)
    except stripe_client.BadSignature:
        return HttpResponse("Bad signature.", status=400, content_type="text/plain")
    except stripe_client.StripeProblem:
        return HttpResponse("Send it again.", status=503, content_type="text/plain")
    return HttpResponse("Thank you.", content_type="text/plain")
