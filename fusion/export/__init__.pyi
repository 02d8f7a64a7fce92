from .export import ExportPrecision as ExportPrecision
from .export import Form as Form
from .export import export_fuser as export_fuser
