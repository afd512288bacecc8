"""The exchange of nodes on one PostgreSQL: three tables beside the journal's, and its clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from omniroute.stores.api import GENESIS, Head
from omniroute.stores.exchange import PARCELS, Began, Heard, Mark, Parcel
from omniroute.stores.postgres_asking import Asking
from omniroute.stores.postgres_server import Place

TABLES: Final = """
    CREATE TABLE IF NOT EXISTS lease(
        one int PRIMARY KEY CHECK (one = 1), node text NOT NULL, until timestamptz NOT NULL);
    CREATE TABLE IF NOT EXISTS parcel(
        node text, id bigint, number bigserial, channel text NOT NULL, account text NOT NULL,
        key text NOT NULL, at bigint NOT NULL, raw bytea NOT NULL, outcome text,
        PRIMARY KEY (node, id));
    CREATE INDEX IF NOT EXISTS parcel_waiting ON parcel(number) WHERE outcome IS NULL;
    CREATE TABLE IF NOT EXISTS node(
        name text PRIMARY KEY, about bytea NOT NULL, until timestamptz NOT NULL);
    CREATE TABLE IF NOT EXISTS agreed(name text PRIMARY KEY, value bytea NOT NULL);
"""
LEASE: Final = """
    INSERT INTO lease VALUES (1, $1, now() + $2 * interval '1 second')
    ON CONFLICT (one) DO UPDATE SET
        node = CASE WHEN lease.node = $1 OR lease.until <= now() THEN $1 ELSE lease.node END,
        until = CASE WHEN lease.node = $1 OR lease.until <= now() THEN excluded.until
                ELSE lease.until END
    RETURNING node
"""
HAND: Final = """
    INSERT INTO parcel (node, id, channel, account, key, at, raw)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[],
                         $6::bigint[], $7::bytea[])
    ON CONFLICT (node, id) DO NOTHING
"""
HANDED: Final = """
    SELECT node, id, channel, account, key, at, raw FROM parcel
    WHERE outcome IS NULL AND NOT EXISTS (
        SELECT FROM unnest($1::text[], $2::bigint[]) AS known(node, id)
        WHERE known.node = parcel.node AND known.id = parcel.id)
    ORDER BY number LIMIT $3
"""
SETTLE: Final = """
    UPDATE parcel SET outcome = ended.why, raw = ''
    FROM unnest($1::text[], $2::bigint[], $3::text[]) AS ended(node, id, why)
    WHERE parcel.node = ended.node AND parcel.id = ended.id
"""
REPORT: Final = """
    INSERT INTO node VALUES ($1, $2, now() + $3 * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET about = excluded.about, until = excluded.until
"""
HEAR: Final = """
    SELECT head.seq, head.hash, parcel.id, parcel.outcome,
        $2 = 0 OR EXISTS (SELECT FROM journal WHERE journal.seq = $2 AND journal.hash = $3)
    FROM head LEFT JOIN parcel ON parcel.node = $1 AND parcel.outcome IS NOT NULL LIMIT 1000
"""
AGREE: Final = """
    WITH first AS (INSERT INTO agreed VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING value)
    SELECT value FROM first UNION ALL SELECT value FROM agreed WHERE name = $1 LIMIT 1
"""


class PostgresExchange(Asking):
    """An `Exchange` on a connection of its own."""

    horizon = 0

    def __init__(self, place: Place) -> None:
        """Connect, and make the tables if absent.  Raises `Unavailable`."""
        super().__init__(place, TABLES)

    def lease(self, node: str, seconds: float) -> str:
        return str(self._call(self._value(LEASE, node, seconds)))

    def release(self, node: str) -> None:
        self._call(self._execute("DELETE FROM lease WHERE node = $1", node))

    def hand(self, parcels: Sequence[Parcel]) -> None:
        columns = [list(column) for column in zip(*parcels, strict=True)] if parcels else []
        if columns:
            self._call(self._execute(HAND, *columns))

    def handed(self, known: Collection[Mark], limit: int = PARCELS) -> list[Parcel]:
        nodes, ids = [node for node, _ in known], [id for _, id in known]
        return [Parcel(*row) for row in self._call(self._rows(HANDED, nodes, ids, limit))]

    def settle(self, outcomes: Mapping[Mark, str], known: Head = GENESIS) -> bool:
        """As in the contract, but for *known*: nothing is forgotten here."""
        nodes, ids = [node for node, _ in outcomes], [id for _, id in outcomes]
        self._call(self._execute(SETTLE, nodes, ids, list(outcomes.values())))
        return True

    def begin(self, at: int, known: Head, since: int) -> Began | None:
        return Began()  # it forgets nothing

    def testify(self, node: str, began: int, known: Head, what: bytes) -> bool:
        return False

    def testimonies(self, began: int) -> dict[str, bytes]:
        return {}

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        rows = self._call(self._rows(HEAR, node, *known))
        ended = {id: outcome for _, _, id, outcome, _ in rows if id is not None}
        seq, digest, _, _, holds = rows[0]
        return Heard((seq, digest), holds, ended)

    def archived(self, at: Head) -> None:
        """Nothing hangs on it: what is committed is stable."""

    def clear(self, node: str, ids: Collection[int] | None = None) -> None:
        sql = "DELETE FROM parcel WHERE node = $1 AND ($2::bigint[] IS NULL OR id = ANY($2))"
        self._call(self._execute(sql, node, None if ids is None else list(ids)))

    def report(self, node: str, about: bytes, seconds: float) -> None:
        self._call(self._execute(REPORT, node, about, seconds))

    def reports(self) -> dict[str, bytes]:
        sql = "SELECT name, about FROM node WHERE until > now() ORDER BY name"
        return dict(self._call(self._rows(sql)))

    def waiting(self) -> int:
        sql = "SELECT count(*) FROM parcel WHERE outcome IS NULL"
        return int(self._call(self._value(sql)))

    def agree(self, name: str, value: bytes) -> bytes:
        return bytes(self._call(self._value(AGREE, name, value)))
