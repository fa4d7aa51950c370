"""Documents from the web: fetched politely and within bounds, never from addresses of the inner network."""

from assistant.fetch.addresses import WebAddress, is_web_address
from assistant.fetch.download import Fetcher, Page
from assistant.fetch.rules import FetchRules

__all__ = ["FetchRules", "Fetcher", "Page", "WebAddress", "is_web_address"]
