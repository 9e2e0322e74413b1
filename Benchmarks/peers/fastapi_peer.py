"""The same documents from FastAPI with redis.asyncio: from Redis, else from PostgreSQL.

What is cached is the JSON that is sent, and it is sent as it is.
"""

import contextlib
import os

import asyncpg
from fastapi import FastAPI, HTTPException, Request, Response
from redis.asyncio import Redis

redis = Redis.from_url(os.environ["REDIS_URL"])


@contextlib.asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1) as app.state.database:
        yield
    await redis.aclose()


app = FastAPI(lifespan=lifespan)


@app.get("/api/v1/{rest:path}")
async def document(rest: str, request: Request):
    path = request.url.path
    if request.url.query:
        path += f"?{request.url.query}"
    body = await redis.get(path)
    if body is None:
        text = await app.state.database.fetchval("SELECT body FROM peer_documents WHERE path = $1", path)
        if text is None:
            raise HTTPException(404)
        body = text.encode()
        await redis.set(path, body)
    return Response(body, media_type="application/json")
