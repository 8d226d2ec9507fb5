"""For the reference: named tuples and the parts of a rate card show their fields as a signature, as dataclasses do.

`griffe`, which reads the code for the site, knows what constructor a dataclass has, and not that of these two.
"""

from __future__ import annotations

import griffe


class Fields(griffe.Extension):
    """Gives each such class the constructor that its fields make; the fields keep their annotations and defaults."""

    def on_class_members(self, *, cls: griffe.Class, **_: object) -> None:
        bases = {str(base).rpartition(".")[2] for base in cls.bases}
        if bases & {"NamedTuple", "Part"} and "__init__" not in cls.members:
            kind = griffe.ParameterKind.positional_or_keyword
            cls.set_member("__init__", _constructor(cls, kind if "NamedTuple" in bases else _BY_NAME))


_BY_NAME = griffe.ParameterKind.keyword_only


def _constructor(cls: griffe.Class, kind: griffe.ParameterKind) -> griffe.Function:
    fields = [
        griffe.Parameter(name, annotation=field.annotation, default=field.value, kind=kind)
        for name, field in cls.attributes.items()
        if field.annotation is not None and not name.startswith("_") and "property" not in field.labels
    ]
    itself = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
    return griffe.Function("__init__", parameters=griffe.Parameters(itself, *fields))
