"""House rules that neither import-linter nor ruff can see; each is also shown to be able to fail.

A rule is a function from a module to its findings. Adding one means adding it to `RULES` and a snippet that breaks it.
"""

import ast
import importlib
import importlib.metadata
import pkgutil
import re
import string
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from domain.kernel.refusal import Refusal

ROOT = Path(__file__).parent.parent
PURE = ("domain", "projections")
SOURCE = (*PURE, "services")
CHECKED = (*SOURCE, "tests", "benchmarks")

LINES_MAX, TEST_LINES_MAX = 400, 600
FUNCTION_LINES_MAX, TEST_FUNCTION_LINES_MAX = 50, 80
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
BANNED_CALLS = {"open", "print", "float", "round", "eval", "exec", "input", "now", "today", "utcnow", "uuid4", "getenv"}
BANNED_METHODS = {"now", "today", "utcnow", "uuid4", "getenv"}
CLOCK_MODULE = "services/clock.py"
CLOCK_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")} | {
    ("time", name) for name in ("time", "time_ns", "localtime", "gmtime")
}
OUTER_LOOPS: dict[str, int] = {"services/messaging/parts.py": 2}
ALLOWED_IMPORTS = {"domain": {"domain", "msgspec"}, "projections": {"domain", "projections", "msgspec"}}
LICENCES_READ = {"pysqlite3": "Zlib"}  # these name none in their metadata; taken from the licence file in the wheel

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """One Python file, parsed."""

    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.source, self.path)

    @property
    def top(self) -> str:
        """The folder the rules are about."""
        return self.path.split("/", 1)[0]

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the file."""
        return ast.walk(self.tree)


Rule = Callable[[Module], Iterator[str]]


def stays_short(module: Module) -> Iterator[str]:
    limit = TEST_LINES_MAX if module.top == "tests" else LINES_MAX
    lines = module.source.count("\n")
    if lines > limit:
        yield f"has {lines} lines, the limit is {limit}: split it by thing"


def has_short_functions(module: Module) -> Iterator[str]:
    limit = TEST_FUNCTION_LINES_MAX if module.top == "tests" else FUNCTION_LINES_MAX
    for node in module.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > limit:
                yield f"{node.lineno}: {node.name} has {lines} lines, the limit is {limit}"


def has_a_telling_name(module: Module) -> Iterator[str]:
    for part in Path(module.path).with_suffix("").parts:
        if part.strip("_") in BANNED_NAMES:
            yield f"is called {part}, which says nothing about what is in it"


def reads_no_clock_file_or_chance(module: Module) -> Iterator[str]:
    if module.top not in PURE:
        return
    for node in module.nodes():
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in BANNED_CALLS:
                yield f"{node.lineno}: calls {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in BANNED_METHODS:
                yield f"{node.lineno}: calls .{name}()"
            case _:
                pass


def knows_no_float(module: Module) -> Iterator[str]:
    if module.top not in PURE:
        return
    for node in module.nodes():
        match node:
            case ast.Constant(value=float() | complex() as value):
                yield f"{node.lineno}: has the floating-point number {value}"
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                yield from _floats(annotation)
            case ast.FunctionDef(returns=ast.expr() as returns) | ast.AsyncFunctionDef(returns=ast.expr() as returns):
                yield from _floats(returns)
            case ast.Assign(value=ast.Name(id="float")) | ast.BinOp(op=ast.BitOr()):
                yield from _floats(node)
            case _:
                pass


def _floats(annotation: ast.AST) -> Iterator[str]:
    for node in ast.walk(annotation):
        match node:
            case ast.Name(id="float"):
                yield f"{node.lineno}: is annotated with float"
            case ast.Constant(value=str() as text) if re.search(r"\bfloat\b", text):
                yield f"{node.lineno}: is annotated with 'float'"
            case _:
                pass


def asks_only_the_clock_for_time(module: Module) -> Iterator[str]:
    if module.top != "services" or module.path == CLOCK_MODULE:
        return
    for node in module.nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name)):
                if (owner, name) in CLOCK_CALLS:
                    yield f"{node.lineno}: calls {owner}.{name}(), which only {CLOCK_MODULE} may"
            case ast.ImportFrom(module="time", names=names):
                for alias in names:
                    if ("time", alias.name) in CLOCK_CALLS:
                        yield f"{node.lineno}: imports time.{alias.name}, which only {CLOCK_MODULE} may"
            case _:
                pass


def is_documented(module: Module) -> Iterator[str]:
    is_package = module.path.endswith("/__init__.py")
    if (is_package or module.top in SOURCE) and not ast.get_docstring(module.tree):
        yield "has no docstring"
    if module.top in SOURCE:
        yield from _undocumented(module.tree)


def _undocumented(parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in parent.body:
        if isinstance(node, Definition) and not node.name.startswith("_") and not _is_variant(node):
            if not ast.get_docstring(node):
                yield f"{node.lineno}: {node.name} has no docstring"
            if isinstance(node, ast.ClassDef):
                yield from _undocumented(node)


def _is_variant(node: Definition) -> bool:
    names = {getattr(decorator, "attr", getattr(decorator, "id", "")) for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter", "deleter"})


def names_what_it_catches(module: Module) -> Iterator[str]:
    handlers = [node for node in module.nodes() if isinstance(node, ast.ExceptHandler)]
    broad = [node for node in handlers if _is_broad(node.type) and not _passes_on(node)]
    if len(broad) > OUTER_LOOPS.get(module.path, 0):
        for node in broad:
            yield f"{node.lineno}: catches everything"


def _is_broad(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or getattr(name, "id", "") in {"Exception", "BaseException"} for name in names)


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return handler.type is not None and isinstance(last, ast.Raise) and last.exc is None


def ensures_rather_than_asserts(module: Module) -> Iterator[str]:
    for node in module.nodes():
        if isinstance(node, ast.Assert) and module.top in SOURCE:
            yield f"{node.lineno}: asserts, which `python -O` removes; use ensure"


def imports_only_what_it_may(module: Module) -> Iterator[str]:
    allowed = ALLOWED_IMPORTS.get(module.top)
    if allowed is None:
        return
    for node in module.nodes():
        match node:
            case ast.Import(names=names):
                roots = [alias.name.split(".")[0] for alias in names]
            case ast.ImportFrom(module=str() as name, level=0):
                roots = [name.split(".")[0]]
            case _:
                continue
        for root in roots:
            if root not in allowed and root not in sys.stdlib_module_names:
                yield f"{node.lineno}: imports {root}"


RULES: tuple[Rule, ...] = (
    stays_short,
    has_short_functions,
    has_a_telling_name,
    reads_no_clock_file_or_chance,
    knows_no_float,
    asks_only_the_clock_for_time,
    is_documented,
    names_what_it_catches,
    ensures_rather_than_asserts,
    imports_only_what_it_may,
)

BREAKS: tuple[tuple[Rule, str, str], ...] = (
    (stays_short, "domain/a.py", "x = 1\n" * (LINES_MAX + 1)),
    (stays_short, "tests/a.py", "x = 1\n" * (TEST_LINES_MAX + 1)),
    (has_short_functions, "services/a.py", "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX),
    (has_short_functions, "tests/a.py", "async def f():\n" + "    x = 1\n" * TEST_FUNCTION_LINES_MAX),
    (has_a_telling_name, "services/formats/utils.py", ""),
    (has_a_telling_name, "domain/common/__init__.py", ""),
    *((reads_no_clock_file_or_chance, "domain/a.py", f"x = {name}('1')") for name in sorted(BANNED_CALLS)),
    (reads_no_clock_file_or_chance, "projections/a.py", "x = datetime.datetime.now(tz=UTC)"),
    (reads_no_clock_file_or_chance, "projections/a.py", "x = date.today()"),
    (knows_no_float, "domain/a.py", "half = 0.5"),
    (knows_no_float, "domain/a.py", "def f(amount: int | float): ..."),
    (knows_no_float, "domain/a.py", "def f(amount: 'float'): ..."),
    (knows_no_float, "domain/a.py", "def f() -> tuple[float, ...]: ..."),
    (knows_no_float, "projections/a.py", "class A:\n    share: float"),
    (knows_no_float, "projections/a.py", "Fact = str | float"),
    (asks_only_the_clock_for_time, "services/cli/a.py", "x = datetime.now(tz=UTC)"),
    (asks_only_the_clock_for_time, "services/cli/a.py", "x = dt.datetime.utcnow()"),
    (asks_only_the_clock_for_time, "services/cli/a.py", "x = date.today()"),
    (asks_only_the_clock_for_time, "services/cli/a.py", "x = time.time()"),
    (asks_only_the_clock_for_time, "services/cli/a.py", "from time import time"),
    (is_documented, "domain/a.py", "x = 1"),
    (is_documented, "services/a.py", '"""Module."""\ndef f(): ...'),
    (is_documented, "services/a.py", '"""Module."""\nclass A: ...'),
    (is_documented, "services/a.py", '"""Module."""\nclass A:\n    """A."""\n    def f(self): ...'),
    (is_documented, "tests/domain/__init__.py", ""),
    (names_what_it_catches, "tests/a.py", "try: f()\nexcept: pass"),
    (names_what_it_catches, "services/a.py", "try: f()\nexcept Exception: pass"),
    (names_what_it_catches, "services/a.py", "try: f()\nexcept Exception as e: raise Other from e"),
    (names_what_it_catches, "services/a.py", "try: f()\nexcept (ValueError, BaseException): pass"),
    (ensures_rather_than_asserts, "services/a.py", "assert x"),
    (imports_only_what_it_may, "domain/a.py", "import rich"),
    (imports_only_what_it_may, "domain/a.py", "from projections.journal import journal"),
    (imports_only_what_it_may, "projections/a.py", "from services import clock"),
)

SOUND = '''"""A module that keeps every rule."""

import msgspec


class Share(msgspec.Struct):
    """A part of something."""

    amount_ore: int

    def parts(self, opened: "Book") -> tuple[int, ...]:
        """Return the parts."""
        try:
            return opened.round(self.amount_ore), clock.now
        except ValueError:
            return ()
        except BaseException:
            self._hidden()
            raise

    def _hidden(self): ...
'''


def _modules() -> list[Module]:
    files = (file for top in CHECKED for file in sorted((ROOT / top).rglob("*.py")))
    return [Module(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


MODULES = _modules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module(rule: Rule) -> None:
    findings = [f"{module.path}:{finding}" for module in MODULES for finding in rule(module)]

    assert not findings, "\n".join(findings)


@pytest.mark.parametrize(("rule", "path", "source"), BREAKS)
def test_a_rule_can_fail(rule: Rule, path: str, source: str) -> None:
    assert list(rule(Module(path, source)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_leaves_sound_code_alone(rule: Rule) -> None:
    assert not [finding for top in SOURCE for finding in rule(Module(f"{top}/share.py", SOUND))]


def test_every_rule_has_a_snippet_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)


def test_looks_at_every_folder() -> None:
    assert {module.top for module in MODULES} >= {"domain", "tests"}


# ------------------------------------------------------------------------------------------------------- refusals


def _refusals() -> list[type[Refusal]]:
    for top in SOURCE:
        package = importlib.import_module(top)
        for found in pkgutil.walk_packages(package.__path__, f"{top}."):
            importlib.import_module(found.name)
    return [refusal for refusal in _below(Refusal) if refusal.__module__.split(".")[0] in SOURCE]


def _below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in refusal.__subclasses__():
        yield child
        yield from _below(child)


def _facts_in(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def _refusal_findings(refusals: Iterable[type[Refusal]]) -> Iterator[str]:
    codes: dict[str, str] = {}
    for refusal in refusals:
        name = f"{refusal.__module__}.{refusal.__qualname__}"
        code, sv, en = (vars(refusal).get(field, "") for field in ("code", "sv", "en"))
        if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code):
            yield f"{name} has no code of its own in snake_case: {code!r}"
        if code in codes:
            yield f"{name} has the code of {codes[code]}: {code}"
        codes[code] = name
        if not sv or not en:
            yield f"{name} lacks its sentence in Swedish or English"
        elif _facts_in(sv) != _facts_in(en):
            yield f"{name} gives other facts in Swedish than in English"


def test_every_refusal_has_a_code_and_a_sentence_in_both_languages() -> None:
    refusals = _refusals()

    findings = list(_refusal_findings(refusals))

    assert refusals
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize(
    "faults",
    [
        {"code": ""},
        {"code": "NotFound"},
        {"code": "taken"},
        {"sv": ""},
        {"en": ""},
        {"sv": "Kontot {account} saknas."},
    ],
    ids=str,
)
def test_a_refusal_with_a_fault_is_found(faults: dict[str, str]) -> None:
    sound = {"code": "not_found", "sv": "Finns inte.", "en": "Does not exist."}
    first = type("First", (Refusal,), sound | {"code": "taken"})

    assert not list(_refusal_findings([first, type("Sound", (Refusal,), sound)]))
    assert list(_refusal_findings([first, type("Faulty", (Refusal,), sound | faults)]))


# --------------------------------------------------------------------------------------------------- dependencies


def _locked(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text("utf-8")
    blocks = re.findall(r"^([a-z0-9][a-z0-9._-]*)(.*\\\n(?:    --hash.*\n)+)", text, re.MULTILINE)
    return dict(blocks)


def _is_refused(licence: str) -> bool:
    plain = re.sub(r"LGPL|(?:lesser|library) general public", "", licence, flags=re.IGNORECASE)
    return bool(re.search(r"GPL|general public licen[sc]e", plain, re.IGNORECASE))


def _licence(name: str) -> str:
    metadata = importlib.metadata.metadata(name)
    texts = [*metadata.get_all("License-Expression", []), *metadata.get_all("License", [])]
    texts += [text for text in metadata.get_all("Classifier", []) if text.startswith("License ::")]
    return "\n".join(texts) or LICENCES_READ.get(name, "")


def test_no_package_we_run_with_is_under_the_gpl() -> None:
    installed = {found.metadata["Name"].lower().replace("_", "-") for found in importlib.metadata.distributions()}
    licences = {name: _licence(name) for name in _locked("requirements.txt") if name in installed}

    assert {"eventsourcing", "msgspec", "psycopg"} <= set(licences)
    assert not [name for name, licence in licences.items() if not licence], "licence not known: read it"
    assert not [name for name, licence in licences.items() if _is_refused(licence)]


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("LGPL-3.0-only", False),
        ("License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)", False),
        ("Apache-2.0", False),
    ],
)
def test_tells_the_gpl_from_the_lgpl(licence: str, refused: bool) -> None:  # noqa: FBT001 - a table
    assert _is_refused(licence) == refused


def test_every_requirement_is_pinned_by_its_hash() -> None:
    for file in ("requirements.txt", "requirements-build.txt", "requirements-dev.txt"):
        named = re.findall(r"^[a-z0-9][^=<> ]*", (ROOT / file).read_text("utf-8"), re.MULTILINE)
        locked = _locked(file)

        assert locked
        assert sorted(named) == sorted(locked), file
        assert all(re.match(r"==[0-9]", pin) for pin in locked.values()), file


def test_no_file_of_the_build_names_a_package_index() -> None:
    hosts = ["py" + "pi.org", "python" + "hosted", "index-url", "find-links ", "--trusted"]
    files = ["requirements.txt", "requirements-build.txt", "requirements-dev.txt", ".ci/run"]

    assert not [(file, host) for file in files for host in hosts if host in (ROOT / file).read_text("utf-8")]
