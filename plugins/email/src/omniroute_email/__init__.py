"""The e-mail channel of OmniRoute: SMTP in, SMTP out."""
