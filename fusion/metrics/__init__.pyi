from .catalogue import CONVENTIONS as CONVENTIONS
from .catalogue import SUITES as SUITES
from .measure import choose_metrics as choose_metrics
from .measure import measure as measure
from .triplet import Triplet as Triplet
from .windows import gaussian as gaussian
