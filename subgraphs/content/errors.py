"""What the content subgraph refuses, beyond what every subgraph does."""

from shared.errors import BadUserInput


class BlockAmbiguous(BadUserInput):
    """A block input has one field for each kind of block; exactly one says what it is."""

    default_message = "Give each block exactly one of `text`, `video` and `code`"
