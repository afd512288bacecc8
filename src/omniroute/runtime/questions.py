"""What a survey asks, as a channel is given it where one press answers."""

from __future__ import annotations

from datetime import UTC, datetime

from omniroute.channel import Choice, Question
from omniroute.core.conditions import base
from omniroute.core.rules import RuleSet, SurveyRule
from omniroute.core.surveys import SCALES
from omniroute.rules.replies import reply_text
from omniroute.rules.surveys import words


def question(rules: RuleSet, survey: SurveyRule, language: str, at: int, until: int) -> Question:
    """What a survey asks, for channels where one press answers it; *at* and *until* in ms."""
    said = words()[base(language)]
    measure, scale = survey.measure, SCALES[survey.measure]
    means = {scale[0]: said[f"low_{measure}"], scale[-1]: said[f"high_{measure}"]}
    more = reply_text(rules, survey.more, language, at)[0] if survey.more else ""
    return Question(
        tuple(Choice(str(score), means.get(score, "")) for score in scale),
        datetime.fromtimestamp(until / 1000, UTC),
        more,
        reply_text(rules, survey.thanks, language, at)[0],
        base(language),
        said["instead"].format(least=scale[0], most=scale[-1]),
    )
