"""Update maps made of gradients, and the orders in which they can be composed."""

from .averaging import ema_orbit, polyak_orbit
from .end_to_end import end_to_end_direction, end_to_end_map
from .gradient import (
    adam_map,
    adam_state,
    momentum_map,
    momentum_state,
    position,
    sgd_map,
    sgd_maps,
)
from .order import (
    append_linearisation,
    block_backward_orbit,
    head_polish,
    lie_bracket,
    lie_bracket_correction,
    linearised_composition,
    palindromic_average,
)

__all__ = [
    "adam_map",
    "adam_state",
    "append_linearisation",
    "block_backward_orbit",
    "ema_orbit",
    "end_to_end_direction",
    "end_to_end_map",
    "head_polish",
    "lie_bracket",
    "lie_bracket_correction",
    "linearised_composition",
    "momentum_map",
    "momentum_state",
    "palindromic_average",
    "polyak_orbit",
    "position",
    "sgd_map",
    "sgd_maps",
]
