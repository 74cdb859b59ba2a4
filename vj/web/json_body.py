"""The JSON that a request brings."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError


async def json_of(request: web.Request) -> Any:
    """A request's body as a value, whatever charset it claims: JSON is UTF-8, -16 or -32. Raises
    ValueError for anything else."""
    try:
        return json.loads(await request.read())
    except (RecursionError, web.RequestPayloadError, PayloadEncodingError) as error:
        raise ValueError(str(error)) from None
