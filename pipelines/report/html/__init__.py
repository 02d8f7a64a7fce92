"""The report as one HTML page that holds everything it needs."""
