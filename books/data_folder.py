"""The data folder's parts that the server alone may open."""

from pathlib import Path

from django.conf import settings


def private(name: str) -> Path:
    """Return the folder `name` of the data folder, made or made private: nobody else may enter it.

    It holds what students are not shown: builds with their answer key, or what students gave.
    """
    folder = Path(settings.BOOKBINDER_DATA_DIR) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)  # made by an older version
    return folder
