"""The fusers of the project by name. Their classes are imported when they are looked up, not here."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A fuser of the project.

    Attributes:
        location: its class, as "module:Class" like in an entry point.
        summary: one line for lists of fusers.
    """

    location: str
    summary: str


BUILT_IN = {
    "infrared": Entry("fusion.fusers.classical:Infrared", "the infrared image alone, in grey"),
    "visible": Entry("fusion.fusers.classical:Visible", "the visible image alone"),
    "average": Entry("fusion.fusers.classical:Average", "mean of the two images, pixel by pixel"),
    "maximum": Entry("fusion.fusers.classical:Maximum", "maximum of the two images, pixel by pixel"),
    "laplacian": Entry(
        "fusion.fusers.classical:Laplacian", "Laplacian pyramid: the stronger detail at every scale (Burt 1983)"
    ),
    "wavelet": Entry("fusion.fusers.wavelet:Wavelet", "wavelet transform: the stronger detail in every band (Li 1995)"),
    "guided_filter": Entry(
        "fusion.fusers.guided:GuidedFilter", "GFF: two scales with edge-aware, saliency-based weights (Li 2013)"
    ),
    "anisotropic_diffusion": Entry(
        "fusion.fusers.diffusion:AnisotropicDiffusion",
        "ADF: edge-preserving base, detail weighted by its principal direction (Bavirisetti 2016)",
    ),
    "two_scale_saliency": Entry(
        "fusion.fusers.two_scale:TwoScaleSaliency", "TIF: two scales, detail weighted by saliency (Bavirisetti 2016)"
    ),
    "gradient_transfer": Entry(
        "fusion.fusers.gradient_transfer:GradientTransfer",
        "GTF: infrared intensities with visible gradients, by total variation (Ma 2016)",
    ),
    "false_colour": Entry(
        "fusion.fusers.false_colour:FalseColour", "red is infrared, green and blue are visible; or planes=ir,y,mean, .."
    ),
    "isfuse": Entry("fusion.fusers.learned:ISFuseFuser", "the intervention-stable fusion network"),
    "isfuse-lite": Entry("fusion.fusers.learned:ISFuseLiteFuser", "a small student of isfuse, real time on a CPU"),
    "onnx": Entry("fusion.fusers.onnx:OnnxFuser", "any network in an ONNX or OpenVINO file"),
}
