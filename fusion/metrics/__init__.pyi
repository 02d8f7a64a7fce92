from .catalogue import CONVENTIONS as CONVENTIONS
from .catalogue import SUITES as SUITES
from .catalogue import choose_metrics as choose_metrics
from .catalogue import measure as measure
from .filters import gaussian as gaussian
from .triplet import Triplet as Triplet
