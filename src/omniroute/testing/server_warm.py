"""What a server imports, imported once: see `omniroute.testing.server_process`."""

import networkx as nx  # noqa: F401 - the core asks for it late
import uvicorn.lifespan.off
import uvicorn.protocols.http.httptools_impl
import uvicorn.protocols.websockets.auto  # noqa: F401

import omniroute.cli.serve  # noqa: F401
from omniroute.server.composition import load_plugins

plugins = load_plugins()
plugins.channels()
plugins.desks()
