"""A running hub on a real PostgreSQL: its own tables, the exchange's and the gradebook's."""

import time
from contextlib import closing

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.hub.support import LITTLE, RunningHub
from tests.postgres import postgres  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


def test_hub_exchange_and_gradebook_on_postgresql(tmp_path, postgres):  # noqa: F811
    """People log in and staff see formgrader; the password is in PostgreSQL's own file, not in a URL."""
    names = ("hub", "exchange", "marks")
    urls = {name: postgres.fresh(name).replace(f":{postgres.password}@", "@") for name in names}
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{postgres.port}:*:course:{postgres.password}\n")
    passwords.chmod(0o600)
    environment = {"PGPASSFILE": str(passwords), "COURSE_EXCHANGE_DB": urls["exchange"]}
    hub = RunningHub(tmp_path / "course", "--database", urls["hub"], environment=environment, original=LITTLE)
    config = hub.course.root / "course_config.py"
    config.write_text(
        config.read_text().replace('"Little", (', f'"Little", gradebook={urls["marks"]!r}, units=(')
    )
    with hub:
        student, staff = hub.browserless("student-001"), hub.browserless("instructor")
        with closing(student), closing(staff):
            assert student.get("/hub/home").url.path == "/hub/home"
            base = f"/services/{hub.course.name}/formgrader"
            for client, page in ((student, "/services/exchange/api/health"), (staff, base)):
                assert _answer(client, page) == 200, hub.log.read_text()[-3000:]
            assert staff.get(f"{base}/api/assignments").status_code == 200
        assert postgres.password not in hub.log.read_text()
    tables = {name: _tables(postgres.url(name)) for name in names}
    assert {"users", "oauth_clients", "alembic_version"} <= tables["hub"]
    assert {"attempts", "queue"} <= tables["exchange"]
    assert {"grade", "student"} <= tables["marks"]
    assert {"instructor", "student-001"} <= _column(postgres.url("hub"), "select name from users")
    assert not list(hub.course.data_folder.rglob("*.sqlite"))
    assert not list(hub.course.data_folder.rglob("*.db"))


def _answer(client, page, seconds=60):
    """The status of a page, once its service has started: people can log in before that."""
    end = time.monotonic() + seconds
    while (status := client.get(page).status_code) == 503 and time.monotonic() < end:
        time.sleep(0.2)
    return status


def _tables(url):
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def _column(url, query):
    engine = create_engine(url)
    with engine.connect() as connection:
        found = set(connection.scalars(text(query)))
    engine.dispose()
    return found
