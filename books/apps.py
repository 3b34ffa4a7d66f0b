from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "books"

    def ready(self) -> None:
        from books import access, personal_data, waiting

        access.fill()
        waiting.fill()
        personal_data.fill()
