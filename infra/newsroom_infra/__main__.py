"""``python -m newsroom_infra``: the ``newsroom`` command of exactly this interpreter."""

from newsroom_infra.cli import main

if __name__ == "__main__":
    main()
