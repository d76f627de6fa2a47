"""A running service, asked from Python and by the command line: `textpipe.Client(url)`.

    connection.py   requests and answers over one kept connection: retries, limits, refusals as exceptions
    refusals.py     what the service refuses, as the exceptions that the same mistake raises here
    batches.py      documents to requests that the service takes
    client.py       the questions, records as dicts

The standard library alone, and of it nothing that takes long to load: a process of the command line that asks a service
is to be done before one that loads a dictionary has begun.
"""
