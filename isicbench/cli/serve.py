"""`isicbench serve`: the report in a browser, while runs train."""

from contextlib import suppress
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database

PORT = 8765


def serve(
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port of 127.0.0.1; 0 is any free one.")
    ] = PORT,
    study: Annotated[
        int | None, typer.Option("--study", metavar="N", help="Only this study's runs.  [default: all runs]")
    ] = None,
    db: Database = None,
) -> None:
    """Show the report in a browser on this machine, and keep it up to date.

    While runs train, the page follows them. Prints an address that holds a token, without which nobody reads the page.
    The database is opened for reading only. Ctrl-C ends the server and nothing else.

    Needs: pip install 'isicbench[serve]'
    """
    from isicbench.serving.packages import require_packages

    require_packages()

    from isicbench.cli.console import notes, out
    from isicbench.serving.access import Access
    from isicbench.serving.live_page import LivePage
    from isicbench.serving.server import address_of, listen
    from isicbench.serving.server import serve as answer
    from isicbench.store.store import open_to_read

    store = open_to_read(db)
    if study is not None:
        store.study(study)
    access = Access()
    listening = listen(port)
    notes.print(f"Serving {store.url_shown} until Ctrl-C at", markup=False, soft_wrap=True)
    out.print(address_of(listening, access), markup=False, soft_wrap=True)
    with suppress(KeyboardInterrupt):  # which comes through or not, by how far the server has come
        answer(LivePage(store, study=study), access, listening)
    notes.print("Stopped.")


app = single(serve)
