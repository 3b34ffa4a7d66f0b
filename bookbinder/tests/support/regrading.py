"""Publishes manifests that tests make up, without files, and regrades what they change."""

import uuid
from pathlib import Path

from bookbinder.sphinx import manifest as m
from books.releases.folders import Staged
from books.sources import page_ids
from books.sync import pipeline, snapshot
from books.sync.apply import apply
from books.sync.follower import Effects
from books.sync.plan import Options
from books.sync.planning.make_plan import make_plan


def bring_in(manifest: m.Manifest, data_dir: Path, *, regrade: bool) -> Effects | None:
    """Publish a manifest; return what the sync says of answers."""
    project = manifest.project
    options = Options(regrade=regrade)
    before = snapshot.take({project})
    plan = make_plan([manifest], before, page_ids.random_ids())
    effects = pipeline.compute_effects(plan, before, (), options)
    staged = Staged(project, data_dir / f"staged-{uuid.uuid4().hex}")
    if not plan.is_empty or any(one.is_work for one in effects.values()):
        apply(plan, effects, [staged] if plan.releases else [], summary="")
    return effects.get("answers")
