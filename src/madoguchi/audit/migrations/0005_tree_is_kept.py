"""The tree's tables refuse change and removal as the log does, PostgreSQL's TRUNCATE too.

On PostgreSQL each entry also gets the number of the transaction that wrote it. What is below the oldest transaction
still open can't grow any more, and the sequencer need not look there again. Rows that are there already get the
number of this migration's transaction. It is no column of the model: nothing but the sequencer may read it, and it
means nothing in a restored copy.
"""

from django.db import migrations

KEPT = {
    "audit_leaf": ("leaf_index", "entry_id"),
    "audit_checkpoint": ("size",),
    "audit_note": ("entry_id", "data_key"),
}
ALL = ("audit_entry", *KEPT)


def keep(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table, keys in KEPT.items():
            taken = " OR ".join(f"{key} = NEW.{key}" for key in keys)
            for deed in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'the log is only ever added to'); END"
                )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
                f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})"
                " BEGIN SELECT RAISE(ABORT, 'the log is only ever added to'); END"
            )
        return
    for table in KEPT:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()"
        )
    for table in ALL:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
        )
    schema_editor.execute(
        "ALTER TABLE audit_entry ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()"
    )
    schema_editor.execute("CREATE INDEX audit_by_writer ON audit_entry (written_by)")


def let_go(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in KEPT:
            for name in ("UPDATE", "DELETE", "replace"):
                schema_editor.execute(f"DROP TRIGGER {table}_no_{name}")
        return
    for table in KEPT:
        schema_editor.execute(f"DROP TRIGGER {table}_only_added ON {table}")
    for table in ALL:
        schema_editor.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
    schema_editor.execute("ALTER TABLE audit_entry DROP COLUMN written_by")


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_tree")]
    operations = [migrations.RunPython(keep, let_go)]
