"""Artifacts on disk: found by how they were made, published whole or not at all. Standard library only.

    .textpipe/  format   objects/<kind>/<id>/{manifest.json, …}   refs/<kind>/<name>   work/<id>/   tmp/   locks/

An artifact is an immutable folder; its id is a digest of its recipe. Correct is what one rename makes: builders work in
`tmp/`, and the folder appears under its name complete and durable. Locks only save duplicate work.
"""
