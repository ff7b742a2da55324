"""``python -m labtools`` is ``labtools``: the way a lane starts its own interpreter again."""

from labtools.cli.main import main

if __name__ == "__main__":
    main()
