from django.db import migrations


def name_current(apps, schema_editor):
    """Record the names of the releases that are live: those of older ones are not known."""
    Book = apps.get_model("books", "Book")
    Page = apps.get_model("books", "Page")
    Question = apps.get_model("books", "Question")
    Release = apps.get_model("books", "Release")
    live = Book.objects.exclude(release=None).order_by().values_list("release", flat=True)
    for release in sorted(set(live)):
        names, entries = {}, {}
        pages = Page.objects.filter(book__release=release).order_by()
        for pk, book, url in pages.values_list("pk", "book__url", "url"):
            entries[pk] = {}
            names.setdefault(book, {})[url] = [pk, entries[pk]]
        questions = Question.objects.filter(page__book__release=release).order_by()
        for page, pk, label in questions.values_list("page", "pk", "label"):
            entries[page][label] = pk
        Release.objects.filter(pk=release).update(names=names)


class Migration(migrations.Migration):

    dependencies = [
        ("books", "0008_release_names"),
    ]

    operations = [
        migrations.RunPython(name_current, migrations.RunPython.noop),
    ]
