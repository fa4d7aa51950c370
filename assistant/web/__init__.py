"""The web UI: `app.launch()` starts it over an assistant."""
