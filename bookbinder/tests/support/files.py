"""Responses with published files."""


def put_away(response) -> None:
    """Close the response's file. Its `close()` would also close the test's database connection."""
    for close in response._resource_closers:
        close()
