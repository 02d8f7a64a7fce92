"""What is measured after fusion: detection (and segmentation) on folders of fused images."""
