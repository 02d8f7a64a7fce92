"""Fuse infrared and visible images."""
