"""The settings of an e-mail account, one sentence each, and what they mean once checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import msgspec

from omniroute import ConfigError, Secret, says
from omniroute_email.reading.addresses import normalised
from omniroute_email.tokens import LONGEST_NAME, Tokens

IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK = ("127.0.0.0/8", "::1/128")
MIB = 1024 * 1024
_HOST = re.compile(r"[A-Za-z0-9_:-]{1,63}(?:\.[A-Za-z0-9_:-]{1,63})*\.?")

_PAGE = re.compile(r"https?://[^\s#<>\"]{1,300}")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mail comes in and goes out."""

    addresses: Annotated[Sequence[str], says("Mailboxes that customers write to; others get 550.")]
    listen_host: Annotated[str, says("Address on which SMTP is served.")] = "127.0.0.1"
    listen_port: Annotated[
        int, says("Port on which SMTP is served; 0 takes any free one.", at_least=0, at_most=65535)
    ] = 2525
    tls_certificate: Annotated[
        str,
        says(
            "File (PEM) with the certificate and its chain; STARTTLS is then offered to those who"
            " deliver. Read again when it changes."
        ),
    ] = ""
    tls_key: Annotated[
        str, says("File (PEM) with its private key; `tls_certificate` unless set.")
    ] = ""
    tls_port: Annotated[
        int,
        says(
            "A second port, on which TLS is spoken from the start, as 465; 0 for none.",
            at_least=0,
            at_most=65535,
        ),
    ] = 0
    trusted_edges: Annotated[
        Sequence[str],
        says(
            "Networks (CIDR) of your own mail servers; only what they hand over is authenticated."
        ),
    ] = LOOPBACK
    authserv_id: Annotated[
        str,
        says(
            "The name under which your edge writes Authentication-Results; it must remove those"
            " that arrive under it. When set, mail without such a header is not authenticated."
        ),
    ] = ""
    verify: Annotated[
        bool,
        says(
            "Check DKIM, SPF and DMARC ourselves where none of your servers has said what it found;"
            " needs `omniroute-email[authentication]`."
        ),
    ] = False
    verify_timeout: Annotated[
        float,
        says("Seconds that such a check may take; what is not known by then is not vouched for."),
    ] = 5.0
    dns_servers: Annotated[
        Sequence[str],
        says(
            "DNS servers asked for it, as 192.0.2.53 or [2001:db8::53]:5353; those of the system"
            " unless set."
        ),
    ] = ()
    arc_sealers: Annotated[
        Sequence[str],
        says(
            "Domains of forwarders and mailing lists whose ARC seals count, as lists.example.org:"
            " what they found before they changed a message is believed. Needs `verify`."
        ),
    ] = ()
    forwarders: Annotated[
        Sequence[str],
        says(
            "Addresses or domains (@example.org) of colleagues who pass customers' mail on: what"
            " they forward counts as written by whom they forward, whom nobody vouches for."
        ),
    ] = ()
    forms: Annotated[
        Sequence[str],
        says(
            "Addresses that forms on web sites send from: who wrote is then whom Reply-To names,"
            " whom nobody vouches for. Those like noreply@… count as such anyway."
        ),
    ] = ()
    max_size: Annotated[int, says("Largest message in bytes.", at_least=1024)] = 25 * MIB
    max_connections: Annotated[int, says("SMTP connections at a time.", at_least=1)] = 200
    max_connections_per_ip: Annotated[
        int, says("SMTP connections from one address.", at_least=1)
    ] = 50
    max_messages_per_minute: Annotated[
        int,
        says("Messages a minute from one address that is not in `trusted_edges`.", at_least=1),
    ] = 120
    max_commands: Annotated[
        int, says("How often one connection may use one SMTP command.", at_least=1)
    ] = 1000
    max_recipients: Annotated[int, says("Recipients of one message.", at_least=1)] = 100
    idle_timeout: Annotated[
        float, says("Seconds without progress after which an SMTP connection is closed.")
    ] = 60.0
    imap_host: Annotated[
        str, says("Server whose mailbox is fetched; mail then comes in by IMAP instead of SMTP.")
    ] = ""
    imap_port: Annotated[
        int, says("Its port: 993 for TLS from the start, or 143.", at_least=1, at_most=65535)
    ] = 993
    imap_tls: Annotated[
        bool, says("Insist on TLS; turn it off only for a server on this machine.")
    ] = True
    imap_tls_from_start: Annotated[
        bool, says("Speak TLS from the start at other ports than 993, too.")
    ] = False
    imap_ca: Annotated[
        str, says("File (PEM) with the authority behind its certificate, if that is your own.")
    ] = ""
    imap_username: Annotated[str, says("Name to sign in with at `imap_host`.")] = ""
    imap_password: Annotated[Secret, says("Password to `imap_username`.")] = msgspec.field(
        default_factory=lambda: Secret("")
    )
    imap_folder: Annotated[str, says("Folder that mail is fetched from.")] = "INBOX"
    imap_processed_folder: Annotated[
        str,
        says("Folder that fetched mail is moved to; unless set it stays where it is, as read."),
    ] = ""
    imap_interval: Annotated[
        float, says("Seconds between looks where the server does not tell of new mail (IDLE).")
    ] = 60.0
    imap_timeout: Annotated[float, says("Seconds to wait for each answer of `imap_host`.")] = 30.0
    from_address: Annotated[
        str, says("Address that answers come from; the first of `addresses` unless set.")
    ] = ""
    bounce_address: Annotated[
        str,
        says(
            "Address to which undeliverable mail comes back, as bounces@help.example.org; each"
            " message then gets one of its own, signed (bounces+KEY.MAC@…), and mail to those must"
            " be handed to us, too. `from_address` unless set."
        ),
    ] = ""
    reply_address: Annotated[
        str,
        says(
            "Address to which answers ask to be answered, as thread@help.example.org; each message"
            " then gets one of its own, signed (thread+KEY.MAC@…), and mail to those must be handed"
            " to us, too. `from_address`, without a token, unless set."
        ),
    ] = ""
    desk_address: Annotated[
        str,
        says(
            "Address at which agents work by mail, as desk@help.example.org; what they are sent"
            " asks to be answered at signed ones (desk+KEY.MAC@…), and mail to those must be handed"
            " to us, too. Unless set, nobody works by mail."
        ),
    ] = ""
    desk_mails_per_hour: Annotated[
        int,
        says(
            "Mails to one agent within an hour; what happens beyond that comes together every"
            " quarter of an hour. Offers and answers to what they wrote come at once; 0: no limit.",
            at_least=0,
        ),
    ] = 60
    from_name: Annotated[
        str, says("Name that answers come from; the name of the organisation unless set.")
    ] = ""
    html: Annotated[
        bool, says("Send answers as HTML, too, beside their plain text; links can be clicked then.")
    ] = False
    chat_url: Annotated[
        str,
        says(
            "Page of your web chat: each answer to one person alone then ends with a link by which"
            " they go on there as who they are by mail; good once, and for three days. Unless set"
            " there is none."
        ),
    ] = ""
    chat_words: Annotated[str, says("What stands there; {link} is where the link goes.")] = (
        "Prefer to chat? Go on here: {link}"
    )
    smtp_host: Annotated[
        str, says("Server that sends the answers; without it nothing is sent.")
    ] = ""
    smtp_port: Annotated[
        int, says("Its port: 587 or 25, or 465 for TLS from the start.", at_least=1, at_most=65535)
    ] = 587
    smtp_username: Annotated[str, says("Name to sign in with at `smtp_host`, if it asks.")] = ""
    smtp_password: Annotated[Secret, says("Password to `smtp_username`.")] = msgspec.field(
        default_factory=lambda: Secret("")
    )
    smtp_starttls: Annotated[
        bool, says("Insist on TLS (STARTTLS); turn it off only for a server on this machine.")
    ] = True
    smtp_tls_from_start: Annotated[
        bool, says("Speak TLS from the start at other ports than 465, too.")
    ] = False
    smtp_ca: Annotated[
        str, says("File (PEM) with the authority behind its certificate, if that is your own.")
    ] = ""
    smtp_timeout: Annotated[float, says("Seconds to wait for each answer of `smtp_host`.")] = 30.0


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """A checked `Config`: who we are by mail, and whom we believe."""

    addresses: frozenset[str]
    from_address: str
    forwarders: frozenset[str]  # addresses, and domains with an @ before them
    forms: frozenset[str]  # addresses that web forms send from
    bounce_address: str  # empty if undeliverable mail comes back to where answers come from
    edges: tuple[IpNetwork, ...]
    reply_address: str = ""  # empty if answers come to where ours come from
    desk_address: str = ""  # empty if nobody works by mail
    secret: bytes = field(default=b"", repr=False)

    @property
    def bounces(self) -> Tokens:
        return Tokens("bounce", self.bounce_address, self.secret)

    @property
    def replies(self) -> Tokens:
        return Tokens("reply", self.reply_address, self.secret)

    @property
    def desk(self) -> Tokens:
        return Tokens("desk", self.desk_address, self.secret)

    @property
    def domain(self) -> str:
        return self.from_address.rpartition("@")[2]

    def passes_on(self, address: str) -> bool:
        """Whether whoever writes from *address* may pass on what a customer wrote."""
        return address in self.forwarders or f"@{address.rpartition('@')[2]}" in self.forwarders

    def takes(self, address: str) -> bool:
        """Whether mail to *address*, in its normal spelling, is for us."""
        if address in self.addresses:
            return True
        if address and address in (self.bounce_address, self.reply_address):
            return True
        if self.bounces.key_in(address) or self.replies.key_in(address):
            return True
        return self.for_desk((address,))

    def for_desk(self, recipients: Sequence[str]) -> bool:
        """Whether mail to these is for the desk.

        A signed address is the desk's alone.  Who writes to a mailbox of the customers', too, and
        answers nothing of the desk's, is a customer.
        """
        if any(self.desk.key_in(address) for address in recipients):
            return True
        bare = bool(self.desk_address) and self.desk_address in recipients
        return bare and self.addresses.isdisjoint(recipients)

    def trusts(self, peer: str) -> bool:
        """Whether *peer*, an IP address, is one of our own mail servers."""
        try:
            ip = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self.edges)


