"""Start the web UI: `python app.py`."""

import sys

from assistant.errors import AssistantError
from assistant.web.app import launch

if __name__ == "__main__":
    try:
        launch()
    except AssistantError as error:
        sys.exit(str(error))
