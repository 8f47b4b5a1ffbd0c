from django.db import models


class Job(models.Model):
    """When a recurring job last ran; one row for each, locked while it is due."""

    name = models.CharField(max_length=60, primary_key=True)
    ran_at = models.DateTimeField()
    is_failed = models.BooleanField(default=False)

    class Meta:
        verbose_name = "job"
        verbose_name_plural = "jobs"

    def __str__(self) -> str:
        return self.name