def mailboxes(config: Config, place: str, secret: bytes = b"") -> Mailboxes:
    """Check what types cannot.  Raises `ConfigError` naming the setting below *place*.

    *secret* signs the addresses that answers and bounces come to.
    """
    if not config.addresses:
        fix = 'name the mailboxes that customers write to: addresses = ["help@example.org"]'
        raise ConfigError(f"{place}.addresses", "no mailbox", fix)
    addresses = [_address(text, f"{place}.addresses") for text in config.addresses]
    sender = config.from_address
    edges = [_network(text, f"{place}.trusted_edges") for text in config.trusted_edges]
    for name in ("idle_timeout", "smtp_timeout", "imap_interval", "imap_timeout", "verify_timeout"):
        if not getattr(config, name) > 0:
            raise ConfigError(f"{place}.{name}", "must be more than 0 seconds")
    for name in ("smtp_host", "imap_host"):
        host = getattr(config, name)
        if host and not _HOST.fullmatch(host):
            raise ConfigError(f"{place}.{name}", f"“{host}” is no host name")
    if config.chat_url and not _PAGE.fullmatch(config.chat_url):
        fix = "write it as https://help.example.org/channels/webchat/site/"
        raise ConfigError(f"{place}.chat_url", f"“{config.chat_url}” is no page", fix)
    if "{link}" not in config.chat_words:
        raise ConfigError(f"{place}.chat_words", "has no place for the link", "put {link} in it")
    for domain in config.arc_sealers:
        if not _HOST.fullmatch(domain) or "." not in domain:
            raise ConfigError(f"{place}.arc_sealers", f"“{domain}” is no domain")
    if config.arc_sealers and not config.verify:
        raise ConfigError(f"{place}.arc_sealers", "counts only where we check", "set verify, too")
    if config.imap_host and not config.imap_username:
        raise ConfigError(f"{place}.imap_username", "is missing beside imap_host")
    return Mailboxes(
        addresses=frozenset(addresses),
        from_address=_address(sender, f"{place}.from_address") if sender else addresses[0],
        forwarders=frozenset(_forwarder(text, f"{place}.forwarders") for text in config.forwarders),
        forms=frozenset(_address(text, f"{place}.forms") for text in config.forms),
        bounce_address=_short(config.bounce_address, f"{place}.bounce_address"),
        edges=tuple(edges),
        reply_address=_short(config.reply_address, f"{place}.reply_address"),
        desk_address=_desk(config, place, addresses),
        secret=secret,
    )


