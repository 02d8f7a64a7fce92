from .onnxruntime_session import OnnxruntimeSession as OnnxruntimeSession
from .openvino_session import ComputePrecision as ComputePrecision
from .openvino_session import OpenvinoSession as OpenvinoSession
from .session import Images as Images
from .session import Port as Port
from .session import Session as Session
