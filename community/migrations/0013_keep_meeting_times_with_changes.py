from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0012_index_next_occurrences"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="suggestion",
            name="meets",
        ),
    ]
