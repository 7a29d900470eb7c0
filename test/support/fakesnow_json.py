"""
fakesnow over HTTP, with results as JSON: the client of Snowflake for Node reads no Arrow.
Only the password "secret" is right.
"""

import base64
import json
import sys
from importlib import import_module

import pyarrow as pa
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

# The package has a function of the same name.
server = import_module("fakesnow.server")

REFUSED = {
    "data": None,
    "code": "390100",
    "message": "Incorrect username or password was specified.",
    "success": False,
}


async def login(request):
    body = json.loads(await request.body())
    if body["data"].get("PASSWORD") != "secret":
        return JSONResponse(REFUSED)
    return await server.login_request(request)


def text_of(value, kind):
    """As Snowflake writes a value into a result of JSON."""
    if value is None:
        return None
    if kind == "boolean":
        return "1" if value else "0"
    if kind == "date":
        return str(value.toordinal() - 719163)
    if kind == "timestamp_tz":
        return f"{value['epoch']}.{value['fraction']:09d} {value['timezone']}"
    if kind.startswith("timestamp"):
        return f"{value['epoch']}.{value['fraction']:09d}"
    return value.hex() if kind == "binary" else str(value)


def rows_of(data):
    table = pa.ipc.open_stream(base64.b64decode(data["rowsetBase64"])).read_all()
    kinds = [column["type"].lower() for column in data["rowtype"]]
    columns = [column.to_pylist() for column in table.columns]
    return [[text_of(value, kind) for value, kind in zip(row, kinds)] for row in zip(*columns)]


async def query(request):
    answer = await server.query_request(request)
    body = json.loads(answer.body)
    data = body.get("data") or {}
    if data.get("queryResultFormat") == "arrow":
        data["queryResultFormat"] = "json"
        data["rowset"] = rows_of(data) if data["rowsetBase64"] else []
        del data["rowsetBase64"]
    if "rowset" in data:
        data["returned"] = len(data["rowset"])
    return JSONResponse(body, status_code=answer.status_code)


routes = [
    Route("/session/v1/login-request", login, methods=["POST"]),
    Route("/queries/v1/query-request", query, methods=["POST"]),
    *server.routes,
]
uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
