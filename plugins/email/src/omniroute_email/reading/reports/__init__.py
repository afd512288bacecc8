"""Mail about mail: what could not be delivered, what is late, and who complained."""

from omniroute_email.reading.reports.report import Failure, Kind, Report, find

__all__ = ["Failure", "Kind", "Report", "find"]
