"""Definitions and knowledge: owns the interface `LearningItem` and its first implementation, `Lesson`.

Lessons are documents; what is found in them is kept in a search index and a vector index, both of which can be rebuilt
from the documents at any time.
"""
