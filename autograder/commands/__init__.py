"""One module per command; each defines a click command named ``command``."""

# Modules of this package that other packages import.
FACE = ("printing",)
