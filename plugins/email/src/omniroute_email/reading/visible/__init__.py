"""What the author of a message newly wrote, apart from quotations and signatures."""

from omniroute_email.reading.visible.cut import Visible, cut

__all__ = ["Visible", "cut"]
