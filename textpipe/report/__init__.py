"""Pictures and HTML from records: one self-contained page a report, that fetches nothing and runs offline."""
