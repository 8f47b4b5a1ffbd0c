"""The web server's own lines (a worker that died, a broken request), told in our way."""

import logging
from logging.config import dictConfig
from typing import Any

from gunicorn.glogging import Logger

from portal.logs import logging_config


class ServerLogger(Logger):
    """Sends what gunicorn has to say through our formatter, which knows what to leave out."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        dictConfig(logging_config("INFO"))
        # A warning may show the value that it warns of.
        logging.captureWarnings(True)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)
