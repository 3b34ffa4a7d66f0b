"""Sends notes over HTTP, as the reader's script does."""

import json

PASSAGE = {
    "selector": [
        {"type": "TextQuoteSelector", "exact": "quick brown fox", "prefix": "x", "suffix": "y"},
        {"type": "TextPositionSelector", "start": 4, "end": 19},
    ]
}


def annotation(body="Why a **fox**?", target=PASSAGE, motivation="commenting", **ours):
    """Return a note as a W3C Web Annotation; `ours` are Book Binder's own properties."""
    text = {"type": "TextualBody", "format": "text/markdown", "value": body}
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "type": "Annotation",
        "motivation": motivation,
        "body": text,
        "target": target,
        "bookbinder": ours,
    }


def send(client, method, path, data=None, **headers):
    return getattr(client, method)(
        path, json.dumps(data), content_type="application/json", headers=headers
    )


def post(client, page, **over):
    return send(client, "post", f"/api/pages/{page.pk}/annotations", annotation(**over))


def reply_to(note, **over):
    """Return a reply to a note that the API has returned."""
    target = f"https://site.example/api/annotations/{note['bookbinder']['uuid']}"
    return annotation(target=target, motivation="replying", **over)
