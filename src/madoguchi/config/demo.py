"""`madoguchi demo`: an example centre on this machine, with credentials of its own and nothing real."""

import argparse
import os
import secrets
from pathlib import Path

from madoguchi.config.sources import PREFIX, SettingsError, given_values

MARK = "demonstration"
CREDENTIALS = "sign-in.txt"
HOME = "var/demo"
USER = "hanako"
OPERATOR = "kenji"
DEFAULTS = {
    "HOME": HOME,
    "HTTP": "127.0.0.1:8000",
    "SMTP": "127.0.0.1:8025",
    "CENTRE_NAME": "Example CSIRT",
    "CENTRE_NAME_JA": "例示CSIRT",
    "CENTRE_HOURS": "Monday to Friday, 09:00 to 18:00 (Japan)",
    "CENTRE_HOURS_JA": "月曜日から金曜日の9時から18時",
    "ANSWER_WITHIN": "three working days",
    "ANSWER_WITHIN_JA": "3営業日",
    "RESPONSIBLE": "Example CSIRT, 1-1 Example, Chiyoda, Tokyo; representative: Hanako Yamada",
    "RESPONSIBLE_JA": "例示CSIRT　東京都千代田区例示1-1　代表 山田 花子",
    "POLICE_CONTACT": "Example police, cybercrime desk: 03-0000-0110",
    "POLICE_CONTACT_JA": "例示警察 サイバー犯罪相談窓口 03-0000-0110",
    "VENDOR_CONTACTS": "Example Mail: 03-0000-0001, Example Hosting: 03-0000-0002",
    "VENDOR_CONTACTS_JA": "例示メール サポート 03-0000-0001, 例示ホスティング 24時間窓口 03-0000-0002",
    "DEMONSTRATION": "true",
}


def demo(argv: list[str]) -> int:
    """Makes the demonstration's home where it is missing, says what listens where, and runs everything."""
    argparse.ArgumentParser(
        prog="madoguchi demo",
        description="The whole product with an example centre, on this machine alone.",
        epilog="example: MADOGUCHI_HTTP=127.0.0.1:9000 madoguchi demo",
    ).parse_args(argv)
    for name, value in DEFAULTS.items():
        if not os.environ.get(PREFIX + name):
            os.environ[PREFIX + name] = value
    home = Path(os.environ[PREFIX + "HOME"]).absolute()
    os.environ[PREFIX + "HOME"] = str(home)
    given = given_values()
    if "relay_url" not in given:
        os.environ[PREFIX + "RELAY_URL"] = f"maildir://{home}/letters"
    _refuse_real_home(home)
    from madoguchi.config.options import options

    chosen = options()
    _refuse_open_doors(chosen.http, chosen.smtp)
    _prepare(home)
    from madoguchi.config.processes import run_all

    return run_all(greeting=_greeting(home))


def _refuse_real_home(home: Path) -> None:
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise SettingsError(f"{home} is not a demonstration's home. Name an empty folder in MADOGUCHI_HOME.")


def _refuse_open_doors(*listens: str) -> None:
    for place in listens:
        host = place.rpartition(":")[0].strip("[]")
        if host not in {"127.0.0.1", "::1", "localhost"}:
            raise SettingsError(
                f"The demonstration listens on this machine alone, not on {host}. Use 127.0.0.1."
            )


def _prepare(home: Path) -> None:
    from madoguchi.config.command import set_up_django
    from madoguchi.config.options import options
    from madoguchi.config.setup import migrate, prepare_home

    prepare_home(home, options().keyring)
    (home / MARK).touch(mode=0o600)
    (home / "letters").mkdir(mode=0o700, exist_ok=True)
    set_up_django()
    migrate()
    if not (home / CREDENTIALS).exists():
        _make_staff(home)
    from django.db import connections

    connections.close_all()


def _make_staff(home: Path) -> None:
    """A handler who leads, and an operator: one person may not be both. Passwords are random and kept 0600."""
    from django.utils import timezone

    from madoguchi.audit.actions import OPERATOR as BY_OPERATOR
    from madoguchi.identity import actions, queries
    from madoguchi.identity.policy import Role

    known = {one.username for one, _ in queries.staff_list()}
    lines: list[str] = []
    people: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
        (USER, "山田 花子", ("handler", "duty-lead")),
        (OPERATOR, "佐藤 健二", ("operator",)),
    )
    for username, name, roles in people:
        now = timezone.now()
        if username not in known:
            actions.add_staff(actor=BY_OPERATOR, now=now, username=username, name=name, roles=roles)
        password = "-".join(secrets.token_hex(3) for _ in range(4))
        token = actions.issue_link(actor=BY_OPERATOR, now=now, username=username)
        actions.set_password_by_link(now=now, token=token, password=password)
        lines.append(f"{username} {password}\n")
    handle = os.open(home / CREDENTIALS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.writelines(lines)


def _greeting(home: Path) -> str:
    from madoguchi.config.options import options

    chosen = options()
    people = dict(line.split() for line in (home / CREDENTIALS).read_text(encoding="ascii").splitlines())
    host, _, port = chosen.smtp.rpartition(":")
    return f"""\

  {chosen.centre_name} (demonstration)

  Public page    {chosen.base_url}/
  Staff console  {chosen.base_url}/console/
                 handler   {USER}   {people[USER]}
                 operator  {OPERATOR}   {people[OPERATOR]}
  Mail for       {chosen.report_address}, by SMTP at {chosen.smtp}

  Send it a report:

    printf 'Subject: A strange login\\n\\nSomebody tried our server last night.\\n' | \\
      curl -s smtp://{host}:{port} --mail-from you@site.example \\
        --mail-rcpt {chosen.report_address} -T -

  Letters that would leave stand under “Letters sent” in the console. Ctrl-C stops it; the data stays in {home}.

"""
