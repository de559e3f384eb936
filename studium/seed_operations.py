"""The operations the seed asks of the graph."""

from typing import Final


def _mutation(name: str, payload: str) -> str:
    """A mutation of one field, which takes one input and tells why it was refused."""
    input_type = f"{name[0].upper()}{name[1:]}Input"
    return f"""
mutation ($input: {input_type}!) {{
  {name}(input: $input) {{ {payload} userErrors {{ code message }} }}
}}"""


SIGN_UP_TENANT: Final = _mutation("signUpTenant", "tenant { id }")
SIGN_IN: Final = _mutation("signIn", "session { accessToken }")

PEOPLE: Final = "{ users(first: 100) { edges { node { email status } } } }"
INVITE: Final = _mutation("inviteUsers", "invitations { email code }")
SIGN_UP: Final = _mutation("signUp", "ready")

COURSE: Final = """
query ($slug: String!) {
  course(slug: $slug) { id status modules { items { item { id } } } }
}"""
LESSONS: Final = """
query ($slug: String!) {
  course(slug: $slug) { modules { items { item { title } } } }
}"""
CREATE_COURSE: Final = _mutation("createCourse", "course { id }")
SAVE_LESSON: Final = _mutation("saveLesson", "lesson { id }")
UPSERT_MODULE: Final = _mutation("upsertModule", "module { id }")
PUBLISH: Final = _mutation("publishCourse", "course { id }")
ENROLL: Final = _mutation("enroll", "enrollment { id }")
RECORD_PROGRESS: Final = _mutation("recordProgress", "enrollment { id }")