def _address(text: str, place: str) -> str:
    address = normalised(text)
    if not address:
        raise ConfigError(place, f"“{text}” is no e-mail address", "write it as help@example.org")
    return address


def _short(text: str, place: str) -> str:
    """An address whose local part leaves room for a token; empty if *text* is."""
    address = _address(text, place) if text else ""
    if len(address.rpartition("@")[0]) > LONGEST_NAME:
        fix = f"take at most {LONGEST_NAME} characters before the @, as in thread@help.example.org"
        raise ConfigError(place, "leaves no room for a signed token (64 characters in all)", fix)
    return address


def _desk(config: Config, place: str, addresses: Sequence[str]) -> str:
    """An address of its own: what agents write must not be taken for a customer's word."""
    desk = _short(config.desk_address, f"{place}.desk_address")
    for name in ("from_address", "reply_address", "bounce_address"):
        if desk and desk == normalised(getattr(config, name)):
            raise ConfigError(f"{place}.desk_address", f"is {name}, too", "give it its own")
    if desk and desk in addresses:
        raise ConfigError(f"{place}.desk_address", "is one of addresses, too", "give it its own")
    return desk


def _forwarder(text: str, place: str) -> str:
    if text.startswith("@"):
        return _address(f"x{text}", place).removeprefix("x")
    return _address(text, place)


def _network(text: str, place: str) -> IpNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ConfigError(place, f"“{text}” is no network: {error}", "such as 10.0.0.0/8") from None
