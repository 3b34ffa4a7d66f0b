from django.apps import AppConfig
from django.db.models.signals import post_migrate  # noqa: TID251 (to disconnect Django's own)


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import access
        from accounts.personal_data import own

        # Rights are rules in `accounts.access`. Rows of Django's permissions would say otherwise.
        post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
        access.fill()
        own.fill()
