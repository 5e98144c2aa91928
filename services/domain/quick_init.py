"""Construction of frozen dataclasses at less than half the price: every message makes a dozen of them."""

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def quick_init(kind: type[T]) -> type[T]:
    """Give a frozen dataclass with slots an `__init__` (keywords only) that sets its slots themselves.

    The one that `dataclass` makes looks up `object.__setattr__` for each field. Arguments, defaults and the
    TypeError for a missing or unknown field stay the same. Raises TypeError for fields with a default factory.
    """
    parameters: list[str] = []
    lines: list[str] = []
    scope: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = field.name
        if field.default_factory is not MISSING:
            raise TypeError(f"{kind.__name__}.{name} has a default factory")
        scope[f"set_{name}"] = kind.__dict__[name].__set__
        lines.append(f" set_{name}(self, {name})")
        if field.default is MISSING:
            parameters.append(name)
        else:
            scope[f"default_{name}"] = field.default
            parameters.append(f"{name}=default_{name}")
    source = "\n".join([f"def __init__(self, *, {', '.join(parameters)}):", *lines])
    exec(compile(source, f"<init of {kind.__name__}>", "exec"), scope)
    made = scope["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    kind.__init__ = made  # type: ignore[method-assign]
    return kind
