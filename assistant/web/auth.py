"""Sign-in: a users file with one `name:scrypt$salt$hash` a line.

`python -m assistant.web.auth users.txt alice` asks for a password and adds or changes a user.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError, ConfigurationError
from assistant.privacy import keep_private

_NAME = re.compile(r"^[\w.@-]{1,64}$")
# Parameters that RFC 7914 and OWASP give for interactive sign-in: 32 MiB and about 0.1 s.
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}


def hash_password(password: str, salt: bytes | None = None) -> str:
    """`scrypt$salt$hash` of a password, hexadecimal."""
    salt = salt or secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_COST)
    return f"scrypt${salt.hex()}${digest.hex()}"


@dataclass(frozen=True)
class Users:
    """Who may sign in."""

    hashes: dict[str, str]

    def check(self, name: str, password: str) -> bool:
        """Whether the password is the user's; an unknown name takes as long as a known one."""
        stored = self.hashes.get(name, "scrypt$" + "00" * 16 + "$" + "00" * 32)
        salt = bytes.fromhex(stored.split("$")[1])
        return hmac.compare_digest(stored, hash_password(password, salt)) and name in self.hashes


def load_users(path: Path | None) -> Users | None:
    """Read the users file; None when sign-in is off.

    Raises:
        ConfigurationError: The file is missing, empty or holds a line that is no user.
    """
    if path is None:
        return None
    hint = "Add users with `python -m assistant.web.auth FILE NAME`."
    try:
        lines = path.read_text("utf-8").splitlines()
        keep_private(path)
    except OSError as error:
        raise ConfigurationError(f"Cannot read the users file {path}: {error.strerror}.", hint) from error
    users = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, stored = line.strip().partition(":")
        if not _NAME.match(name) or not re.fullmatch(r"scrypt\$[0-9a-f]{32}\$[0-9a-f]{64}", stored):
            raise ConfigurationError(f"Line {number} of the users file {path} is no user.", hint)
        users[name] = stored
    if not users:
        raise ConfigurationError(f"The users file {path} names nobody.", hint)
    return Users(users)


def set_user(path: Path, name: str, password: str) -> None:
    """Add a user or change the password; the file is readable by its owner only.

    Raises:
        ConfigurationError: The name or the password does not fit.
    """
    if not _NAME.match(name):
        raise ConfigurationError(f"'{name}' is no user name.", "Use letters, digits, and . _ - @.")
    if len(password) < 8:
        raise ConfigurationError("The password has fewer than 8 characters.", "Choose a longer one.")
    kept = []
    if path.exists():
        kept = [line for line in path.read_text("utf-8").splitlines() if line.partition(":")[0] != name]
    partial = path.with_name(path.name + ".part")
    keep_private(partial)
    partial.write_text("\n".join([*kept, f"{name}:{hash_password(password)}"]) + "\n", "utf-8")
    partial.replace(path)


def main() -> int:
    """Add a user from the command line."""
    if len(sys.argv) != 3:
        print("Usage: python -m assistant.web.auth FILE NAME", file=sys.stderr)
        return 2
    try:
        set_user(Path(sys.argv[1]), sys.argv[2], getpass.getpass("Password: "))
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sys.argv[2]} may sign in.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
