"""Effects of one's own: Python files that a show names in `effects:`, see docs/effects.md.

What such a file needs is here: the parameters that it declares in its header.
"""

from vj.effects.declared import Choice as Choice
from vj.effects.declared import Slider as Slider
from vj.effects.declared import Switch as Switch
from vj.effects.declared import Text as Text
from vj.effects.declared import Trigger as Trigger
from vj.effects.declared import Whole as Whole
