"""Django's own tests of migrations, run with plain Django and with our commands: what passes there passes here.

`python -m tests.django_suite` (`make django-tests`) takes the source of the Django that is installed from the package
index, once (it stays in `.cache`), and runs its tests twice at once, on a PostgreSQL of their own: as they are, and
with `migrate` and `makemigrations` found in `migrations_safety`. Having the app installed is not enough for that:
many of these tests rebuild the list of commands from a few apps of their own, so `settings` answers for it.

`expected` names each test that passes with plain Django and not with ours, with its reason. A difference that is not
named there is exit code 1, one that is named and no longer there too, and so is a run that has seen no tests.
"""
