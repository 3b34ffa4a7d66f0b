"""Posts answers and gets states over HTTP, as the reader's script does."""

import json
import uuid


def post(client, question, answer, **over):
    data = {"answer": answer, "client_key": str(uuid.uuid4())} | over
    path = f"/api/questions/{question.pk}/answers"
    return client.post(path, json.dumps(data), content_type="application/json")


def state(client, path="tiny/numbers", **query):
    return client.get(f"/api/state/{path}", query)
