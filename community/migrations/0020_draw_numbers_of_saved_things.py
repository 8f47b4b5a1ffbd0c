from django.db import migrations, models

import community.models.drawn_numbers


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0019_archive_lists_and_items"),
    ]

    operations = [
        # The database knows nothing of it: no table is written anew.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name=name,
                    name="id",
                    field=models.BigAutoField(
                        default=community.models.drawn_numbers.drawn_number,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                )
                for name in ("saveditem", "sharedlist", "sheetquestion")
            ]
        ),
    ]
