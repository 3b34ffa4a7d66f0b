"""Runs the stand-in until the process that started it has ended."""

import os
import sys
import time

from billing.peer.server import Peer


def main() -> None:
    """Read the port and the URL of the site's webhook from the arguments, then serve.

    The keys come from the environment.
    """
    port, webhook = int(sys.argv[1]), sys.argv[2]
    key, secret = os.environ["STRIPE_SECRET_KEY"], os.environ["STRIPE_WEBHOOK_SECRET"]
    parent = os.getppid()
    with Peer(key=key, secret=secret, port=port, webhook=webhook):
        while os.getppid() == parent:
            time.sleep(1)


if __name__ == "__main__":
    main()
