"""The operations of the command line over HTTP, and the page where people try them.

    settings.py     what may be set
    supervisor.py   one process that holds the socket and keeps the workers alive
    worker.py       one worker: event loop, protocol, application
    connections.py  those of a worker
    protocol.py     a connection: what a request may be, how large; deadlines.py how long it may take, exchange.py one
                    request and its answer as ASGI has them, outbox.py sends them, wire.py what they all carry
    admission.py    who may ask: hosts, origins, tokens, methods, content types; guard.py around the routes: what is
                    refused; shedding.py refuses what is too much
    logs.py         one line of JSON a request; strict_json.py what JSON may be
    app.py          the routes
    endpoints.py    what each of them does: a body in, records out, by the functions of operations/
    fields.py       the fields of requests: by this table bodies.py checks them and openapi.py describes them
    streams.py      answers of many texts, in parts; maps.py maps of embeddings, each made once
    artifact_routes.py  what lies in the store
    artifacts.py    artifacts by name, loaded when they are asked for, changed when a name moves
    garbage.py      keeps what stays from the garbage collector
    work.py         where work runs: here, in a thread, in batches; how much of it may wait
    page/           the page

Starlette on uvicorn: a route is a line and a handler gets bytes, so that bodies are read once, by our own rules, and
described by the same table as the records of the command line. FastAPI would check them a second time.
"""
