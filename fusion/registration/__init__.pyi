from .transform import Frame as Frame
from .transform import Registration as Registration
from .transform import load_registration as load_registration
from .transform import transform_points as transform_points
from .warping import crop_visible as crop_visible
from .warping import warp_infrared as warp_infrared
from .warping import warp_mask as warp_mask
