from django.apps import AppConfig


class GradingConfig(AppConfig):
    name = "grading"

    def ready(self) -> None:
        from books.sync.follower import register_follower
        from grading import access, personal_data, waiting
        from grading.sync_follower import AnswersFollower

        access.fill()
        waiting.fill()
        personal_data.fill()
        register_follower(AnswersFollower())
