"""What people are told: owns `Notification`; extends `User` with the inbox.

A notification is stored first. Who is listening is then woken through the hub, and reads it like everybody else.
"""
