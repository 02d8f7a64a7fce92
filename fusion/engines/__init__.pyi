from .external_data import weight_files as weight_files
from .loading import Backend as Backend
from .loading import open_model as open_model
from .session import ComputePrecision as ComputePrecision
from .session import Images as Images
from .session import Port as Port
