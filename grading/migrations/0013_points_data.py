"""Fills the tables of what was kept, so that no student's figure moves.

Each answer gets the attempt that counts; points set by hand become overrides; earlier regrades
become layers over attempts. Where attempts and rules do not give the points that stand, one regrade
of the course, "as it stood at the upgrade", holds them. The rules are those of this version, so
they are written out here and do not follow `grading.scores`.
"""

import json
from itertools import groupby
from operator import itemgetter

from django.db import migrations
from django.utils import timezone
from django.utils.translation import gettext

CHUNK = 10_000
SAME = (
    "t.enrollment_id = a.enrollment_id AND t.question_id = a.question_id AND t.string = a.string"
)
STATEMENTS = (
    # An answer without an attempt: this should not exist, but nothing has ever prevented it.
    "INSERT INTO grading_attempt (enrollment_id, question_id, client_key, string, points,"
    " feedback_id, version, received_at, parts) SELECT a.enrollment_id, a.question_id, {uuid},"
    " a.string, a.points, a.feedback_id, '', COALESCE(a.answered_at, {now}), {empty}"
    f" FROM grading_answer a WHERE NOT EXISTS (SELECT 1 FROM grading_attempt t WHERE {SAME})",
    "UPDATE grading_attempt SET parts = {parts}",
    "UPDATE grading_answer AS a SET raw_points = a.points, attempt_id ="
    f" (SELECT MAX(t.id) FROM grading_attempt t WHERE {SAME})",
    "INSERT INTO grading_override (enrollment_id, question_id, points, reason, is_private,"
    " created_by_id, created_at) SELECT a.enrollment_id, a.question_id, a.override_points,"
    " a.override_reason, {false}, a.override_by_id,"
    " COALESCE(a.override_at, a.answered_at, {now}) FROM grading_answer a"
    " WHERE a.override_points IS NOT NULL AND a.override_points >= 0",
)
WORDS = {
    "postgresql": {
        "uuid": "gen_random_uuid()",
        "now": "CURRENT_TIMESTAMP",
        "empty": "'[]'::jsonb",
        "parts": "jsonb_build_array(jsonb_build_array('', points, feedback_id))",
        "false": "FALSE",
    },
    "sqlite": {
        "uuid": "lower(hex(randomblob(16)))",
        "now": "CURRENT_TIMESTAMP",
        "empty": "'[]'",
        "parts": "json_array(json_array('', points, feedback_id))",
        "false": "0",
    },
}


def forward(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement.format(**WORDS[connection.vendor]))
    layers = write_layers(apps)
    hold_what_stands(apps, connection, layers)


def parts(points, feedback):
    return [["", None if points is None else float(points), feedback]]


def write_layers(apps):
    """Write the earlier regrades; return the newest layer, (points, feedback), of each attempt."""
    layers = {}
    Former, Regrade = (apps.get_model("grading", name) for name in ("FormerRegrade", "Regrade"))
    if not Former.objects.exists():
        return layers
    events = {}
    keys = Former.objects.order_by("created_at").values_list(
        "answer__enrollment__course", "created_at", "reason"
    )
    for course, created_at, reason in keys.distinct():
        regrade = Regrade.objects.create(course_id=course, created_at=created_at, reason=reason)
        events[course, created_at, reason] = regrade.pk
    own = attempts_of_regraded(apps)
    rows = []
    former = Former.objects.order_by("answer", "pk").values_list(
        "answer", "answer__enrollment__course", "created_at", "reason", "string", "points",
        "feedback", "answer__string", "answer__points", "answer__feedback", "answer__attempt",
        "answer__enrollment", "answer__question",
    )  # fmt: skip
    for _answer, several in groupby(former.iterator(CHUNK), key=itemgetter(0)):
        history = list(several)
        for number, row in enumerate(history):
            # A row has what counted before its regrade, so the next one has what it gave.
            after = history[number + 1][4:7] if number + 1 < len(history) else row[7:10]
            string, points, feedback = after
            attempt = own.get((row[11], row[12], string), row[10])
            rows.append((events[row[1:4]], attempt, points, feedback))
    write_regraded(apps, rows)
    for _event, attempt, points, feedback in sorted(rows, key=itemgetter(0)):
        layers[attempt] = (points, feedback)
    return layers


def attempts_of_regraded(apps):
    """Return the last attempt with each string at the questions of regraded answers."""
    Attempt = apps.get_model("grading", "Attempt")
    pairs = set(
        apps.get_model("grading", "FormerRegrade")
        .objects.order_by()
        .values_list("answer__enrollment", "answer__question")
    )
    attempts = Attempt.objects.order_by("pk").values_list(
        "enrollment", "question", "string", "pk"
    )
    return {
        (enrollment, question, string): pk
        for enrollment, question, string, pk in attempts.iterator(CHUNK)
        if (enrollment, question) in pairs
    }


