"""One function a command: documents in, records out. Nothing here knows of terminals or HTTP."""
