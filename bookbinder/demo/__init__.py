"""`make run`: a site on this machine, with the guide as its book and with demo accounts."""
