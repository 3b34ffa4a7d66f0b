"""Notes as W3C Web Annotations in JSON-LD, out and in.

https://www.w3.org/TR/annotation-model/. What the model has no word for (audience, state, rights)
stands under the key `bookbinder`, which other programs pass over.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from annotations import presenting, writing
from annotations.audiences import name_of
from annotations.drafts import Audience, Draft, Motivation, Selector
from annotations.errors import Invalid
from annotations.models import Annotation
from annotations.moderation import offered

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
MEDIA_TYPE = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'


# Out


def note(row: Any, reader: Any, site: str) -> dict[str, Any]:
    """Return a note as `reader` may see it. `row` is one of `with_people`, `with_rights_of`."""
    return {
        "@context": CONTEXT,
        "id": site + address(row.uuid),
        "type": "Annotation",
        "motivation": row.motivation,
        "creator": {"type": "Person", "name": name_of(row, reader)},
        "created": row.created_at.isoformat(),
        "modified": row.updated_at.isoformat(),
        **_body(row),
        "target": _target(row, site),
        "bookbinder": _ours(row, reader),
    }


def page(items: list[dict[str, Any]], address: str) -> dict[str, Any]:
    """Return an AnnotationPage of notes."""
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "AnnotationPage",
        "partOf": {"id": address, "type": "AnnotationCollection", "total": len(items)},
        "startIndex": 0,
        "items": items,
    }


def address(uuid: UUID) -> str:
    return reverse("api-1:annotation", args=(uuid,))


def _body(row: Annotation) -> dict[str, Any]:
    text = {"type": "TextualBody", "format": "text/markdown", "value": row.body}
    tags = [{"type": "TextualBody", "purpose": "tagging", "value": tag} for tag in row.tags]
    if tags:
        return {"body": [text, *tags] if row.body else tags}
    return {"body": text} if row.body else {}


def _target(row: Any, site: str) -> Any:
    if row.root_id:
        return site + address(row.parent_uuid)
    source = site + (row.page or row.book).get_absolute_url()
    selectors = _selectors(row)
    return {"source": source, **({"selector": selectors} if selectors else {})}


def _selectors(row: Annotation) -> list[dict[str, Any]]:
    if row.fragment:
        return [{"type": "FragmentSelector", "value": row.fragment}]
    if not row.has_passage:
        return []
    quote = {"exact": row.quote, "prefix": row.prefix, "suffix": row.suffix}
    found: list[dict[str, Any]] = [{"type": "TextQuoteSelector", **quote}]
    if row.start is not None:
        found.append({"type": "TextPositionSelector", "start": row.start, "end": row.end})
    return found


def _ours(row: Any, reader: Any) -> dict[str, Any]:
    is_mine, may_moderate = row.user_id == reader.pk, row.is_taught or reader.is_superuser
    seen: dict[str, Any] = {
        "uuid": row.uuid,
        "root": row.root_uuid,
        "audience": row.audience,
        "course": row.course_id,
        "anonymous": row.anonymous,
        "by_instructor": row.by_instructor,
        "mine": is_mine,
        "html": presenting.render(row.body),
        "state": row.state,
        "etag": etag(row),
        "resolved": row.resolved_at is not None,
        "pinned": row.pinned,
        "hidden": row.hidden_at is not None,
        "deleted": row.deleted_at is not None,
        "flagged": row.flagged and may_moderate,
        "problem": row.problem,
        "status": row.status,
        "acts": offered(row, reader),
    }
    if row.state == Annotation.State.CHANGED:
        seen["changes"] = presenting.changes(row.orig_quote, row.quote)
    if row.state == Annotation.State.ORPHAN and is_mine:
        seen["suggestion"] = row.suggestion and row.suggestion["quote"]
    if row.revision_id and (row.state in ("changed", "orphan")):
        seen["as_it_was"] = reverse("note-as-it-was", args=(row.uuid,))
    return seen


def etag(row: Annotation) -> str:
    return f'"{writing.version(row)}"'


# In


def draft(data: Any) -> Draft:
    """Read an annotation. Raises Invalid, with the name of what is wrong."""
    if not isinstance(data, dict):
        raise Invalid("An annotation is a JSON object.")
    ours = _mapping(data.get("bookbinder", {}), "bookbinder")
    text, tags = _bodies(data.get("body", []))
    motivation = _text(data.get("motivation", Motivation.COMMENTING), "motivation")
    audience = _text(ours.get("audience", Audience.PRIVATE), "bookbinder.audience")
    course = ours.get("course")
    selector, fragment = _read_selectors(data.get("target"))
    if motivation not in Motivation.values or audience not in Audience.values:
        raise Invalid("motivation or bookbinder.audience: unknown.")
    if course is not None and (type(course) is not int or not 0 < course < 2**63):
        raise Invalid("bookbinder.course: a course's number, or null.")
    return Draft(
        motivation=motivation,
        body=text,
        audience=audience,
        course_id=course,
        anonymous=ours.get("anonymous") is True,
        problem=_text(ours.get("problem", ""), "bookbinder.problem"),
        tags=tuple(tags),
        selector=selector,
        fragment=fragment,
        uuid=_uuid(ours.get("uuid")),
    )


def parent_of(data: Any) -> UUID | None:
    """Return which note an annotation replies to; None where it is no reply."""
    target = data.get("target") if isinstance(data, dict) else None
    if not isinstance(target, str) or data.get("motivation") != Motivation.REPLYING:
        return None
    return _uuid(target.rstrip("/").rpartition("/")[2])


def _uuid(value: Any) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(_text(value, "uuid"))
    except ValueError:
        raise Invalid("uuid: no UUID.") from None


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"{name}: a JSON object.")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{name}: a text.")
    return value


def _bodies(value: Any) -> tuple[str, list[str]]:
    """Return the text of a note and its tags."""
    texts: list[str] = []
    tags: list[str] = []
    for body in value if isinstance(value, list) else [value]:
        if isinstance(body, str):
            texts.append(body)
            continue
        purpose = _mapping(body, "body").get("purpose")
        (tags if purpose == "tagging" else texts).append(_text(body.get("value"), "body.value"))
    return "\n\n".join(texts), tags


def _read_selectors(target: Any) -> tuple[Selector | None, str]:
    if not isinstance(target, dict) or "selector" not in target:
        return None, ""
    given = target["selector"]
    by_type = {str(selector.get("type")): selector for selector in _mappings(given)}
    if "FragmentSelector" in by_type:
        return None, _text(by_type["FragmentSelector"].get("value"), "FragmentSelector.value")[:200]
    quote, place = by_type.get("TextQuoteSelector"), by_type.get("TextPositionSelector", {})
    if quote is None:
        raise Invalid("target.selector: a TextQuoteSelector, or a FragmentSelector.")
    start, end = (place.get(name, -1) for name in ("start", "end"))
    if not all(type(offset) is int for offset in (start, end)):
        raise Invalid("TextPositionSelector: start and end are whole numbers.")
    exact, prefix, suffix = (
        _text(quote.get(name, ""), f"TextQuoteSelector.{name}")
        for name in ("exact", "prefix", "suffix")
    )
    if not exact.strip():
        raise Invalid("TextQuoteSelector.exact: the words of a passage.")
    return Selector(exact, start, end, prefix, suffix), ""


def _mappings(value: Any) -> Iterable[dict[str, Any]]:
    selectors = value if isinstance(value, list) else [value]
    return [_mapping(selector, "target.selector") for selector in selectors]