def write_regraded(apps, rows):
    """Write rows (regrade, attempt, points, feedback); of two for one attempt, the last."""
    Regraded = apps.get_model("grading", "RegradedAttempt")
    last = {(regrade, attempt): rest for regrade, attempt, *rest in rows}
    Regraded.objects.bulk_create(
        [
            Regraded(
                regrade_id=regrade,
                attempt_id=attempt,
                points=points,
                feedback_id=feedback,
                parts=parts(points, feedback),
            )
            for (regrade, attempt), (points, feedback) in last.items()
        ],
        batch_size=CHUNK // 10,
    )


def hold_what_stands(apps, connection, layers):
    """Derive each score, hold what stands where it differs, and write the answers."""
    Answer, Attempt, Enrollment = (
        apps.get_model("grading", name) for name in ("Answer", "Attempt", "Enrollment")
    )
    held = {}
    enrollments = Enrollment.objects.order_by("pk").values_list(
        "pk", "course", "course__attempts_policy"
    )
    for enrollment, course, policy in list(enrollments):
        keeps_best = policy == "best"
        attempts = {}
        rows = Attempt.objects.filter(enrollment=enrollment).order_by("pk")
        for question, key, *given in rows.values_list("question", "pk", "points", "feedback"):
            own = (key, *layers.get(key, given), key in layers)
            attempts.setdefault(question, []).append(own)
        changed = []
        for answer in list(Answer.objects.filter(enrollment=enrollment).order_by().values()):
            own = attempts[answer["question_id"]]
            points, feedback = answer["points"], answer["feedback_id"]
            if derive(own, keeps_best)[1:3] != (points, feedback):
                own = hold(own, keeps_best, answer["attempt_id"], points, feedback)
                held.setdefault(course, []).extend(row[:3] for row in own if row[3] == "held")
            changed += as_written(answer, derive(own, keeps_best))
        write(connection, changed)
    write_held(apps, held)


def as_written(answer, score):
    """Return [(pk, attempt, points, waits, reasons)] of an answer, or nothing if it stays."""
    attempt, points, _feedback, waits, reasons = score
    override = answer["override_points"]
    if override is not None and override >= 0:
        points, waits = override, False
        reasons = [one for one in reasons if one[0] != "waits"]
        reasons.append(["override", answer["override_reason"]])
    if attempt == answer["attempt_id"] and points == answer["points"] and not reasons:
        return []
    return [(answer["id"], attempt, None if points is None else str(points), waits, reasons)]


def derive(attempts, keeps_best):
    """Return (attempt, points, feedback, waits, reasons) by the rules of this version."""
    counted, waiting = None, []
    for number, (key, points, feedback, layer) in enumerate(attempts, 1):
        if points is None:
            waiting.append(number)
        elif counted is None or not keeps_best or points >= counted[2]:
            counted = (number, key, points, feedback, layer)
            if not keeps_best:
                waiting = []
    reasons = []
    if counted:
        number, key, points, feedback, layer = counted
        if number < len(attempts):
            reasons.append(["attempt", number, len(attempts)])
        if layer:
            reasons.append(["regrade"])
    else:
        key, points, feedback, _layer = attempts[-1]
    if waiting:
        reasons.append(["waits", len(waiting)])
    return key, points, feedback, bool(waiting), reasons


def hold(attempts, keeps_best, counting, points, feedback):
    """Return the attempts with what stands given to those that would count otherwise."""
    last = attempts[-1][0]

    def is_in_the_way(key, given):
        if points is None:
            return given is not None or key == last
        if keeps_best:
            return key == counting or (given is not None and given >= points)
        return key == last

    return [
        (key, points, feedback, "held") if is_in_the_way(key, given) else (key, given, *rest)
        for key, given, *rest in attempts
    ]


def write_held(apps, held):
    """Write one regrade for each course in which something is held."""
    Regrade = apps.get_model("grading", "Regrade")
    for course, rows in held.items():
        reason = gettext("As it stood at the upgrade.")
        regrade = Regrade.objects.create(
            course_id=course, reason=reason, created_at=timezone.now()
        )
        write_regraded(apps, [(regrade.pk, *row) for row in rows])


def write(connection, rows):
    """Write the answers that are not as the statements above have left them."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        table = (
            "(SELECT (value ->> 0)::bigint AS id, (value ->> 1)::bigint AS attempt,"
            " (value ->> 2)::numeric AS points, (value ->> 3)::boolean AS waits,"
            " (value ->> 4)::jsonb AS reasons FROM json_array_elements(%s::json)) AS v"
        )
    else:
        table = (
            "(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS attempt,"
            " json_extract(value, '$[2]') AS points, json_extract(value, '$[3]') AS waits,"
            " json_extract(value, '$[4]') AS reasons FROM json_each(%s)) AS v"
        )
    statement = (
        "UPDATE grading_answer SET points = v.points, waits = v.waits, reasons = v.reasons,"
        f" attempt_id = v.attempt, string = t.string FROM {table}"
        " JOIN grading_attempt t ON t.id = v.attempt WHERE grading_answer.id = v.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows)])


class Migration(migrations.Migration):
    dependencies = [("grading", "0012_points")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
