from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFilesStorage(ManifestStaticFilesStorage):
    """Names with a hash of the content, also where one ES module imports another."""

    support_js_module_import_aggregation = True
