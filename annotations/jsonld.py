"""Writes notes as W3C Web Annotations in JSON-LD, and reads them.

See https://www.w3.org/TR/annotation-model/. Data that the model does not provide for (audience,
state, rights) is under the key `bookbinder`, which other programs ignore.
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
from annotations.rendering import html_of

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
MEDIA_TYPE = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'


# Writing


def note(row: Any, reader: Any, site: str) -> dict[str, Any]:
    """Return a note as an Annotation, with what `reader` may see of it.

    `row` comes from a queryset `with_people` and `with_rights_of` the reader; `site` is the site's
    address without a final slash.
    """
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


def page(
    items: list[dict[str, Any]], address: str, *, collection: str = "", following: str = ""
) -> dict[str, Any]:
    """Return an AnnotationPage of notes, whose id is `address`.

    `collection` is the id of their collection, if it is another one, and `following` that of the
    next page, if there is one. Only a page with the whole collection says how many there are.
    """
    collection = collection or address
    is_whole = collection == address and not following
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "AnnotationPage",
        "partOf": {
            "id": collection,
            "type": "AnnotationCollection",
            **({"total": len(items)} if is_whole else {}),
        },
        **({"startIndex": 0} if collection == address else {}),
        **({"next": following} if following else {}),
        "items": items,
    }


def address(uuid: UUID) -> str:
    """Return the path of a note in the API."""
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
        "html": html_of(row),
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
    """Return the ETag of a note's version, in its quotation marks."""
    return f'"{writing.version(row)}"'


# Reading


def draft(data: Any) -> Draft:
    """Return the draft in an annotation. Raises Invalid, which names the field that is wrong."""
    if not isinstance(data, dict):
        raise Invalid("An annotation must be a JSON object.")
    ours = _mapping(data.get("bookbinder", {}), "bookbinder")
    text, tags = _bodies(data.get("body", []))
    motivation = _text(data.get("motivation", Motivation.COMMENTING), "motivation")
    audience = _text(ours.get("audience", Audience.PRIVATE), "bookbinder.audience")
    course = ours.get("course")
    selector, fragment = _read_selectors(data.get("target"))
    if motivation not in Motivation.values or audience not in Audience.values:
        raise Invalid("motivation or bookbinder.audience: unknown value.")
    if course is not None and (type(course) is not int or not 0 < course < 2**63):
        raise Invalid("bookbinder.course: must be the number of a course, or null.")
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
    """Return the UUID of the note that an annotation replies to, or None if it is not a reply.

    Raises Invalid if the target is not the id of a note.
    """
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
        raise Invalid("uuid: must be a UUID.") from None


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"{name}: must be a JSON object.")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{name}: must be a string.")
    return value


def _bodies(value: Any) -> tuple[str, list[str]]:
    """Return the text of a note and its tags, from the value of `body`."""
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
    """Return the passage of a target, or None, and the HTML id that it names, or ""."""
    if not isinstance(target, dict) or "selector" not in target:
        return None, ""
    given = target["selector"]
    by_type = {str(selector.get("type")): selector for selector in _mappings(given)}
    if "FragmentSelector" in by_type:
        return None, _text(by_type["FragmentSelector"].get("value"), "FragmentSelector.value")[:200]
    quote, position = by_type.get("TextQuoteSelector"), by_type.get("TextPositionSelector", {})
    if quote is None:
        raise Invalid("target.selector: must have a TextQuoteSelector or FragmentSelector.")
    start, end = (position.get(name, -1) for name in ("start", "end"))
    if not all(type(offset) is int for offset in (start, end)):
        raise Invalid("TextPositionSelector: start and end must be integers.")
    exact, prefix, suffix = (
        _text(quote.get(name, ""), f"TextQuoteSelector.{name}")
        for name in ("exact", "prefix", "suffix")
    )
    if not exact.strip():
        raise Invalid("TextQuoteSelector.exact: must be the words of a passage.")
    return Selector(exact, start, end, prefix, suffix), ""


def _mappings(value: Any) -> Iterable[dict[str, Any]]:
    selectors = value if isinstance(value, list) else [value]
    return [_mapping(selector, "target.selector") for selector in selectors]
