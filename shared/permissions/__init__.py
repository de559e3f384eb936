"""What people may do, and where: permissions by name, places where they are held, and the one decision over both.

A permission held in the whole tenant stands in the access token, as a scope. One that is held at an org unit, a course
or a section comes from `shared.permissions.feed`. `shared.permissions.decisions` decides over both, by the policies
beside it.
"""
