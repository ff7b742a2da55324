"""Dataclasses from JSON that anybody may have edited: a field of the wrong type is found here, not hours later."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_T = TypeVar("_T")


_MOST = 10**24
"""Beyond anything that is measured here, nanoseconds since 1970 too."""


def is_absurd(value: object) -> bool:
    """Is this a number that nothing can be computed with: NaN, infinite, of four hundred digits?"""
    return isinstance(value, (int, float)) and not abs(value) < _MOST


def from_fields(kind: type[_T], content: Mapping[str, Any]) -> _T:
    """A dataclass from a mapping, without the keys that it does not know.

    Fields may be of plain types, dataclasses, ``dict`` and unions of these; a whole number will do for a float.

    Raises:
        TypeError: a field is missing, or has a value of another type, or an absurd number.
    """
    known = {}
    for name, (accepted, is_needed) in _accepted(kind).items():  # type: ignore[arg-type]  # classes are hashable
        if name in content:
            value = content[name]
            is_other = not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted)
            if is_other or is_absurd(value):
                raise TypeError(f"{name} cannot be {value!r}")
            known[name] = value
        elif is_needed:
            raise TypeError(f"{name} is missing")
    return kind(**known)


@functools.cache
def _accepted(kind: type) -> dict[str, tuple[tuple[type, ...], bool]]:
    """Name of a field -> the types of its values, and whether it has to be there."""
    if not hasattr(kind, "__dataclass_fields__"):
        raise TypeError(f"{kind.__name__} is no dataclass")
    hints = get_type_hints(kind)
    return {
        field.name: (_types(hints[field.name]), field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _types(hint: Any) -> tuple[type, ...]:
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(one for part in get_args(hint) for one in _types(part))
    if hint is float:
        return (float, int)
    return (get_origin(hint) or hint,)
