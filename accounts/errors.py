class TooMany(Exception):
    """Too many tries, or too much work: the person should try again in `seconds` seconds.

    On any page, `bookbinder.site.middleware.RespondToTooMany` turns it into status 429.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Try again in {seconds} seconds.")
        self.seconds = seconds
