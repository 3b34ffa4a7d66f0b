"""What the site as a whole stores."""

from django.db import models


class JobRun(models.Model):
    """When a periodic job last ran, and how it went; see `bookbinder.site.periodic`."""

    job = models.CharField(max_length=50)
    started_at = models.DateTimeField()
    # Null while it runs, and if its process has died.
    ended_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    message = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("job",), name="uq_jobrun_job"),)

    def __str__(self) -> str:
        return self.job
