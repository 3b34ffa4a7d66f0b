"""The environment of the tests, set before Django reads its settings (a pytest plugin)."""

import os
import tempfile
from pathlib import Path

os.environ["SECRET_KEY"] = "tests"
os.environ["DEBUG"] = "1"
os.environ["BOOKBINDER_DATA_DIR"] = tempfile.mkdtemp(prefix="bookbinder-tests-")
# WhiteNoise warns of a missing folder; nothing is collected for the tests.
Path(os.environ["BOOKBINDER_DATA_DIR"], "static").mkdir()
os.environ["CACHE_URL"] = "locmemcache://"
for name in ("BOOKBINDER_SITE_URL", "ALLOWED_HOSTS", "BOOKBINDER_SOURCES", "X_ACCEL_PREFIX"):
    os.environ.pop(name, None)
