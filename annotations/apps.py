from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    name = "annotations"

    def ready(self) -> None:
        from annotations import access
        from annotations.followers import AnnotationsFollower
        from books import followers

        access.fill()
        followers.register(AnnotationsFollower())
