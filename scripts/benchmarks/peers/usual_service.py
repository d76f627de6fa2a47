"""Keywords over HTTP as one writes them at first: FastAPI and jieba.analyse."""

from __future__ import annotations

import jieba
import jieba.analyse
from fastapi import FastAPI
from pydantic import BaseModel

jieba.initialize()
app = FastAPI()


class Body(BaseModel):
    text: str
    top: int = 20


class Keyword(BaseModel):
    text: str
    score: float


class Keywords(BaseModel):
    keywords: list[Keyword]


def found(body: Body) -> Keywords:
    tags = jieba.analyse.extract_tags(body.text, topK=body.top, withWeight=True)
    return Keywords(keywords=[Keyword(text=word, score=score) for word, score in tags])


@app.post("/threads/keywords")
def in_threads(body: Body) -> Keywords:
    return found(body)


@app.post("/loop/keywords")
async def in_the_loop(body: Body) -> Keywords:
    return found(body)
