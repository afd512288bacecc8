"""The parts of the reference that are made from the source: ``python -m tests.docs.generate``.

A page marks such a part with ``<!-- generated: NAME -->`` and ``<!-- end -->``.  The tests beside
this file hold each of them against the source, so that neither can change without the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from types import ModuleType

import click
from tests.docs import kit, rest, source
from tests.docs.pages import DOCS, ROOT, Page

from omniroute import channel, desk, errors, hookspecs
from omniroute.application import sentences
from omniroute.server.settings import SECTIONS, Webhook
from omniroute.simulate.grammar import SHAPES as SCENARIO
from omniroute.stores import api
from omniroute.web.rest.routes import document
from omniroute_contactform.settings import Settings as ContactFormSettings
from omniroute_email.settings import Config as EmailSettings
from omniroute_frontdesk.settings import Settings as FrontDeskSettings
from omniroute_http.settings import Settings as HttpSettings
from omniroute_meta import settings as meta
from omniroute_slack.settings import Config as SlackSettings
from omniroute_telegram.settings import Config as TelegramSettings
from omniroute_twilio.settings import Sms as SmsSettings
from omniroute_twilio.settings import WhatsApp as WhatsAppSettings
from omniroute_webchat.settings import Settings as WebChatSettings

OPENAPI = DOCS / "reference" / "openapi.json"
"""The API's description, as it is served; stored for those who make clients of it."""

HOOKS = [name for name in vars(hookspecs) if name.startswith("omniroute_")]


def values_of(*modules: ModuleType) -> list[type]:
    """The dataclasses that modules define."""
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type)
        and dataclasses.is_dataclass(kind)
        and kind.__module__ == module.__name__
    ]


PARTS: dict[str, Callable[[], str]] = {
    **{f"settings.{name}": partial(source.settings, kind) for name, kind in SECTIONS.items()},
    "settings.contactform": partial(source.settings, ContactFormSettings),
    "settings.webhooks": partial(source.settings, Webhook),
    "settings.email": partial(source.settings, EmailSettings),
    "settings.frontdesk": partial(source.settings, FrontDeskSettings),
    "settings.http": partial(source.settings, HttpSettings),
    "settings.instagram": partial(source.settings, meta.Instagram),
    "settings.messenger": partial(source.settings, meta.Messenger),
    "settings.slack": partial(source.settings, SlackSettings),
    "settings.telegram": partial(source.settings, TelegramSettings),
    "settings.sms": partial(source.settings, SmsSettings),
    "settings.twilio-whatsapp": partial(source.settings, WhatsAppSettings),
    "settings.webchat": partial(source.settings, WebChatSettings),
    "settings.whatsapp": partial(source.settings, meta.WhatsApp),
    **{f"scenario.{shape}": partial(source.scenario, shape) for shape in SCENARIO},
    **{f"example.{name}": partial(source.example, name) for name in source.EXAMPLES},
    "commands": source.commands,
    **{f"hook.{name}": partial(source.hook, name) for name in HOOKS},
    "caps": source.caps,
    "exports": source.exports,
    "card-kinds": source.card_kinds,
    "verbs": source.verbs,
    **{
        f"value.{kind.__name__}": partial(source.value, kind)
        for kind in values_of(channel, desk, hookspecs)
    },
    "protocol.Channel": partial(source.protocol, channel.Channel),
    "protocol.Edits": partial(source.protocol, channel.Edits),
    "protocol.Deletes": partial(source.protocol, channel.Deletes),
    "protocol.Templates": partial(source.protocol, channel.Templates),
    "protocol.Heeds": partial(source.protocol, channel.Heeds),
    "protocol.StandsIn": partial(source.protocol, channel.StandsIn),
    "protocol.Types": partial(source.protocol, channel.Types),
    "protocol.Forgets": partial(source.protocol, channel.Forgets),
    "protocol.ReadsFiles": partial(source.protocol, channel.ReadsFiles),
    "protocol.Intake": partial(source.protocol, channel.Intake),
    "protocol.Proofs": partial(source.protocol, channel.Proofs),
    "protocol.Desk": partial(source.protocol, desk.Desk),
    "protocol.ForgetsThreads": partial(source.protocol, desk.ForgetsThreads),
    "protocol.Door": partial(source.protocol, desk.Door),
    "protocol.Workplace": partial(source.protocol, desk.Workplace),
    "protocol.OffersDesk": partial(source.protocol, desk.OffersDesk),
    "errors": partial(source.error_classes, errors),
    "errors.stores": partial(source.error_classes, api),
    "done": source.done,
    "refused": partial(source.refused, sentences.REFUSED),
    "invalid": partial(source.refused, sentences.INVALID),
    "refused.elsewhere": source.refused_elsewhere,
    "crash-points": source.crash_points,
    "measures": source.measures,
    "states": source.diagram,
    "api.operations": rest.operations,
    "api.scopes": rest.scopes,
    "api.events": rest.events,
    "kit.platform": kit.platform,
    "kit.checks": kit.checks,
    "kit.tiers": kit.tiers,
    "life-cycle": kit.life_cycle,
    "life-of-a-channel": kit.life_of_a_channel,
}
"""Everything that is made, by the name that pages give it."""


def main() -> None:
    """Write every generated part anew."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        made = text
        for name, old in Page(path).generated.items():
            mark = f"<!-- generated: {name} -->\n"
            made = made.replace(f"{mark}{old}<!-- end -->", f"{mark}{PARTS[name]()}<!-- end -->")
        if made != text:
            path.write_text(made, encoding="utf-8")
            click.echo(f"{path.relative_to(ROOT)} written")
    OPENAPI.write_bytes(document())


if __name__ == "__main__":
    main()
