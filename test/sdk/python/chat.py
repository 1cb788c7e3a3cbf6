"""Checks of chat completions, over every dialect."""

import base64
import json

import openai
import pydantic

from checks import CHATTING, async_client, check, client, equal, holds, raised, says

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def tool(name, argument):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": "finds out about " + name,
            "parameters": {"type": "object", "properties": {argument: {"type": "string"}}},
        },
    }


TOOLS = [tool("weather", "city"), tool("clock", "zone")]


def whole(d):
    res = client().chat.completions.create(model=d + "/chat", messages=says("hello there"))
    choice = res.choices[0]
    equal(choice.message.content, "You said: hello there", "content")
    equal((choice.finish_reason, choice.message.role, res.object), ("stop", "assistant", "chat.completion"))
    equal((res.usage.prompt_tokens, res.usage.completion_tokens, res.usage.total_tokens), (4, 4, 8), "usage")
    holds(res._request_id.startswith("req_"), f"the request id is {res._request_id}")


def streamed(d):
    text, finish, usage, last = "", None, None, None
    with client().chat.completions.create(
        model=d + "/chat", messages=says("hello there"), stream=True, stream_options={"include_usage": True}
    ) as stream:
        for chunk in stream:
            last = chunk
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
            usage = chunk.usage or usage
    equal((text, finish), ("You said: hello there", "stop"))
    equal((usage.prompt_tokens, usage.completion_tokens), (4, 4), "usage")
    equal(last.choices, [], "choices of the last chunk")


def streamed_without_usage(d):
    text = ""
    for chunk in client().chat.completions.create(model=d + "/chat", messages=says("hello"), stream=True):
        equal(chunk.usage, None, "usage that nobody asked for")
        equal(len(chunk.choices), 1, "number of choices")
        text += chunk.choices[0].delta.content or ""
    equal(text, "You said: hello")


async def asynchronous(d):
    c = async_client()
    res = await c.chat.completions.create(model=d + "/chat", messages=says("hello"))
    equal(res.choices[0].message.content, "You said: hello")
    text = ""
    async for chunk in await c.chat.completions.create(model=d + "/chat", messages=says("hello"), stream=True):
        text += chunk.choices[0].delta.content or ""
    equal(text, "You said: hello")


def helper(d):
    with client().chat.completions.stream(model=d + "/chat", messages=says("the weather"), tools=TOOLS) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    equal((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "city"}))
    holds("tool_calls.function.arguments.done" in kinds, f"the events are {kinds}")


def tools(d):
    c = client()
    messages = says("weather and clock")
    res = c.chat.completions.create(model=d + "/chat", messages=messages, tools=TOOLS)
    equal(res.choices[0].finish_reason, "tool_calls")
    calls = res.choices[0].message.tool_calls
    equal(
        [(call.type, call.function.name, json.loads(call.function.arguments)) for call in calls],
        [("function", "weather", {"city": "city"}), ("function", "clock", {"zone": "zone"})],
    )
    holds(calls[0].id and calls[0].id != calls[1].id, "the calls have no ids of their own")
    messages.append(res.choices[0].message)
    for call, result in zip(calls, ("rain", "noon")):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    res = c.chat.completions.create(model=d + "/chat", messages=messages, tools=TOOLS)
    equal((res.choices[0].message.content, res.choices[0].finish_reason), ("The tool said: rain and noon", "stop"))


def streamed_tools(d):
    calls, finish = {}, None
    for chunk in client().chat.completions.create(
        model=d + "/chat", messages=says("weather and clock"), tools=TOOLS, stream=True
    ):
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            for part in choice.delta.tool_calls or []:
                call = calls.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
                call["id"] += part.id or ""
                call["name"] += part.function.name or ""
                call["arguments"] += part.function.arguments or ""
    equal(finish, "tool_calls")
    equal(
        [(i, call["name"], json.loads(call["arguments"])) for i, call in sorted(calls.items())],
        [(0, "weather", {"city": "city"}), (1, "clock", {"zone": "zone"})],
    )


