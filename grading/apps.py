from django.apps import AppConfig


class GradingConfig(AppConfig):
    name = "grading"

    def ready(self) -> None:
        from books import followers
        from grading import access
        from grading.followers import AnswersFollower

        access.fill()
        followers.register(AnswersFollower())
