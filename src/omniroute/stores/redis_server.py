"""Where a desk lies on a Redis, how it is reached, and what that server must promise."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import parse_url
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel

from omniroute.errors import ConfigError, did_you_mean
from omniroute.stores.api import Unavailable

log = logging.getLogger(__name__)

CONNECT: Final = 5.0  # seconds until a server that does not answer counts as absent
ANSWER: Final = 30.0  # seconds for one question
SENTINEL: Final = 26379  # port
STABLE: Final = 3600  # seconds after which a commit is taken for lasting

SPACE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SCHEMES: Final = ("redis", "rediss", "redis+sentinel", "redis+cluster")
OPTIONS: Final = ("space", "accept_loss", "stable_after", "socket_timeout")  # in the query
BY_SENTINEL: Final = "redis+sentinel://:password@host:26379,host2:26379/name/0"


@dataclass(frozen=True, slots=True)
class Place:
    """A space on a server.  Shown without its password."""

    url: str
    scheme: str
    space: str
    accept_loss: bool
    horizon: int  # ms for which what was committed may yet be forgotten
    shown: str

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Place({self.shown!r})"

    @classmethod
    def read(cls, url: str) -> Self:
        """From ``store.url``.  Raises `ConfigError`."""
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query))
        space = given.pop("space", "omniroute")
        if not SPACE.fullmatch(space):
            raise ConfigError("store.url", f"“{space}” cannot name a space", "use letters, digits")
        loss = given.pop("accept_loss", "no")
        if loss not in ("yes", "no"):
            raise ConfigError("store.url", f"accept_loss is “{loss}”", "write yes or no")
        stable = given.pop("stable_after", str(STABLE))
        if not stable.isdecimal():
            raise ConfigError("store.url", f"stable_after is “{stable}”", "write seconds")
        plain = urlunsplit(parts._replace(query=urlencode(given)))
        where = parts.netloc.rpartition("@")[2] + parts.path
        shown = f"{parts.scheme}://{where} ({space})"
        return cls(plain, parts.scheme, space, loss == "yes", int(stable) * 1000, shown)


def open_client(place: Place) -> Any:
    """A client that repeats nothing by itself: a commit sent twice would look refused.

    Raises `ConfigError`, or `Unavailable` where a cluster or its sentinels cannot be reached.
    """
    limits = {
        "socket_connect_timeout": CONNECT,
        "socket_timeout": ANSWER,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }
    try:
        if place.scheme == "redis+sentinel":
            return _by_sentinel(place, limits)
        if place.scheme == "redis+cluster":
            return RedisCluster.from_url(place.url.replace("redis+cluster", "redis", 1), **limits)
        client = redis.Redis.from_url(place.url, **limits)
        pool = client.connection_pool  # which makes none before it is asked for one
        pool.connection_class(**pool.connection_kwargs)
        return client
    except TypeError as error:  # for an option that nobody knows
        name = str(error).rpartition(" argument ")[2].strip("'")
        fix = did_you_mean(name, OPTIONS) or f"ours are {', '.join(OPTIONS)}; others are redis-py's"
        raise ConfigError("store.url", f"no such option: {name}", fix) from None
    except ValueError as error:
        raise ConfigError("store.url", str(error), "redis://user:password@host:6379/0") from None
    except (redis.RedisError, RedisClusterException) as error:
        raise Unavailable(str(place), str(error), "check that it runs, and store.url") from error


def _by_sentinel(place: Place, limits: dict[str, Any]) -> Any:
    """Whoever the sentinels call the primary, each time that a connection is made.

    The password is the servers'; options in the query are redis-py's, such as ``socket_timeout``.
    Raises `ValueError`.
    """
    parts = urlsplit(place.url)
    name, _, database = parts.path.strip("/").partition("/")
    if not name:
        raise ConfigError("store.url", "no name of the watched primary", BY_SENTINEL)
    read_options: Any = parse_url  # which has no types
    options = read_options(urlunsplit(("redis", "localhost", f"/{database}", parts.query, "")))
    limits = limits | {key: value for key, value in options.items() if key != "host"}
    database = limits.pop("db", 0)
    user, _, hosts = parts.netloc.rpartition("@")
    username, _, password = user.partition(":")
    addresses = []
    for host in hosts.split(","):
        address, _, port = host.partition(":")
        addresses.append((address, int(port or SENTINEL)))
    signed = {"username": unquote(username) or None, "password": unquote(password) or None}
    open_sentinel: Any = Sentinel  # which has no types
    sentinel = open_sentinel(addresses, sentinel_kwargs=limits, db=database, **limits, **signed)
    return sentinel.master_for(name, redis_connect_func=only_a_primary)


def only_a_primary(connection: Any) -> None:
    """As redis-py greets a server, but hang up on one that follows another.

    In a failover the sentinels name a server before it is the primary, or when it is not any more.
    Who writes there is refused and asks again; who only reads would stay, and be told what was so
    some time ago.  Raises `redis.ConnectionError`.
    """
    connection.on_connect()
    connection.send_command("ROLE")
    try:
        role = connection.read_response()[0]
    except redis.ResponseError:  # we may not ask
        return
    if role not in (b"master", "master"):
        raise redis.ConnectionError("it follows another server, and is not the primary")


def close_client(client: Any) -> None:
    """Hang up; with the sentinels, too, if it has asked some."""
    client.close()
    pool: Any = getattr(client, "connection_pool", None)
    for sentinel in getattr(getattr(pool, "sentinel_manager", None), "sentinels", ()):
        sentinel.close()


def check_promises(client: Any, place: Place) -> int:
    """How many replicas it writes to at least, and can be waited for.

    Raises `Unavailable` where the server may forget what it has taken (reliability.md 2.2).
    """
    try:
        found = _settings(client)
    except redis.ResponseError as error:  # a hosted one that does not tell
        log.warning("%s does not say how it keeps data: %s", place, error)
        return 0
    least = int(found.get("min-replicas-to-write", 0))
    copied = least if place.scheme != "redis+cluster" else 0
    weak = []
    if found.get("appendonly") != "yes":
        weak.append(("appendonly is off", "appendonly yes"))
    elif found.get("appendfsync") != "always":
        weak.append((f"appendfsync is {found.get('appendfsync')}", "appendfsync always"))
    if int(found.get("maxmemory", 0)) and found.get("maxmemory-policy") != "noeviction":
        weak.append((f"it evicts ({found['maxmemory-policy']})", "maxmemory-policy noeviction"))
    if int(found.get("replicas", 0)) and not int(found.get("min-replicas-to-write", 0)):
        weak.append(("it writes without its replicas", "min-replicas-to-write 1"))
    if not weak:
        return copied
    fault = " and ".join(fault for fault, _ in weak) + ", so what was acknowledged may be lost"
    if not place.accept_loss:
        fix = ", ".join(f"CONFIG SET {fix}" for _, fix in weak)
        raise Unavailable(str(place), fault, f"{fix}; or add accept_loss=yes if that is meant")
    log.warning("%s: %s; accept_loss says that this is meant", place, fault)
    return copied


def _settings(client: Any) -> dict[str, str]:
    names = (
        "appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "min-replicas-to-write",
    )  # fmt: skip
    found: dict[str, str] = {}
    for name in names:
        told = client.config_get(name)
        told = next(iter(told.values())) if _by_node(told) else told  # a cluster answers by node
        found |= {_text(key): _text(value) for key, value in told.items()}
    info = client.info("replication")
    info = next(iter(info.values())) if _by_node(info) else info
    found["replicas"] = str(info.get("connected_slaves", 0))
    return found


def _by_node(told: dict[Any, Any]) -> bool:
    return bool(told) and all(isinstance(value, dict) for value in told.values())


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
