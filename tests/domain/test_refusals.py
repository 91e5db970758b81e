"""Every rule that can say no has been made to say it by a test of this folder."""

import ast
from pathlib import Path

from domain.kernel.refusal import Refusal

TESTS = Path(__file__).parent


def rules(below: type[Refusal] = Refusal) -> set[str]:
    """Return the name of every refusal of the domain."""
    children = [child for child in below.__subclasses__() if child.__module__.startswith("domain.")]
    return {child.__name__ for child in children}.union(*(rules(child) for child in children))


def provoked() -> set[str]:
    """Return the names that stand as the rule in a call of `refused(book, command, rule)`."""
    trees = [ast.parse(file.read_text("utf-8")) for file in TESTS.rglob("test_*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(call.args[2]) for call in calls if ast.unparse(call.func) == "refused" and len(call.args) > 2}


def test_provokes_every_refusal() -> None:
    assert rules() - provoked() == set()
    assert len(rules()) > 50
