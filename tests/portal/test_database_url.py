import pytest

from portal.database_url import read


def test_one_host_is_read_as_ever():
    config = read("postgres://name:p%40ss@host:6432/base?sslmode=require", conn_max_age=60)

    assert (config["HOST"], config["PORT"], config["NAME"]) == ("host", 6432, "base")
    assert config["PASSWORD"] == "p@ss"
    assert config["OPTIONS"] == {"sslmode": "require"}
    assert config["CONN_MAX_AGE"] == 60


def test_several_hosts_are_tried_in_their_order():
    config = read(
        "postgres://name:p%2Css@one:6432,two,[::1]:5433/base?target_session_attrs=read-write"
    )

    assert config["HOST"] == "one,two,::1"
    assert config["PORT"] == "6432,5432,5433"
    assert config["OPTIONS"] == {"target_session_attrs": "read-write"}
    assert (config["USER"], config["PASSWORD"]) == ("name", "p,ss")
    assert config["ENGINE"] == "django.db.backends.postgresql"


@pytest.mark.parametrize("hosts", ["one,,two", ",one", "one:port,two"])
def test_broken_list_of_hosts_is_refused(hosts):
    with pytest.raises(ValueError):
        read(f"postgres://name@{hosts}/base")
