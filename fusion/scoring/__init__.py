"""Fusion metrics over folders of fused images."""
