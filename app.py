"""Start the web UI: `python app.py`."""

import sys

from assistant.errors import AssistantError
from assistant.web.app import has_screen, launch

if __name__ == "__main__":
    try:
        launch(open_browser=has_screen())
    except AssistantError as error:
        sys.exit(str(error))
