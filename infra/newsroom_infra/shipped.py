"""Finds the data files that ship with the code, in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path


def shipped(folder: str) -> Path:
    """Return the folder of data files called ``folder``, such as ``kafka`` or ``demo``.

    A wheel carries them in the package's ``data/``; in a checkout they lie beside the package.
    """
    here = Path(__file__).parent
    packaged = here / "data" / folder
    return packaged if packaged.is_dir() else here.parent / folder
