from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    name = "annotations"

    def ready(self) -> None:
        from annotations import access, personal_data, waiting
        from annotations.following.sync_follower import AnnotationsFollower
        from books.sync.follower import register_follower

        access.fill()
        waiting.fill()
        personal_data.fill()
        register_follower(AnnotationsFollower())
