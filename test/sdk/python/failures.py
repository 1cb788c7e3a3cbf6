"""Checks of errors, retries, timeouts and cancellation, over every dialect."""

import asyncio

import openai

from checks import CHATTING, async_client, check, client, equal, holds, raised, says

KINDS = {
    400: openai.BadRequestError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    500: openai.InternalServerError,
}


def ask(model, c=None, **p):
    return (c or client()).chat.completions.create(model=model, messages=says("hello"), **p)


def enveloped(e):
    """Demand that an error has everything that clients look at."""
    equal(sorted(e.body), ["code", "message", "param", "type"], "keys of the error")
    holds(e.request_id.startswith("req_"), f"the request id is {e.request_id}")


def statuses(d):
    for status, kind in KINDS.items():
        for p in ({}, {"stream": True}):
            e = raised(kind, lambda: ask(f"{d}/status-{status}", **p))
            enveloped(e)
            equal((e.status_code, e.body["message"], e.param), (status, "made up", None))
            equal(e.response.headers["x-gatehouse-error-source"], "upstream")


def shapeless(d):
    e = raised(openai.UnprocessableEntityError, lambda: ask(d + "/shapeless"))
    enveloped(e)
    holds("made up" in e.message, f"the message is {e.message}")


def unknown_model(d):
    e = raised(openai.NotFoundError, lambda: ask(d + "/nothing"))
    enveloped(e)
    equal((e.code, e.param, e.type), ("model_not_found", "model", "invalid_request_error"))
    equal(e.response.headers["x-should-retry"], "false")


def wrong_key():
    e = raised(openai.AuthenticationError, lambda: ask("openai/chat", client(api_key="sk-wrong")))
    enveloped(e)
    equal((e.status_code, e.code, e.type), (401, "invalid_api_key", "invalid_request_error"))


def unknown_path():
    e = raised(openai.NotFoundError, lambda: client().get("/nothing", cast_to=object))
    enveloped(e)
    equal(e.type, "invalid_request_error")


def wrong_method():
    e = raised(openai.APIStatusError, lambda: client().get("/embeddings", cast_to=object))
    enveloped(e)
    equal((e.status_code, e.response.headers["allow"]), (405, "POST"))


def missing_field():
    e = raised(openai.BadRequestError, lambda: client().post("/chat/completions", cast_to=object, body={"model": "openai/chat"}))
    enveloped(e)
    equal((e.code, e.param), ("missing_required_parameter", "messages"))


def retried(d):
    # The first answer is a rate limit; the program that runs this counts.
    equal(ask(d + "/flaky", client(max_retries=2)).choices[0].message.content, "You said: hello")


def not_retried(d):
    e = raised(openai.RateLimitError, lambda: ask(d + "/quota", client(max_retries=2)))
    enveloped(e)
    equal((e.code, e.type), ("insufficient_quota", "insufficient_quota"))
    equal(e.response.headers["x-should-retry"], "false")


def timeout(d):
    raised(openai.APITimeoutError, lambda: ask(d + "/silent", client(timeout=0.5)))


def broken(model, want):
    text = ""
    try:
        for chunk in ask(model, stream=True):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                equal(choice.finish_reason, None, "finish reason of a broken stream")
    except openai.APIError as e:
        holds(want in e.message, f"the message is {e.message}, want {want}")
        holds(text.startswith("one") and "eight" not in text, f"the text is {text}")
        return
    raise AssertionError(f"a broken stream ended well after {text}")


def error_event(d):
    broken(d + "/failing", "out of memory")


def severed(d):
    broken(d + "/severed", "complete")


def witness(model):
    # It answers once its engine has seen that the stream was cancelled.
    equal(ask(model).choices[0].message.content, "the engine has stopped")


def cancelled_by_closing(d):
    stream = ask(d + "/endless-1", stream=True)
    words = 0
    for chunk in stream:
        words += sum(bool(choice.delta.content) for choice in chunk.choices)
        if words == 3:
            break
    stream.close()
    witness(d + "/witness-1")


async def cancelled_task(d):
    begun = asyncio.Event()

    async def read():
        async for chunk in await async_client().chat.completions.create(
            model=d + "/endless-2", messages=says("hello"), stream=True
        ):
            if any(choice.delta.content for choice in chunk.choices):
                begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("an endless stream has ended")
    await asyncio.to_thread(witness, d + "/witness-2")


def run():
    for do in (wrong_key, unknown_path, wrong_method, missing_field):
        check(f"failures: {do.__name__.replace('_', ' ')}", do)
    for do in (
        statuses, shapeless, unknown_model, retried, not_retried, timeout, error_event, severed,
        cancelled_by_closing, cancelled_task,
    ):  # fmt: skip
        for d in CHATTING:
            check(f"failures: {do.__name__.replace('_', ' ')}: {d}", do, d)
