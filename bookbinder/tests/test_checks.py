"""What `check --deploy` tells an operator."""

from bookbinder.site import checks


def test_a_database_that_others_can_read_is_told(settings, monkeypatch, tmp_path):
    path = tmp_path / "db.sqlite3"
    path.touch(mode=0o600)
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    assert checks.database_is_private() == []
    path.chmod(0o644)
    (warning,) = checks.database_is_private()
    assert str(path) in warning.msg and "chmod 600" in warning.hint