def tool_choice(d):
    c = client()
    ask = lambda text, choice: c.chat.completions.create(
        model=d + "/chat", messages=says(text), tools=TOOLS, tool_choice=choice
    )
    equal(ask("the weather", "none").choices[0].message.content, "You said: the weather")
    named = {"type": "function", "function": {"name": "clock"}}
    for choice, want in (("required", "weather"), (named, "clock")):
        if d == "ollama":
            e = raised(openai.BadRequestError, lambda: ask("hello", choice))
            equal((e.param, e.code), ("tool_choice", "unsupported_parameter"))
        else:
            equal(ask("hello", choice).choices[0].message.tool_calls[0].function.name, want)


class Place(pydantic.BaseModel):
    city: str


def schema(d):
    res = client().chat.completions.parse(model=d + "/chat", messages=says("where"), response_format=Place)
    equal(res.choices[0].message.parsed, Place(city="city"))


def image(d):
    holds(base64.b64decode(PNG).startswith(b"\x89PNG"), "the picture is none")
    content = [
        {"type": "text", "text": "look here"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
    ]
    res = client().chat.completions.create(model=d + "/chat", messages=[{"role": "user", "content": content}])
    equal(res.choices[0].message.content, "You said: look here [image]")


def reasoning(d):
    c = client()
    thought = "The user wants me to repeat what was said."
    res = c.chat.completions.create(model=d + "/chat", messages=says("hello"), reasoning_effort="low")
    equal((res.choices[0].message.content, res.choices[0].message.reasoning_content), ("You said: hello", thought))
    text, thoughts = "", ""
    for chunk in c.chat.completions.create(
        model=d + "/chat", messages=says("hello"), reasoning_effort="low", stream=True
    ):
        delta = chunk.choices[0].delta
        text += delta.content or ""
        thoughts += getattr(delta, "reasoning_content", None) or ""
    equal((text, thoughts), ("You said: hello", thought))


def ends(d):
    c = client()
    ask = lambda **p: c.chat.completions.create(model=d + "/chat", messages=says("one two three"), **p).choices[0]
    for p in ({"max_tokens": 2}, {"max_completion_tokens": 2}):
        choice = ask(**p)
        equal((choice.message.content, choice.finish_reason), ("You said:", "length"), str(p))
    for p in ({"stop": " two"}, {"stop": ["nowhere", " two"]}):
        choice = ask(**p)
        equal((choice.message.content, choice.finish_reason), ("You said: one", "stop"), str(p))


def choices(d):
    ask = lambda: client().chat.completions.create(model=d + "/chat", messages=says("hi"), n=2)
    if d == "openai":
        equal([choice.message.content for choice in ask().choices], ["You said: hi", "You said: hi [2]"])
    else:
        e = raised(openai.BadRequestError, ask)
        equal((e.param, e.code, e.type), ("n", "unsupported_parameter", "invalid_request_error"))


def logprobs(d):
    ask = lambda: client().chat.completions.create(
        model=d + "/chat", messages=says("hi"), logprobs=True, top_logprobs=2
    )
    if d == "anthropic":
        e = raised(openai.BadRequestError, ask)
        equal((e.param, e.code), ("logprobs", "unsupported_parameter"))
        return
    tokens = ask().choices[0].logprobs.content
    equal("".join(t.token for t in tokens), "You said: hi")
    equal({len(t.top_logprobs) for t in tokens}, {2}, "number of alternatives")


def raw(d):
    res = client().chat.completions.with_raw_response.create(model=d + "/chat", messages=says("hello"))
    equal(res.status_code, 200)
    equal(res.headers["x-gatehouse-model"], "own-chat")
    equal(res.parse().choices[0].message.content, "You said: hello")


def run():
    for do in (
        whole, streamed, streamed_without_usage, asynchronous, helper, tools, streamed_tools, tool_choice, schema,
        image, reasoning, ends, choices, logprobs, raw,
    ):  # fmt: skip
        for d in CHATTING:
            check(f"chat: {do.__name__.replace('_', ' ')}: {d}", do, d)
