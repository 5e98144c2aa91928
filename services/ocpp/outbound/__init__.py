"""Commands to requests of the CSMS, and the stations' answers back to results."""
