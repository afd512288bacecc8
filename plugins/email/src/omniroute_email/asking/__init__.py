"""Questions by mail that one press answers: the links, the page behind them, what is kept."""

from omniroute_email.asking.answers import given
from omniroute_email.asking.book import Asked, Book
from omniroute_email.asking.links import Links, with_links
from omniroute_email.asking.page import Page

__all__ = ["Asked", "Book", "Links", "Page", "given", "with_links"]
