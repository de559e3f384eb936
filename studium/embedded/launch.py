"""Become a child server that does not outlive its supervisor. Run as a script, before anything else is imported.

    python -I -S launch.py SUPERVISOR_PID DEATH_SIGNAL USER COMMAND...

`USER` is a name to become, or "-". On Linux the kernel sends DEATH_SIGNAL when the supervisor dies, however it dies;
elsewhere the next start cleans up by the pid file.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_SUPERVISOR_IS_GONE = 70


def main() -> None:
    supervisor, death_signal, user, *command = sys.argv[1:]
    os.umask(0o077)
    if user != "-":
        _become(user)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(supervisor):  # it died before the request was made
        sys.exit(_SUPERVISOR_IS_GONE)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted: the command is a list and stays one


def _become(user: str) -> None:
    from pwd import getpwnam

    entry = getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main()
