"""Checking by ourselves who a message comes from: DKIM, SPF and DMARC.

An option, for mail that no server of ours has looked at; it needs the extra ``authentication``.
"""
