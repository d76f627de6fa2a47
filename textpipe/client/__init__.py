"""A running service, asked from Python and by the command line: `textpipe.Client(url)`.

    http.py         HTTP/1.1 over a socket, as much of it as this needs
    connection.py   questions and answers: a line a thread, busy services asked again, errors in a line
    refusals.py     what the service refuses, as the exceptions that the same mistake raises here
    batches.py      documents to requests that the service takes
    client.py       the questions, records as dicts

The standard library alone, and of it nothing that takes long to load: a process of the command line that asks a service
is to be done before one that loads a dictionary has begun.
"""
