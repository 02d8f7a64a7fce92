from .terms import fusion_loss as fusion_loss
from .terms import fusion_term as fusion_term
from .terms import gate_map as gate_map
from .terms import invariance_loss as invariance_loss
from .terms import necessity_loss as necessity_loss
