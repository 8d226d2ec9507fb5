"""`docs/api/`: what each release promises to the code that calls it, name by name and signature by signature.

The rule is Semantic Versioning's: nothing that the last release promised is taken away until the version rises, in its
first number or, below 1.0, in its second. What is public is what a module lists in `__all__`. The file of a release
never changes; that of a version still in the making is written anew by `make api`. Neither needs a tag, so a bare clone
can be checked. `griffe` finds the names in `src/` and tells which changes break a caller.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import griffe
import tomli

from tools.git import NoHistory, base_of, commits_of, text_at

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "mimo_credits"
FOLDER = "docs/api"
CHANGELOG = "CHANGELOG.md"

Version: TypeAlias = tuple[int, int, int]
Api: TypeAlias = dict[str, str]
"""Each module's public names, as a stub that says no more than a caller relies on."""

_MODULE = "# module "
_OPENING = (
    "# The public names of {name} {version}, as `make api` wrote them. Once released, this file does not change.\n"
)
_CALLED_BY_PYTHON = {"__init__", "__iter__", "__len__", "__getitem__"}
_OF_PYDANTIC = {"model_config", "model_post_init"}


# --- reading and writing the API ------------------------------------------------------------------------------------


def api_of(source: Path) -> Api:
    """The API of the package below a source folder, read and not run."""
    package = griffe.load(PACKAGE, search_paths=[source], allow_inspection=False, resolve_aliases=True)
    assert isinstance(package, griffe.Module)
    return {module.path: "".join(_names(module)) for module in _modules(package) if module.exports is not None}


def written(api: Api, version: str) -> str:
    """The text of an API's file."""
    sections = (f"\n{_MODULE}{module}\n\n{stub}" for module, stub in api.items())
    return _OPENING.format(name=PACKAGE, version=version) + "".join(sections)


def read(text: str) -> Api:
    """The API that a file holds."""
    _, *sections = text.split(f"\n{_MODULE}")
    return {module: stub.lstrip("\n") for module, _, stub in (section.partition("\n") for section in sections)}


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for name, inner in sorted(module.modules.items()):
        if not name.startswith("_") and isinstance(inner, griffe.Module):
            yield from _modules(inner)


def _names(module: griffe.Module) -> Iterator[str]:
    for name in sorted(map(str, module.exports or ())):
        yield "".join(f"{line}\n" for line in _stub(name, _exported(module, name)))


def _exported(module: griffe.Module, name: str) -> griffe.Object:
    """What a module exports by a name. A submodule of that name hides the import from it, so the import is followed."""
    found = _target(module.members[name])
    if not isinstance(found, griffe.Module) or name not in module.imports:
        return found
    home, _, original = module.imports[name].rpartition(".")
    return _exported(_module(module.package, home), original)


def _module(package: griffe.Module, path: str) -> griffe.Module:
    found = package if path == package.path else package[path.removeprefix(f"{package.path}.")]
    assert isinstance(found, griffe.Module)
    return found


def _target(member: griffe.Object | griffe.Alias) -> griffe.Object:
    return member.final_target if isinstance(member, griffe.Alias) else member


def _stub(name: str, what: griffe.Object) -> Iterator[str]:
    match what:
        case griffe.Class():
            yield from _class(name, what)
        case griffe.Function():
            yield from (f"@{kind}" for kind in ("classmethod", "staticmethod") if kind in what.labels)
            yield f"def {what.signature(return_type=True, name=name)}: ..."
        case griffe.Attribute():
            constant = what.annotation is None and {"class-attribute", "module-attribute"} & what.labels
            yield f"{name} = {what.value}" if constant else f"{name}: {what.annotation or 'Any'}"
        case _:
            raise TypeError(f"{name} is a {what.kind.value}: what is public is a class, a function or a value")


def _class(name: str, kind: griffe.Class) -> Iterator[str]:
    """A class with its inherited members, since who they are inherited from is nobody's concern."""
    bases = ", ".join(base for base in map(str, kind.bases) if not base.startswith("_"))
    yield f"class {name}({bases}):" if bases else f"class {name}:"
    members = {member: _target(found) for member, found in kind.all_members.items() if _is_public(member)}
    if bases == "NamedTuple":
        yield f"    def __init__({', '.join(_fields(members))}) -> None: ..."
    if not members:
        yield "    ..."
    for member in sorted(members):
        yield from (f"    {line}" for line in _stub(member, members[member]))
    yield ""


def _is_public(member: str) -> bool:
    return member in _CALLED_BY_PYTHON or not (member.startswith("_") or member in _OF_PYDANTIC)


def _fields(members: dict[str, griffe.Object]) -> Iterator[str]:
    """What a named tuple is made of, in its order."""
    for name, field in members.items():
        if isinstance(field, griffe.Attribute) and "property" not in field.labels:
            yield f"{name}: {field.annotation}" + (f" = {field.value}" if field.value is not None else "")


# --- what may change ------------------------------------------------------------------------------------------------


def breaks(before: Api, after: Api) -> list[str]:
    """What a caller of the API before cannot rely on any more."""
    found = [f"{module}: removed" for module in before if module not in after]
    for module in before:
        if module in after:
            old, new = _visited(module, before[module]), _visited(module, after[module])
            found += [_said(change) for change in griffe.find_breaking_changes(old, new) if change.kind not in _AS_TEXT]
            found += [f"{where}: {change}" for where, change in _changed_texts(old, new)]
    return found


_AS_TEXT = {griffe.BreakageKind.CLASS_REMOVED_BASE, griffe.BreakageKind.RETURN_CHANGED_TYPE}
"""What griffe sees in part only, and `_changed_texts` in full."""


