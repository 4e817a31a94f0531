"""Known mistakes of lstm, cheats, and correct variants that must pass."""

from autograder.mistakes import edit, mistake
from solutions import lstm as reference

sigmoid_candidate = mistake(
    edit(reference.lstm_cell_forward, "np.tanh(g), _sigmoid(o)", "_sigmoid(g), _sigmoid(o)"),
    edit(reference.lstm_cell_backward, "arrives * i * (1 - g**2)", "arrives * i * g * (1 - g)"),
    says="Your candidate is a sigmoid; it is a tanh, so that memory can also be taken away.",
    hint="Which of the four is no valve?",
)
