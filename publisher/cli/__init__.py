"""The command line: one module per noun, and `main`, which turns what an operator can mend into one line."""

import sys

from publisher.cli.application import app
from publisher.cli.console import complain
from publisher.errors import ConfigError, PublisherError


def main() -> None:
    """Run the command that was typed. Bad input exits with 2, a failed step with 1; a bug keeps its traceback."""
    try:
        app()
    except ConfigError as error:
        for fault in error.faults:
            complain(str(fault))
        sys.exit(error.exit_code)
    except PublisherError as error:
        complain(str(error))
        sys.exit(error.exit_code)
