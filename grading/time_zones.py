"""The time zones that a course can have."""

import zoneinfo
from itertools import groupby


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the names of the zones by region, for a form: UTC first, others last."""
    names = sorted(zoneinfo.available_timezones() - {"UTC"})
    in_regions = [name for name in names if "/" in name]
    regions = groupby(in_regions, key=lambda name: name.partition("/")[0])
    others = [(name, name) for name in names if "/" not in name]
    return [
        ("UTC", [("UTC", "UTC")]),
        *(
            (region, [(name, name.replace("_", " ")) for name in found])
            for region, found in regions
        ),
        ("-", others),
    ]