def _changed_texts(before: griffe.Object, after: griffe.Object) -> Iterator[tuple[str, str]]:
    """Where a base, an enum's value, or the type of a field or of what is returned reads otherwise than before."""
    for name, old in before.members.items():
        new = after.members.get(name)
        match old, new:
            case griffe.Class(), griffe.Class():
                lost = [base for base in map(str, old.bases) if base not in map(str, new.bases)]
                yield from ((old.path, f"Base class was removed ({base})") for base in lost)
                yield from _changed_texts(old, new)
            case griffe.Function(), griffe.Function() if str(old.returns) != str(new.returns):
                yield old.path, f"Return type was changed ({old.returns} to {new.returns})"
            case griffe.Attribute(), griffe.Attribute() if before.is_class:
                if str(old.annotation) != str(new.annotation):
                    yield old.path, f"Type was changed ({old.annotation} to {new.annotation})"
                if str(old.value) != str(new.value):
                    yield old.path, f"Value was changed ({old.value} to {new.value})"


def _visited(module: str, stub: str) -> griffe.Module:
    return griffe.visit(module, filepath=Path(f"{module}.pyi"), code=stub)


def _said(change: griffe.Breakage) -> str:
    values = (change.old_value, change.new_value)
    names = [value.name for value in values if isinstance(value, griffe.Parameter)]
    return f"{change.obj.path}: {change.kind.value}" + (f" ({names[0]})" if names else "")


def may_break(last: Version, now: Version) -> bool:
    """Whether a version may take away what the last one promised."""
    return now[0] > last[0] or (now[0] == last[0] == 0 and now[1] > last[1])


def version_of(text: str) -> Version:
    """`0.1.0` as numbers that can be compared; whatever follows them says how finished it is."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise ValueError(f"{text!r} is no version of the form 1.2.3")
    return int(match[1]), int(match[2]), int(match[3])


def released(changelog: str) -> list[str]:
    """The released versions: those that the changelog gives a heading of their own."""
    return re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)


# --- the check ------------------------------------------------------------------------------------------------------


def files(root: Path) -> dict[str, Path]:
    """The APIs' files by version, the oldest first."""
    found = {path.stem: path for path in (root / FOLDER).glob("*.pyi")}
    return {version: found[version] for version in sorted(found, key=version_of)}


def problems(root: Path, asked: str | None) -> list[str]:
    """What is wrong with the API and its files; `asked` is a commit whose history knows what was released by then."""
    known = files(root)
    if not known:
        return [f"{FOLDER} holds no API to compare with: run `make api`"]
    unlisted = [version for version in released(_changelog(root)) if version not in known]
    found = [f"{version} is released, but {FOLDER}/{version}.pyi is missing" for version in unlisted]
    return found + _rewritten(root, asked) + _broken(root, *list(known.items())[-1])


def _broken(root: Path, last: str, file: Path) -> list[str]:
    now = current_version(root)
    lost = breaks(read(file.read_text(encoding="utf-8")), api_of(root / "src"))
    if not lost or may_break(version_of(last), version_of(now)):
        return []
    first, second, _ = version_of(last)
    higher = f"{first + 1}.0.0" if first else f"0.{second + 1}.0"
    if last in released(_changelog(root)):
        right = f"{last} promised this: raise the version to {higher}"
    else:
        right = f"if that is meant, `make api` writes the API of {last} anew, as it is not released yet"
    return [*lost, right]


def releases(root: Path, base: str) -> dict[str, str]:
    """Every version that any commit up to `base` called released, with the first commit that did."""
    found: dict[str, str] = {}
    for commit in commits_of(root, base, CHANGELOG):
        for version in released(text_at(root, commit, CHANGELOG) or ""):
            found.setdefault(version, commit)
    return found


def _rewritten(root: Path, asked: str | None) -> list[str]:
    """Which files of releases are not as they were released; none without git or before the first commit."""
    try:
        base = base_of(root, asked)
    except NoHistory as error:
        return [str(error)]
    known = files(root)
    return [
        f"{FOLDER}/{version}.pyi has changed since {commit:.12}, which released {version}: its API stays as it is"
        for version, commit in (releases(root, base) if base else {}).items()
        if (text := text_at(root, commit, f"{FOLDER}/{version}.pyi")) is not None
        and (version not in known or known[version].read_text(encoding="utf-8") != text)
    ]


def current_version(root: Path) -> str:
    """The version that `pyproject.toml` names."""
    version = tomli.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return str(version)


def _changelog(root: Path) -> str:
    return (root / CHANGELOG).read_text(encoding="utf-8")


def write(root: Path) -> Path:
    """Writes the API of the current version, released or not: `_rewritten` sees to the rest."""
    version = ".".join(map(str, version_of(current_version(root))))
    path = root / FOLDER / f"{version}.pyi"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(api_of(root / "src"), version), encoding="utf-8", newline="\n")
    return path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.api", description="Checks the public API.")
    parser.add_argument(
        "base", nargs="?", help="a commit: what it or one before it released has not changed (default: HEAD)"
    )
    parser.add_argument("--write", action="store_true", help="first write the API of the version in the making")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(arguments)
    root: Path = options.root
    if options.write:
        print(f"wrote {write(root).relative_to(root)}")
    found = problems(root, options.base)
    for problem in found:
        print(f"API: {problem}", file=sys.stderr)
    if not found:
        print(f"API: nothing that {list(files(root))[-1]} promised is gone")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
