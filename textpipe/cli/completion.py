"""`textpipe completion`"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from textpipe.cli.console import debug_option

_SHELLS = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/textpipe.fish"}


@click.command()
@click.argument("shell", type=click.Choice(tuple(_SHELLS)))
@debug_option
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    \b
    Examples:
      eval "$(textpipe completion bash)"      in ~/.bashrc
      eval "$(textpipe completion zsh)"       in ~/.zshrc
      textpipe completion fish > ~/.config/fish/completions/textpipe.fish
    """
    found = get_completion_class(shell)
    assert found is not None  # click knows the three
    if shell == "bash":
        found._check_version = staticmethod(lambda: None)  # type: ignore[attr-defined]
    script = found(context.find_root().command, {}, "textpipe", "_TEXTPIPE_COMPLETE").source()
    click.echo(script)
