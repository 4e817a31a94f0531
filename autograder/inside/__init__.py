"""The part that runs beside the student's code.

Nothing in this folder imports anything of ours but this folder: it is the only
part of the engine that is mounted into the sandbox.
"""
