"""A pytest plugin that sets the environment of the tests before Django reads its settings."""

import os
import tempfile
from pathlib import Path

os.environ["SECRET_KEY"] = "tests"
os.environ["DEBUG"] = "1"
os.environ["BOOKBINDER_DATA_DIR"] = tempfile.mkdtemp(prefix="bookbinder-tests-")
# WhiteNoise warns if the folder is missing. Tests do not collect static files into it.
Path(os.environ["BOOKBINDER_DATA_DIR"], "static").mkdir()
os.environ["CACHE_URL"] = "locmemcache://"
for name in ("BOOKBINDER_SITE_URL", "ALLOWED_HOSTS", "BOOKBINDER_SOURCES", "X_ACCEL_PREFIX"):
    os.environ.pop(name, None)
