from django.apps import AppConfig


class GradingConfig(AppConfig):
    name = "grading"

    def ready(self) -> None:
        from books.sync.follower import register_follower
        from grading import access
        from grading.sync_follower import AnswersFollower

        access.fill()
        register_follower(AnswersFollower())
