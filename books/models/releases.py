from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from books.querysets import (
    EditionQuerySet,
)


class Release(models.Model):
    """A published build of a project. Its files are in `folder` and never change."""

    project = models.CharField(_("project"), max_length=100)
    folder = models.CharField(_("folder"), max_length=100)
    created_at = models.DateTimeField(_("published"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        related_name="+",
    )
    # The source folder that it was built from, if known.
    source = models.CharField(_("source folder"), max_length=500, blank=True)
    # The system user who ran the command, if it was published by `sphinx_sync`.
    operator = models.CharField(_("operator"), max_length=100, blank=True)
    summary = models.TextField(_("what changed"), blank=True)
    # All files, including pages, by path: see `books.releases.contents.Files`.
    files = models.JSONField(_("files"), default=dict)
    # The rows of its pages and questions: see `books.sync.names.Names`. Empty if it is older.
    names = models.JSONField(_("names"), default=dict)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("project", "folder"), name="uq_release_project_folder"),
        )

    def __str__(self) -> str:
        return f"{self.project} {self.pk}"

    @property
    def made_by(self) -> str:
        """The name of the user who published it in the admin or, otherwise, the operator."""
        return str(self.created_by) if self.created_by else self.operator


class Edition(models.Model):
    """A build that is published from the admin: it is planned, shown, and then published.

    Its files are in `editions/<folder>` in the data folder until it is finished or expires.
    """

    class State(models.TextChoices):
        PLANNING = "planning", _("being planned")
        PLANNED = "planned", _("waits for approval")
        PUBLISHING = "publishing", _("being published")
        PUBLISHED = "published", _("published")
        NOTHING = "nothing", _("nothing to do")
        FAILED = "failed", _("not published")

    # One of the operator's source folders; empty for a build that was uploaded.
    source = models.CharField(_("source folder"), max_length=500, blank=True)
    # The release that it goes back to, if it is not a new build.
    release = models.ForeignKey(
        Release, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("release")
    )
    folder = models.CharField(max_length=40)
    project = models.CharField(_("project"), max_length=100, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PLANNING
    )
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # What is being done now, shown to people who wait; `message` says how it ended.
    step = models.CharField(_("step"), max_length=200, blank=True)
    touched_at = models.DateTimeField(auto_now=True)
    message = models.TextField(_("result"), blank=True)
    # The plan that was shown, as [text, tone] lines, and its hash. Only this plan is published: if
    # the hash of a new plan differs, it is shown first.
    plan = models.JSONField(default=list)
    names = models.JSONField(default=list)  # whose data would be deleted: for admins only
    digest = models.CharField(max_length=64, blank=True)
    needs_permission = models.BooleanField(default=False)
    # {"prefer", "regrade", "delete_user_data"} as in the form, {"by", "language"} of the user.
    options = models.JSONField(default=dict)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    state__in=(
                        "planning",
                        "planned",
                        "publishing",
                        "published",
                        "nothing",
                        "failed",
                    )
                ),
                name="ck_edition_state",
            ),
            models.UniqueConstraint(fields=("folder",), name="uq_edition_folder"),
        )

    def __str__(self) -> str:
        number = _("edition %(n)s") % {"n": self.pk}
        return f"{self.project or self.source} · {number}".strip(" ·")

    @property
    def is_working(self) -> bool:
        """Whether it is being planned or published."""
        return self.state in (self.State.PLANNING, self.State.PUBLISHING)
