"""``omniroute token`` and ``omniroute webhook``: other people's programs."""

from pathlib import Path

from tests.cli.terminal import omniroute
from tests.server.house import Running

from omniroute.testing.server_process import Browserless

Options = tuple[str, Path]


def test_a_program_is_let_in_and_out_again(running: Running, config: Options) -> None:
    made = omniroute(
        "token", "create", "the CRM", "threads:read", "threads:write", "--agent", "ana", *config
    )
    (token,) = made.lines
    program = Browserless(running.house.url)
    running.mail("max@mail.example", "Money", "I would like a refund")
    thread = running.thread_of("max@mail.example")["id"]
    said = program.call("GET", "/api/v1/me", token=token).json
    assert (said["agent"], said["scopes"]) == ("ana", ["threads:read", "threads:write"])
    noted = program.call(
        "POST", f"/api/v1/threads/{thread}/note", '{"text": "by a program"}', "application/json",
        token=token,
    )  # fmt: skip
    assert noted.json["code"] == "noted"

    (item,) = omniroute("token", "list", "--json", *config).json
    assert (item["name"], item["agent"], item["by"]) == ("the CRM", "ana", "system")
    assert "the CRM" in omniroute("token", "list", *config).lines[1]
    id = item["id"]
    assert omniroute("token", "revoke", id, *config).lines == [f"{id} works no more"]
    assert program.call("GET", "/api/v1/me", token=token).status == 401
    assert omniroute("token", "list", *config).lines == ["no program has a token"]


def test_a_scope_that_is_none(config: Options) -> None:
    refused = omniroute("token", "create", "x", "threads:raed", *config).refusal
    assert refused == "There is no scope “threads:raed” — did you mean “threads:read”?"


def test_a_webhook_is_made_tried_and_ended(config: Options) -> None:
    url = "https://crm.invalid/hook"
    (secret,) = omniroute("webhook", "create", url, "thread.*", *config).lines
    assert secret.startswith("whsec_")
    (item,) = omniroute("webhook", "list", "--json", *config).json
    assert (item["url"], item["types"], item["by"]) == (url, ["thread.*"], "system")
    assert url in omniroute("webhook", "list", *config).lines[1]
    failed = omniroute("webhook", "test", item["id"], *config).refusal
    assert failed == "It was not taken: crm.invalid has no address."
    assert omniroute("webhook", "enable", item["id"], *config).code == 0
    assert omniroute("webhook", "delete", item["id"], *config).code == 0
    assert omniroute("webhook", "list", *config).lines == ["nothing is sent anywhere"]
    refused = omniroute("webhook", "create", "crm.example", *config).refusal
    assert refused == "That is no address that can be called — write https://host/path"
