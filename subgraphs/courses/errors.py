"""What the courses subgraph refuses."""

from shared.errors import Refusal


class SlugTaken(Refusal):
    code = "SLUG_TAKEN"
    default_message = "Another course has this slug"


class AlreadyPublished(Refusal):
    code = "ALREADY_PUBLISHED"
    default_message = "The course is already published"


class CourseEmpty(Refusal):
    code = "COURSE_EMPTY"
    default_message = "A course needs at least one item before it can be published"


class CourseNotPublished(Refusal):
    code = "COURSE_NOT_PUBLISHED"
    default_message = "Nobody can enrol before the course is published"


class ItemNotInCourse(Refusal):
    code = "ITEM_NOT_IN_COURSE"
    default_message = "The course has no such item"
