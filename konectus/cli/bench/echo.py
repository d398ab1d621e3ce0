"""What the doors are measured against: the smallest FastAPI route that reads JSON and answers it."""

from typing import Any

from fastapi import FastAPI

app = FastAPI()


@app.post("/echo")
async def echo(body: dict[str, Any]) -> dict[str, Any]:
    return body
