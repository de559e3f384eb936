"""The operations the seed asks of the graph."""

from typing import Final

SIGN_UP_TENANT: Final = """
mutation ($input: SignUpTenantInput!) {
  signUpTenant(input: $input) { tenant { id } userErrors { code message } }
}"""

SIGN_IN: Final = """
mutation ($input: SignInInput!) {
  signIn(input: $input) { session { accessToken } userErrors { code message } }
}"""

PEOPLE: Final = "{ users(first: 100) { edges { node { email status } } } }"

INVITE: Final = """
mutation ($input: InviteUsersInput!) {
  inviteUsers(input: $input) { invitations { email code } userErrors { code message } }
}"""

SIGN_UP: Final = """
mutation ($input: SignUpInput!) {
  signUp(input: $input) { ready userErrors { code message } }
}"""

COURSE: Final = """
query ($slug: String!) {
  course(slug: $slug) { id status modules { items { item { id } } } }
}"""

CREATE_COURSE: Final = """
mutation ($input: CreateCourseInput!) {
  createCourse(input: $input) { course { id } userErrors { code message } }
}"""

SAVE_LESSON: Final = """
mutation ($input: SaveLessonInput!) {
  saveLesson(input: $input) { lesson { id } userErrors { code message } }
}"""

UPSERT_MODULE: Final = """
mutation ($input: UpsertModuleInput!) {
  upsertModule(input: $input) { module { id } userErrors { code message } }
}"""

PUBLISH: Final = """
mutation ($input: PublishCourseInput!) {
  publishCourse(input: $input) { course { id } userErrors { code message } }
}"""

ENROLL: Final = """
mutation ($input: EnrollInput!) {
  enroll(input: $input) { enrollment { id } userErrors { code message } }
}"""

RECORD_PROGRESS: Final = """
mutation ($input: RecordProgressInput!) {
  recordProgress(input: $input) { enrollment { id } userErrors { code message } }
}"""
