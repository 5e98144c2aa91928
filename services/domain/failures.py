"""The two failures a pure module may raise about a record; anything else is a defect and stops the process."""


class BadRecord(Exception):
    """This record can never be processed: it goes to the dead letters with this reason, and the rest goes on."""


class TryAgain(Exception):
    """Something this record needs is not there yet: nothing is committed and the record is tried again later."""
