"""Triggers that refuse to change or delete entries, on both stores."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER audit_entry_no_{deed} BEFORE {deed} ON audit_entry
       BEGIN SELECT RAISE(ABORT, 'the log is only ever added to'); END""",
]
POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the log is only ever added to'; END $$""",
    """CREATE TRIGGER audit_entry_only_added BEFORE UPDATE OR DELETE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()""",
]


def refuse(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            schema_editor.execute(SQLITE[0].format(deed=deed))
    else:
        for statement in POSTGRESQL:
            schema_editor.execute(statement)


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            schema_editor.execute(f"DROP TRIGGER audit_entry_no_{deed}")
    else:
        schema_editor.execute("DROP TRIGGER audit_entry_only_added ON audit_entry")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(refuse, allow)]
