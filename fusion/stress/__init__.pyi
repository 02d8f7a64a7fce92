from .conditions import ALL as ALL
from .conditions import CONDITIONS as CONDITIONS
from .conditions import Condition as Condition
from .conditions import parse_conditions as parse_conditions
from .pairs import disturb as disturb
