"""Delivery and record: owns `Course`, `Module` and `Enrollment`.

Extends `User` with enrollments, `Tenant` with its number of courses, and every `LearningItem` (through an interface
object) with the viewer's progress. What is learned stands in the content subgraph; who learns it, when and with what
result stands here.
"""
