from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_not_replaced")]

    operations = [
        # Null and without a default, so that SQLite adds the column where the table stands: a remade table would
        # lose its triggers.
        migrations.AddField("entry", "commitment", models.BinaryField(null=True)),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("nodes", models.BinaryField()),
                ("at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_one_head")]
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("leaf_index", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=models.deletion.PROTECT, related_name="leaf", to="audit.entry"
                    ),
                ),
                ("hash", models.BinaryField()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=models.deletion.PROTECT,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="audit.entry",
                    ),
                ),
                ("data_key", models.UUIDField(unique=True)),
                ("sealed", models.BinaryField()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
    ]
