"""Files that come with a form, out of the parts in which a browser sends it (RFC 7578)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import msgspec
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

MULTIPART: Final = "multipart/form-data"
MOST_PARTS: Final = 40  # that are read, whatever is allowed
LONGEST_NAME: Final = 120  # characters
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")


class Attached(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as it was sent; its *name* is fit to be shown."""

    name: str
    media_type: str
    data: bytes


async def parts(body: bytes, content_type: str) -> tuple[Mapping[str, str], tuple[Attached, ...]]:
    """The fields and the files in *body*; of a field's several values the first.

    Raises `ValueError`.
    """
    parser = MultiPartParser(
        Headers({"content-type": content_type}), _whole(body),
        max_files=MOST_PARTS, max_fields=MOST_PARTS, max_part_size=len(body) + 1,
    )  # fmt: skip
    parser.spool_max_size = len(body) + 1  # it lies in memory already
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise ValueError(f"no form: {error}") from None
    fields: dict[str, str] = {}
    files = []
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields.setdefault(name, value)
                continue
            data = await value.read()
            if data or value.filename:  # a browser sends an empty part where none was chosen
                kind = (value.content_type or "").partition(";")[0].strip().lower()
                known = kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
                files.append(Attached(shown_name(value.filename or ""), known, data))
    finally:
        await form.close()
    return fields, tuple(files)


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def shown_name(name: str) -> str:
    """A file's name without its folders, and without what nobody sees.

    >>> shown_name("../../etc/passwd"), shown_name("me\\u202egpj.exe"), shown_name(". ")
    ('passwd', 'megpj.exe', 'file')
    """
    seen = "".join(each for each in name if unicodedata.category(each)[0] != "C")
    return seen.replace("\\", "/").rpartition("/")[2].strip(" .")[:LONGEST_NAME] or "file"
