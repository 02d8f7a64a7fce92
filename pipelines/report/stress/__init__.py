"""A bad day: what rows score under conditions.

- `section`: of the report of a detector or segmenter, with its files and pictures.
- `scores`, `tables`: means over conditions and what is retained of the clean score, and their tables.
- `quality`: the section of a report of fused images.
"""
