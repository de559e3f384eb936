"""The one way in which starting the platform is refused."""


class CannotStart(Exception):
    """The platform cannot run; the message is one sentence for the person at the terminal.

    `details` are the last lines of the log concerned, shown below the sentence.
    """

    def __init__(self, sentence: str, *, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.details = details
