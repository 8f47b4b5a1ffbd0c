"""Imports go one way: portal → community → facts. The name of a setting or URL is no import."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {"facts": {"community", "portal"}, "community": {"portal"}}


def imported(path):
    """Return the packages that the file at `path` imports, in functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and node.args:
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            argument = node.args[0]
            is_import = function in {"import_module", "import_string", "__import__"}
            if is_import and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                names.add(argument.value.split(".")[0])
    return names


@pytest.mark.parametrize("app", FORBIDDEN)
def test_imports_go_one_way(app):
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / app).rglob("*.py")
        for name in imported(path) & FORBIDDEN[app]
    }

    assert not found


def test_an_import_inside_a_function_is_seen(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f():\n    from portal.models import Job\n    import community.models\n")

    assert imported(path) == {"portal", "community"}
