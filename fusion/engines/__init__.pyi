from .session import Backend as Backend
from .session import ComputePrecision as ComputePrecision
from .session import Images as Images
from .session import Port as Port
from .session import Session as Session
from .session import open_model as open_model
