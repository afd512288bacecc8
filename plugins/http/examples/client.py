"""Writes as Joe and prints what he is answered: python client.py "Where is my order?" """

import base64
import hmac
import json
import os
import sys
import time
import uuid
from typing import Any
from urllib.request import Request, urlopen

URL = os.environ["OMNIROUTE_URL"]  # https://desk.example/channels/http/partners/shop
KEY = base64.b64decode(os.environ["OMNIROUTE_SECRET"].removeprefix("whsec_"))


def call(path: str, value: object, id: str = "") -> Any:
    """POST signed JSON; who tries again gives the same id."""
    id, at, body = id or str(uuid.uuid4()), int(time.time()), json.dumps(value).encode()
    mac = base64.b64encode(hmac.digest(KEY, f"{id}.{at}.".encode() + body, "sha256")).decode()
    headers = {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": f"v1,{mac}"}
    with urlopen(Request(f"{URL}/{path}", body, headers), timeout=60) as answer:
        return json.load(answer)


joe = {"id": "17", "name": "Joe Miller"}
call("events", {"type": "message", "id": str(uuid.uuid4()), "from": joe, "text": sys.argv[1]})
news: Any = {"cursor": "", "items": []}
while not any(item["type"] == "message" for item in news["items"]):
    news = call("poll", {"after": news["cursor"], "wait": 25})
for item in news["items"]:
    print(item.get("author", ""), item.get("text", ""), sep=": ")
call("poll", {"after": news["cursor"], "wait": 0})  # it has arrived, and is not told again
