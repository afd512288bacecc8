from __future__ import annotations

import msgspec
import pytest

from omniroute import ConfigError, Secret
from omniroute_email.settings import Config, mailboxes


def test_one_mailbox_is_all_it_takes() -> None:
    ours = mailboxes(Config(addresses=["Help@Demo.Example"]), "channels.email")
    assert ours.addresses == {"help@demo.example"}
    assert (ours.from_address, ours.domain) == ("help@demo.example", "demo.example")


def test_undeliverable_mail_may_have_an_address_of_its_own() -> None:
    config = Config(addresses=["help@demo.example"], bounce_address="Bounces@Demo.Example")
    assert mailboxes(config, "channels.email").bounce_address == "bounces@demo.example"
    with pytest.raises(ConfigError, match="bounce_address: “nobody” is no e-mail address"):
        mailboxes(
            Config(addresses=["help@demo.example"], bounce_address="nobody"), "channels.email"
        )


def test_an_address_with_tokens_is_short() -> None:
    config = Config(addresses=["help@demo.example"], reply_address="customers@demo.example")
    with pytest.raises(ConfigError, match=r"channels\.email\.reply_address.*no room"):
        mailboxes(config, "channels.email")


def test_colleagues_who_pass_mail_on() -> None:
    config = Config(addresses=["help@demo.example"], forwarders=["@Demo.example", "Kim@x.example"])
    ours = mailboxes(config, "channels.email")
    assert ours.passes_on("ana@demo.example")
    assert ours.passes_on("kim@x.example")
    assert not ours.passes_on("lee@x.example")
    assert not ours.passes_on("")
    with pytest.raises(ConfigError, match="forwarders: “x@” is no e-mail address"):
        mailboxes(Config(addresses=["help@demo.example"], forwarders=["@"]), "channels.email")


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("10.2.0.0", False),
        ("::ffff:8.8.8.8", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_only_our_own_servers_are_trusted(peer: str, trusted: bool) -> None:
    edges = ["127.0.0.0/8", "::1/128", "10.1.0.0/16"]
    config = Config(addresses=["help@demo.example"], trusted_edges=edges)
    assert mailboxes(config, "channels.email").trusts(peer) is trusted


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"addresses": []}, "channels.email.addresses: no mailbox — name the mailboxes"),
        ({"addresses": ["help"]}, "channels.email.addresses: “help” is no e-mail address — write"),
        ({"from_address": "a b@c"}, "channels.email.from_address: “a b@c” is no e-mail address"),
        (
            {"trusted_edges": ["10.0.0.1/8"]},
            "channels.email.trusted_edges: “10.0.0.1/8” is no network",
        ),
        ({"trusted_edges": ["edge"]}, "channels.email.trusted_edges: “edge” is no network"),
        ({"idle_timeout": 0.0}, "channels.email.idle_timeout: must be more than 0 seconds"),
        ({"smtp_timeout": float("nan")}, "channels.email.smtp_timeout: must be more than 0"),
        (
            {"smtp_host": "mail..example"},
            "channels.email.smtp_host: “mail..example” is no host name",
        ),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_place(
    settings: dict[str, object], said: str
) -> None:
    config = Config(**{"addresses": ["help@demo.example"], **settings})  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as refused:
        mailboxes(config, "channels.email")
    assert str(refused.value).startswith(said)


def test_every_setting_has_its_sentence() -> None:
    schema = msgspec.json.schema(Config, schema_hook=lambda _: {"type": "string"})
    for name, about in schema["$defs"]["Config"]["properties"].items():
        assert about["description"].endswith((".", "sent.")), name


def test_the_password_shows_nowhere() -> None:
    config = Config(addresses=["help@demo.example"], smtp_password=Secret("hunter2"))
    assert "hunter2" not in repr(config)


def test_a_table_of_settings_is_enough() -> None:
    table = {"addresses": ["help@demo.example"], "trusted_edges": ["10.0.0.0/8"], "idle_timeout": 5}
    config = msgspec.convert(table, Config)
    assert mailboxes(config, "channels.email").trusts("10.1.1.1")


DESK = Config(addresses=["help@demo.example"], desk_address="Desk@Demo.example")


def test_mail_to_the_desk_is_the_desks() -> None:
    boxes = mailboxes(DESK, "channels.help", b"a secret")
    token = boxes.desk.address_for("12-3-abcdef")
    assert boxes.for_desk(["desk@demo.example"])
    assert boxes.for_desk([token])
    assert boxes.for_desk([token, "help@demo.example"])
    assert not boxes.for_desk(["desk@demo.example", "help@demo.example"])  # a customer's
    assert not boxes.for_desk(["help@demo.example"])
    assert not boxes.for_desk([])
    assert boxes.takes(token)
    assert boxes.takes("desk@demo.example")
    assert not boxes.takes(token.replace("12-3", "13-3"))
    without = mailboxes(Config(addresses=["help@demo.example"]), "channels.help", b"a secret")
    assert not without.for_desk(["", "desk@demo.example"])


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"desk_address": "help@demo.example"}, "one of addresses"),
        ({"desk_address": "a@demo.example", "reply_address": "A@demo.example"}, "reply_address"),
        ({"desk_address": "a@demo.example", "bounce_address": "a@demo.example"}, "bounce_address"),
        ({"desk_address": "a@demo.example", "from_address": "a@demo.example"}, "from_address"),
        ({"desk_address": "longlonglong@demo.example"}, "no room for a signed token"),
        ({"desk_address": "nobody"}, "no e-mail address"),
    ],
)
def test_a_desk_has_an_address_of_its_own(more: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as error:
        mailboxes(Config(addresses=["help@demo.example"], **more), "channels.help")  # type: ignore[arg-type]
    assert "channels.help.desk_address" in str(error.value)
