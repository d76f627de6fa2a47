"""`python -m textpipe`, and what the console script calls."""

import gc
import signal


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while modules are imported
    gc.set_threshold(10_000)  # modules are no garbage: looking through them takes a tenth of a short command's time
    from textpipe.cli.process import main as run

    run()


if __name__ == "__main__":
    main()
