from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import access
        from accounts.personal_data import own

        access.fill()
        own.fill()
