"""The web chat channel of OmniRoute: a page and an embeddable widget, live both ways."""
