"""What can go wrong with reports, in sentences a person reads."""


class IncidentsError(Exception):
    """The report could not be changed; what you typed is kept."""


class UnknownReportError(IncidentsError):
    """There is no such report, or it is not yours to see."""


class ThreadNotReadyError(IncidentsError):
    """This was added to a report that is not understood yet. It is kept, and tried again by itself."""


class PageEndedError(IncidentsError):
    """This page was closed, or its link renewed. Open it with the newer link or the receipt."""


class ChangedMeanwhileError(IncidentsError):
    """Something new came in since you opened this report. Read it, then send again; your text is kept."""


class NoContactError(IncidentsError):
    """Nobody could read an answer to this report: it has no usable address, and its private page is closed."""


class NothingToSendError(IncidentsError):
    """This acknowledgement was sent already, or can't be sent to this sender."""


class ShreddedBeforeError(IncidentsError):
    """This report was shredded already; nothing is left of it but that it existed."""
