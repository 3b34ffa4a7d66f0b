"""Archives that were written before points were kept apart, in rows as they are now."""

from typing import Any

Row = dict[str, Any]


def in_this_version(rows: list[Row]) -> list[Row]:
    """Return the rows of an archive, unchanged unless the version before wrote it.

    Points set by hand become overrides. The attempt that counted has the points that counted; what
    an answer had before it was regraded is left out.
    """
    answers = [row for row in rows if _is(row, "answer") and "override_points" in row["fields"]]
    if not answers:
        return [_renamed(row) for row in rows]
    attempts: dict[str, Row] = {}
    kept = []
    for row in rows:
        if _is(row, "answer") or (_is(row, "regrade") and "answer" in row["fields"]):
            continue
        kept.append(_renamed(row))
        if _is(row, "attempt"):
            attempts[_where(row)] = kept[-1]
    for answer in answers:
        fields = answer["fields"]
        attempt = attempts.get(_where(answer))
        if attempt is None:
            attempt = _attempt_of(fields)
            kept.append(attempt)
        attempt["fields"] |= {
            "points": fields["points"],
            "feedback": fields["feedback"],
            "parts": [["", fields["points"] and float(fields["points"]), None]],
        }
        if fields["override_points"] is not None:
            kept.append(_override_of(fields))
    return kept


def _is(row: Row, model: str) -> bool:
    return row.get("model") == f"grading.{model}"


def _where(row: Row) -> str:
    """Return what an attempt and the answer that it is have in common."""
    fields = row["fields"]
    return repr((fields["enrollment"], fields["question"], fields["string"]))


def _renamed(row: Row) -> Row:
    """Return an attempt with the present name of its time; other rows as they are."""
    if not _is(row, "attempt") or "created_at" not in row["fields"]:
        return row
    fields = dict(row["fields"])
    fields["received_at"] = fields.pop("created_at")
    return row | {"fields": fields}


def _attempt_of(fields: Row) -> Row:
    own = {name: fields[name] for name in ("enrollment", "question", "string")}
    return {"model": "grading.attempt", "fields": own | {"received_at": fields["answered_at"]}}


def _override_of(fields: Row) -> Row:
    own = {
        "enrollment": fields["enrollment"],
        "question": fields["question"],
        "points": fields["override_points"],
        "reason": fields["override_reason"],
        "created_by": fields["override_by"],
        "created_at": fields["override_at"] or fields["answered_at"],
    }
    return {"model": "grading.override", "fields": own}
