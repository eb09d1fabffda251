"""What can go wrong with reports, in sentences a person reads."""


class IncidentsError(Exception):
    """The report could not be changed; what you typed is kept."""


class UnknownReportError(IncidentsError):
    """There is no such report, or it is not yours to see."""


class ThreadNotReadyError(IncidentsError):
    """This was added to a report that is not understood yet. It is kept, and tried again by itself."""


class ChangedMeanwhileError(IncidentsError):
    """Something new came in since you opened this report. Read it, then send again; your text is kept."""


class NoContactError(IncidentsError):
    """This report has no address to answer to."""


class NothingToSendError(IncidentsError):
    """This acknowledgement was sent already, or can't be sent to this sender."""
