"""`python -m launch` is the same as `nas`."""

from launch.cli import main

if __name__ == "__main__":  # worker processes import this file too
    main()
