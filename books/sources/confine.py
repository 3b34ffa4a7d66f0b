"""What keeps a build, which runs its author's code, from the server's secrets and resources.

Not from all of it: the code runs as the server's user, and reads what that user can read.
"""

import ctypes
import resource
import sys

MEMORY = 4 << 30  # bytes of address space, for each process of a build
FILE_SIZE = 1 << 30  # bytes
_PR_SET_DUMPABLE = 4  # prctl(2)


def hide_this_process() -> bool:
    """Keep other processes of the same user from reading this one, and return whether that worked.

    Deleting an environment variable does not remove it from /proc/<pid>/environ, and all of a
    process is in /proc/<pid>/mem. Both are closed for a process that is not "dumpable", except to
    root. This is only possible on Linux.
    """
    if not sys.platform.startswith("linux"):
        return False
    return ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0


def limit_resources(pid: int, seconds: int) -> None:
    """Limit the memory, the size of files and the CPU time of a process that has just started.

    The processes that it starts have the same limits. This is only possible on Linux.
    """
    if not hasattr(resource, "prlimit"):
        return
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: FILE_SIZE,
        resource.RLIMIT_CPU: seconds,
    }
    for name, most in limits.items():
        _soft, hard = resource.prlimit(pid, name)
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.prlimit(pid, name, (lower, lower))
