"""What customers say when they answer a question of ours: a plain yes, or a plain number.

Whoever says more than yes and thank you, or than a number, has something to say, and is heard by a
person.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from omniroute.core.conditions import Leaf, Pattern

_YES = (
    "yes|yep|yeah|yup|y|solved|it did|it does|that did it|it worked|that worked|it works(?: now)?"
    "|ja|jawohl|jup|hat geklappt|es hat geklappt|geklappt|gelöst|erledigt|es geht(?: jetzt)?"
    "|oui|ouais|c'est bon|résolu|ça marche"
    "|sí|si|resuelto|solucionado|funciona"
    "|sim|resolvido|funcionou|sì|risolto|funziona"
    "|opgelost|tak|działa|rozwiązane|ano|evet|oldu|да|так|はい|是的?|好的?|네"
)
_THANKS = (
    "thanks?(?: you)?(?: (?:very|so) much| a lot)?|thx|great|perfect|super|cheers"
    "|danke(?: schön| sehr)?|vielen dank|prima|perfekt|merci(?: beaucoup)?|parfait"
    "|(?:muchas )?gracias|perfecto|obrigad[oa]|grazie(?: mille)?|perfetto|bedankt|dank je"
    "|dziękuję|děkuji|teşekkürler|спасибо|дякую|ありがとう(?:ございます)?|谢谢|감사합니다"
)
_BETWEEN = r"[\s\p{P}\p{S}]"

SOLVED: Final = Leaf(
    -1,
    "message.text",
    Pattern(
        rf"(?i)^{_BETWEEN}*(?:(?:{_THANKS}){_BETWEEN}+)*(?:{_YES})"
        rf"(?:{_BETWEEN}+(?:{_YES}|{_THANKS}))*{_BETWEEN}*$"
    ),
)
"""The private condition that holds for a plain yes; its number is in no rule."""

FIRST_SCORE: Final = -100
"""The number of the condition that holds for a plain 0; that for 1 is one less, and so on."""

SCORES: Final = tuple(
    Leaf(
        FIRST_SCORE - score,
        "message.text",
        Pattern(rf"^\s*{score}(?:\s*/\s*(?:5|7|10))?(?:[\s.!]|[\p{{So}}\x{{FE0F}}])*$"),
    )
    for score in range(11)
)
"""One for each number that a message may consist of, and of nothing beside it: “5”, “5!”, “5/5”."""


def score_in(observed: Iterable[int]) -> int | None:
    """The number that a message consists of."""
    return next((FIRST_SCORE - leaf for leaf in observed if leaf <= FIRST_SCORE), None)
