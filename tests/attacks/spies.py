"""What hostile code can see of the judge's requests from within its own process, as source for a cell."""

# Whether the step that is being carried out is not the first one of its check.
ASKED_AGAIN = """
def _asked_again():
    import sys
    frame = sys._getframe(2)
    while frame and frame.f_code.co_name != "_reply_to":
        frame = frame.f_back
    return frame is not None and frame.f_locals["number"] > 0
"""
# All arrays that lie in the frame that is being answered: the inputs of all planned checks.
ALL_INPUTS = """
def _all_inputs():
    import sys
    import numpy as np
    frame = sys._getframe(1)
    while frame and "buffers" not in frame.f_locals:
        frame = frame.f_back
    found = []
    while frame:
        if frame.f_code.co_name == "answer":
            found = [np.frombuffer(each) for each in frame.f_locals["buffers"] if each.nbytes % 8 == 0]
        frame = frame.f_back
    return found
"""
