"""What holds for the whole project."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from bookbinder.sphinx import kinds
from bookbinder.tests.support.builds import OURS, ROOT
from grading import graders

PREFIXES = {
    models.UniqueConstraint: "uq_",
    models.CheckConstraint: "ck_",
    models.Index: "ix_",
}


def own_files() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in names if "/migrations/" not in name]


def test_no_modules_import_each_other_in_a_circle():
    """Only a model and its manager do, each of which names the other."""
    graph = grimp.build_graph(*OURS, "bookbinder", exclude_type_checking_imports=True)
    own = {name for name in graph.modules if ".tests" not in name}
    imports = {name: graph.find_modules_directly_imported_by(name) & own for name in own}
    imports["accounts.managers"] -= {"accounts.models"}
    assert len(list(TopologicalSorter(imports).static_order())) == len(own)


def test_the_extension_does_not_import_django():
    code = (
        "import sys, bookbinder.sphinx.extension; "
        "sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_server_reads_manifests_without_sphinx():
    code = (
        "import sys, bookbinder.sphinx.manifest; "
        "sys.exit(any(name.split('.')[0] == 'docutils' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def index_name(name: str, declared: models.Index | models.BaseConstraint) -> str:
    """Return a name without the last parts that are too many for Django, in an index."""
    longest = models.Index.max_name_length
    is_long = isinstance(declared, models.Index) and len(name) > longest
    return name[: longest + 1].rpartition("_")[0] if is_long else name


@pytest.mark.parametrize("label", OURS)
def test_constraints_and_indexes_are_named_by_table_and_columns(label):
    for model in apps.get_app_config(label).get_models():
        declared = [*model._meta.constraints, *model._meta.indexes]
        for one in declared:
            prefix = f"{PREFIXES[type(one)]}{model._meta.model_name}"
            assert one.name == prefix or one.name.startswith(f"{prefix}_"), one.name
            fields = getattr(one, "fields", ())
            if fields:
                assert one.name == index_name(f"{prefix}_{'_'.join(fields)}", one)
        assert not any(
            field.unique and not field.primary_key and field.concrete
            for field in model._meta.get_fields()
            if isinstance(field, models.Field) and not field.is_relation
        )


def test_functions_and_files_are_small():
    for path in own_files():
        source = path.read_text(encoding="utf-8")
        assert source.count("\n") <= 400, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path}:{node.lineno}"


def test_no_test_is_imported_by_another():
    """What tests share stands in `bookbinder/tests/support`."""
    for path in own_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [*(node.module or "").split("."), *(one.name for one in node.names)]
                is_of_test = "tests" in names and any(name.startswith("test_") for name in names)
                assert not is_of_test, f"{path}:{node.lineno}"


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


TABLES_OF_KINDS = ("bookbinder/sphinx/kinds/", "grading/graders/")
KIND_NAMES = {*kinds.KINDS, *kinds.PLANNED}


def asks_for_a_kind(node: ast.AST) -> bool:
    """Whether a comparison, `match` or dictionary goes by the name of a kind of question."""
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
        names = {getattr(part, "attr", getattr(part, "id", "")) for part in parts}
        return bool(names & {"grader", "question__grader"}) and not names & {
            "KINDS",
            "GRADERS",
            "PLANNED",
        }
    if isinstance(node, ast.Match):
        return getattr(node.subject, "attr", "") == "grader"
    if isinstance(node, ast.Subscript):
        return getattr(node.slice, "attr", getattr(node.slice, "id", "")) == "grader"
    if isinstance(node, ast.keyword):
        return (node.arg or "").endswith("grader") and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
        elements = node.keys if isinstance(node, ast.Dict) else node.elts
        found = {getattr(element, "value", None) for element in elements}
        return len(found & KIND_NAMES) > 1
    return False


def test_nobody_asks_which_kind_a_question_is():
    """It asks the kind for what it takes: see `bookbinder/sphinx/kinds`."""
    for path in own_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(TABLES_OF_KINDS) or "tests/" in name or name.startswith("benchmarks"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not asks_for_a_kind(node), f"{name}:{getattr(node, 'lineno', 0)}"
    texts = subprocess.run(
        ["git", "ls-files", "*.js", "templates"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in texts:
        if not name.endswith("widgets/index.js"):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"data-grader|dataset\.grader|\.grader\b", text), name
    assert kinds.KINDS.keys() == graders.GRADERS.keys()
    assert all((ROOT / f"docs/authors/{name}.rst").is_file() for name in kinds.KINDS)
    widgets = (ROOT / "books/static/books/widgets/index.js").read_text(encoding="utf-8")
    assert all(re.search(rf"\b{name}\b", widgets) for name in kinds.KINDS)
