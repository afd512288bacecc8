"""Articles that may answer before an agent does: proposed once, and the customer has the last word.

A thread with a proposed article waits in its queue, at its age, under a step in which nobody is
asked.  Only a plain yes resolves it.  Whatever else the customer writes, and silence until the
step's end, lets it fall through to the agents whom the rules name.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.answers import SOLVED
from omniroute.core.autoreplies import reply_by_itself
from omniroute.core.inputs import MessageReceived
from omniroute.core.model import Phase, Thread
from omniroute.core.offers import begin_step
from omniroute.core.restraint import why_quiet
from omniroute.core.rules import RuleSet
from omniroute.core.turn import Turn

DEFLECTED = "deflected"
ANSWERED = "answered"
QUIET = "quiet"


def reads(thread: Thread) -> bool:
    """Whether nobody is asked, as the customer has an article to read."""
    return bool(thread.steps and thread.steps[thread.step].article)


def propose_article(turn: Turn, thread: Thread, rules: RuleSet, rule: str) -> None:
    """Send the article of a rule, with the question whether it has helped."""
    deflection = next((r.deflect for r in rules.route if r.id == rule), None)
    if deflection is None:
        return
    if because := why_quiet(turn, thread):
        turn.explain("unsaid", thread=thread.id, reply=deflection.reply, because=because)
        _fall_through(turn, thread, QUIET)
        return
    turn.emit(e.ArticleProposed(thread.id, rule, deflection.article))
    reply_by_itself(turn, turn.thread(thread.id), deflection.reply)


def answer_article(turn: Turn, thread: Thread, message: MessageReceived) -> None:
    """Take the customer at their word: solved by a plain yes, an agent's by anything else."""
    if message.sender.verified and SOLVED.number in message.observed_under(thread.rules):
        window = turn.state.queue(thread.queue).reopen_window_ms
        turn.emit(e.ThreadSolved(thread.id, "", turn.at + window, how=DEFLECTED))
        if not window:
            turn.emit(e.ThreadClosed(thread.id))
    else:
        _fall_through(turn, thread, ANSWERED)


def _fall_through(turn: Turn, thread: Thread, because: str) -> None:
    """Ask agents now, unless the queue is closed and nobody could be asked."""
    if thread.phase is Phase.QUEUED:
        begin_step(turn, thread, turn.at, skipped=because)
