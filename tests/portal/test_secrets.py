import stat
from threading import Barrier, Thread

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from portal.secrets import make_secrets, read_secret, require_fernet_keys, require_strong

NAMES = ("secret_key", "notes_key")


def test_secrets_are_made_strong_and_for_the_owner_alone(tmp_path):
    folder = tmp_path / "var"

    make_secrets(folder)

    assert require_strong((folder / "secret_key").read_text().strip())
    assert require_fernet_keys((folder / "notes_key").read_text(), "another")
    assert {p.name for p in folder.iterdir()} == set(NAMES)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in NAMES:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_secrets_are_never_written_over(tmp_path):
    make_secrets(tmp_path)
    before = [(tmp_path / name).read_bytes() for name in NAMES]

    make_secrets(tmp_path)

    assert [(tmp_path / name).read_bytes() for name in NAMES] == before


def test_two_that_make_secrets_at_once_agree(tmp_path):
    together, seen = Barrier(8), set()

    def make():
        together.wait()
        make_secrets(tmp_path)
        seen.add(tuple((tmp_path / name).read_text() for name in NAMES))

    threads = [Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 1
    assert {p.name for p in tmp_path.iterdir()} == set(NAMES)


def test_environment_comes_before_the_file(tmp_path):
    (tmp_path / "secret_key").write_text("of the file\n")

    assert read_secret("SECRET_KEY", "given", tmp_path / "secret_key") == "given"
    assert read_secret("SECRET_KEY", "", tmp_path / "secret_key") == "of the file"


@pytest.mark.parametrize("text", ["", "   ", ",", "not-a-key", "x" * 44, "ключ"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ImproperlyConfigured, match="NOTES_KEYS"):
        require_fernet_keys(text, "another")


def test_several_keys_keep_their_order():
    keys = [Fernet.generate_key().decode() for _ in range(3)]

    assert require_fernet_keys(", ".join(keys), "another") == keys


def test_notes_key_is_not_the_secret_key():
    key = Fernet.generate_key().decode()

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        require_fernet_keys(key, key)
