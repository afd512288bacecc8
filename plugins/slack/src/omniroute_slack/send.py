"""An answer to a customer as one message of Slack's.

What may have gone out before is looked for there: each message carries our key as metadata.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp

from omniroute import Amendment, File, Outbound, Rank, Receipt, Rejected, Retry
from omniroute_slack.connection import GONE, Connection
from omniroute_slack.formatting import to_mrkdwn
from omniroute_slack.parse import message_id

MOST: Final = 10  # files in one message
EVENT: Final = "omniroute_answer"
AGAIN: Final = "↻ (This may have reached you already.)"


async def send(connection: Connection, out: Outbound) -> Receipt:
    """Put it there.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    channel, thread = place_of(out.conversation)
    if out.repeat and not out.files and (found := await _there(connection, out)):
        return Receipt((message_id(channel, found),))
    where: dict[str, Any] = {"thread_ts": thread} if thread else {}
    if out.files:
        text = f"{out.text}\n\n{AGAIN}".strip() if out.repeat else out.text
        ids = await share(connection, channel, Rank.ANSWER, out.files, text, thread)
        return Receipt(tuple(f"file/{id}" for id in ids))
    sent = await connection.write(
        channel,
        Rank.ANSWER,
        "chat.postMessage",
        text=to_mrkdwn(out.text),
        unfurl_links=False,
        unfurl_media=False,
        metadata={"event_type": EVENT, "event_payload": {"key": out.idempotency_key}},
        **where,
    )
    return Receipt((message_id(str(sent["channel"]), str(sent["ts"])),))


async def edit(connection: Connection, change: Amendment) -> None:
    """Give it other words.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    channel, ts = _named(change.external_ids)
    await connection.write(channel, Rank.ANSWER, "chat.update", ts=ts, text=to_mrkdwn(change.text))


async def delete(connection: Connection, change: Amendment) -> None:
    """Take it away.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    for id in change.external_ids:
        file = id.removeprefix("file/")
        try:
            if file != id:
                await connection.call("files.delete", file=file)
            else:
                channel, ts = _named((id,))
                await connection.write(channel, Rank.ANSWER, "chat.delete", ts=ts)
        except Rejected as error:
            if error.reason not in GONE:
                raise


def _named(ids: Sequence[str]) -> tuple[str, str]:
    """Channel and time stamp of a message.  Raises `Rejected` for what has none."""
    channel, _, ts = ids[0].partition("/") if ids else ("", "", "")
    if channel in ("", "file"):
        raise Rejected("Slack does not let an app change the words beside a file")
    return channel, ts


def place_of(conversation: str) -> tuple[str, str]:
    """Channel and thread.  Raises `Rejected` for what is no place of ours."""
    channel, _, thread = conversation.partition("/")
    if not channel.isalnum():
        raise Rejected(f"“{conversation}” is no Slack conversation")
    return channel, thread


async def _there(connection: Connection, out: Outbound) -> str:
    """The time stamp under which an earlier attempt arrived, if one did."""
    channel, thread = place_of(out.conversation)
    asked: dict[str, Any] = {"channel": channel, "limit": 100, "include_all_metadata": True}
    method = "conversations.history"
    if thread:
        method, asked["ts"] = "conversations.replies", thread
    found = await connection.call(method, **asked)
    messages: Sequence[Mapping[str, Any]] = found.get("messages", ())
    for message in messages:
        metadata = message.get("metadata", {})
        if metadata.get("event_payload", {}).get("key") == out.idempotency_key:
            return str(message["ts"])
    return ""


async def share(
    connection: Connection, channel: str, rank: Rank, files: Sequence[File], text: str, thread: str
) -> Sequence[str]:
    """Files as one message: their bytes first, which nobody sees, then the message.  Their ids."""
    if len(files) > MOST:
        raise Rejected(
            f"Slack takes {MOST} files in a message, not {len(files)}; send fewer", by_content=True
        )
    ids = []
    for file in files:
        if not file.data:
            raise Rejected(f"“{file.name}” is empty; Slack takes no empty file", by_content=True)
        ids.append(await _upload(connection, file))
    about = [{"id": id, "title": file.name} for id, file in zip(ids, files, strict=True)]
    await connection.budget.turn(channel, rank)
    more = {"initial_comment": to_mrkdwn(text)} if text else {}
    if thread:
        more["thread_ts"] = thread
    await connection.call("files.completeUploadExternal", files=about, channel_id=channel, **more)
    return ids


async def _upload(connection: Connection, file: File) -> str:
    asked = {"filename": file.name, "length": len(file.data)}
    found = await connection.call("files.getUploadURLExternal", **asked)
    try:
        whole = io.BytesIO(file.data)  # large bytes as they are would hold the loop up
        async with connection.session.post(str(found["upload_url"]), data=whole) as answer:
            if answer.status != 200:
                raise Retry(f"Slack did not take the bytes of a file: {answer.status}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Retry(f"Slack cannot be reached: {type(error).__name__}") from error
    return str(found["file_id"])
