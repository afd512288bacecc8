"""Three days at the desk: who writes, what becomes of it, and when agents are there."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import partial
from typing import Final

from omniroute.core.effects import Present
from omniroute.core.model import AgentId, Phase, Status, ThreadId
from omniroute.demo.script import JOE, JOES, MATTERS, Customer, Matter, said
from omniroute.demo.stage import DAY, HOUR, MINUTE, Stage

DAYS: Final = 3
STAFFED: Final = 12  # hours a day
LATE: Final = 20  # o'clock, here; unless the visitor comes at night
EARLY: Final = LATE - STAFFED
BUSY: Final = "I have two calls at once, please ask somebody else."
AFTERTHOUGHT: Final = 0.12  # of the customers come back with something else


class Hours:
    """When the desk is staffed: by day, or, when it is night now, in the hours until now."""

    def __init__(self, now: int, zone: tzinfo) -> None:
        local = datetime.fromtimestamp(now / 1000, zone)
        if EARLY + 2 <= local.hour < LATE:
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            self.end = int(midnight.timestamp() * 1000) + LATE * HOUR
        else:
            self.end = now + HOUR

    def staffed(self, moment: int) -> bool:
        """Whether somebody is there."""
        return (self.end - moment) % DAY <= STAFFED * HOUR


class Days:
    """The course of things, up to the hour that the visitor finds."""

    def __init__(
        self, stage: Stage, team: list[AgentId], hours: Hours, chance: random.Random
    ) -> None:
        self._stage, self._team, self._hours, self._chance = stage, team, hours, chance
        self._matters: dict[ThreadId, Matter] = {}
        self._answered: set[ThreadId] = set()
        self._over = False  # nobody thinks of anything else any more

    def play(self, people: list[Customer], until: int, progress: Callable[[], None]) -> None:
        """Everybody's matters, from three days ago on; at *until* nothing is left open."""
        self._stage.offered = self._offered
        self._rota(self._stage.clock.at, until)
        for person in people:
            moment = self._hours.end - DAY - 3 * HOUR if person == JOE else self._moment(until)
            self._stage.at(moment, partial(self._begins, person))
        self._stage.run(until - 40 * MINUTE, progress)
        self._over = True
        self._stage.run(until, progress)
        self._tidy()

    def _rota(self, begin: int, until: int) -> None:
        """Everybody comes in the morning and goes in the evening, give or take."""
        stage = self._stage
        for agent in self._team:
            if self._hours.staffed(begin):
                stage.at(begin, partial(self._comes, agent))
            for back in range(DAYS + 1):
                go = self._hours.end - back * DAY + self._minutes(0, 20)
                come = go - STAFFED * HOUR
                if begin < come < until:
                    stage.at(come, partial(self._comes, agent))
                if begin < go < until:
                    stage.at(go, partial(self._goes, agent))

    def _moment(self, until: int) -> int:
        """When somebody writes: seldom at night."""
        while True:
            back = self._chance.uniform(80 * MINUTE, DAYS * DAY - 4 * HOUR)
            moment = until - int(back)
            if self._hours.staffed(moment) or self._chance.random() < 0.1:
                return moment

    def _comes(self, agent: AgentId) -> None:
        self._stage.declare(agent, Status.ONLINE)

    def _goes(self, agent: AgentId) -> None:
        self._stage.declare(agent, Status.OFFLINE)

    # --- a matter ---

    def _begins(self, person: Customer) -> None:
        matter = self._chance.choice(MATTERS[person.language])
        channel = self._chance.choice(("email", "email", "webchat"))
        if person == JOE:
            matter, channel = JOES, "webchat"
        text = said(matter.asks, person)
        id = self._stage.write(person, channel, said(matter.subject, person), text)
        self._matters[id] = matter
        self._answered.discard(id)

    def _offered(self, offered: Present) -> None:
        wait = self._chance.uniform(0.2, 1.5)
        self._stage.after(wait, partial(self._takes, offered))

    def _takes(self, offered: Present) -> None:
        stage, id, agent = self._stage, offered.thread, offered.agent
        if stage.offer(offered) is None:
            return None
        if stage.customer(id) != JOE and self._chance.random() < 0.04:
            return stage.decline(offered, BUSY)
        stage.accept(offered)
        return self._has(agent, id)

    def _has(self, agent: AgentId, id: ThreadId) -> None:
        """What comes of it: a note perhaps, a handing over perhaps, an answer."""
        chance, stage, matter = self._chance, self._stage, self._matters.get(id)
        if matter is None or id in self._answered:
            return stage.after(chance.uniform(1, 6), partial(self._resolves, agent, id))
        if matter.note and chance.random() < 0.5:
            stage.after(chance.uniform(1, 2), partial(self._notes, agent, id, matter))
        if matter.hand_over and chance.random() < 0.4:
            return stage.after(chance.uniform(2, 5), partial(self._hands_over, agent, id, matter))
        return stage.after(chance.uniform(3, 20), partial(self._answers, agent, id, matter))

    def _notes(self, agent: AgentId, id: ThreadId, matter: Matter) -> None:
        by = self._stage.customer(id)
        if by is not None and self._stage.has(agent, id):
            self._stage.note(agent, id, said(matter.note, by))

    def _hands_over(self, agent: AgentId, id: ThreadId, matter: Matter) -> None:
        thread = self._stage.thread(id)
        if thread is None or not self._stage.has(agent, id) or matter.hand_over is None:
            return
        why, queue = matter.hand_over
        if thread.queue == queue:
            self._answers(agent, id, matter)
        else:
            self._stage.transfer(agent, id, why, queue=queue)

    def _answers(self, agent: AgentId, id: ThreadId, matter: Matter) -> None:
        by, chance = self._stage.customer(id), self._chance
        if by is None or not self._stage.has(agent, id):
            return
        self._stage.reply(agent, id, said(matter.answer, by))
        self._answered.add(id)
        if chance.random() < 0.6:
            self._stage.after(chance.uniform(3, 50), partial(self._thanks, by, id, matter))
        self._stage.after(chance.uniform(15, 45), partial(self._resolves, agent, id))

    def _thanks(self, by: Customer, id: ThreadId, matter: Matter) -> None:
        thread = self._stage.thread(id)
        elsewhere = self._chance.random() < 0.3  # asked in the chat, thanks by mail
        channel = "webchat" if thread and thread.channel == "webchat" else "email"
        if self._matters.get(id) is matter and not self._over:
            channel = "email" if elsewhere else channel
            self._stage.write(by, channel, f"Re: {said(matter.subject, by)}", matter.thanks)

    def _resolves(self, agent: AgentId, id: ThreadId) -> None:
        by, chance = self._stage.customer(id), self._chance
        if not self._stage.has(agent, id):
            return
        self._stage.resolve(agent, id)
        if by is not None and by != JOE and chance.random() < AFTERTHOUGHT:
            self._stage.after(chance.uniform(6, 30) * 60, partial(self._again, by))

    def _again(self, by: Customer) -> None:
        if not self._over:
            self._begins(by)

    # --- the end ---

    def _minutes(self, least: float, most: float) -> int:
        return int(self._chance.uniform(least, most) * MINUTE)

    def _tidy(self) -> None:
        """Whoever still has something finishes it, so that the scene begins with an empty desk."""
        for thread in self._stage.threads():
            if thread.phase is not Phase.RESOLVED:
                agent = thread.agent or "emeka"  # a lead may
                self._stage.resolve(agent, thread.id)
