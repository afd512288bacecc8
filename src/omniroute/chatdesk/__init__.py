"""A desk in a chat: what every platform's desk has in common, so that each brings its calls alone.

A platform's plugin brings a `Surface` (post, edit, mark, open a place) and says what agents did
(`Wrote`, `Pressed`); the `ChatDesk` shows cards, keeps each thread's place in step with the thread,
turns words and buttons into acts at the `Door`, holds an answer while it can be taken back, and
says what became of it.
"""

from omniroute.chatdesk.desk import ChatDesk
from omniroute.chatdesk.surface import Attached, Button, Mark, Place, Pressed, Surface, Wrote
from omniroute.chatdesk.words import line as line_in_words
from omniroute.chatdesk.words import stands as standing_in_words
from omniroute.chatdesk.words import told as told_in_words
from omniroute.chatdesk.words import withdrawn as withdrawal_in_words

__all__ = [
    "Attached", "Button", "ChatDesk", "Mark", "Place", "Pressed", "Surface", "Wrote",
    "line_in_words", "standing_in_words", "told_in_words", "withdrawal_in_words",
]  # fmt: skip
