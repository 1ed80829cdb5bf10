"""How answers look in a terminal and in a browser.

Each view in ``__all__`` is imported when it is first used, because rich loads slowly and JSON does not need it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["article", "generations", "lists", "outcomes", "parked"]

if TYPE_CHECKING:
    from newsroom_infra.cli.views import article, generations, lists, outcomes, parked
else:

    def __getattr__(name: str) -> Any:
        """Return a view, imported."""
        if name in __all__:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(name)
