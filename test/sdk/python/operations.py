"""Checks of everything but chat."""

import base64
import io
import math

import openai

from checks import EMBEDDING, check, client, equal, holds, raised


def vectors(d, **p):
    res = client().embeddings.create(model=d + "/chat", **p)
    equal([item.index for item in res.data], list(range(len(res.data))), "order")
    return [item.embedding for item in res.data]


def embeddings(d):
    texts = ["a", "b c", 'ü "quoted"']
    default = vectors(d, input=texts)  # the client asks for base64 and decodes it
    equal([len(v) for v in default], [8, 8, 8], "sizes")
    for v in default:
        holds(math.isclose(sum(x * x for x in v), 1, abs_tol=1e-6), f"the vector {v} is no unit")
    equal(len({tuple(v) for v in default}), 3, "number of different vectors")
    # The engines of all dialects agree on the vectors, so the gateway must too.
    equal(default, vectors("openai", input=texts), "vectors beside those of another dialect")
    floats = vectors(d, input=texts, encoding_format="float")
    for v, f in zip(default, floats):
        holds(all(math.isclose(x, y, rel_tol=1e-6) for x, y in zip(v, f)), f"{v} and {f} differ")
    packed = vectors(d, input=texts, encoding_format="base64")
    equal([len(base64.b64decode(v)) for v in packed], [32, 32, 32], "bytes")
    equal([len(v) for v in vectors(d, input=texts, dimensions=3)], [3, 3, 3], "sizes of short vectors")
    equal(vectors(d, input="a")[0], default[0], "the vector of one text")


def embeddings_refused():
    e = raised(openai.BadRequestError, lambda: vectors("anthropic", input="a"))
    equal((e.code, e.param), ("unsupported_operation", "model"))


def models():
    c = client()
    names = [m.id for m in c.models.list()]
    for name in ("openai/chat", "ollama/chat", "anthropic/chat", "tei/chat", "library/odd:8b-q4", "gpt-4o-mini"):
        holds(name in names, f"{name} is not in {names}")
        m = c.models.retrieve(name)
        equal((m.id, m.object), (name, "model"))
    equal(c.models.retrieve("library/odd:8b-q4").owned_by, "someone")
    e = raised(openai.NotFoundError, lambda: c.models.retrieve("no/such:thing"))
    equal(e.code, "model_not_found")


def alias():
    c = client()
    for name in ("gpt-4o-mini", "library/odd:8b-q4"):
        res = c.chat.completions.create(model=name, messages=[{"role": "user", "content": "hello"}])
        equal(res.choices[0].message.content, "You said: hello")


def completions():
    c = client()
    res = c.completions.create(model="openai/chat", prompt="hello", n=2)
    equal([choice.text for choice in res.choices], ["You said: hello", "You said: hello [2]"])
    texts = {}
    for chunk in c.completions.create(model="openai/chat", prompt="hello", n=2, stream=True):
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + choice.text
    equal(texts, {0: "You said: hello", 1: "You said: hello [2]"})


def responses():
    c = client()
    res = c.responses.create(model="openai/chat", input="hello there")
    equal((res.output_text, res.status), ("You said: hello there", "completed"))
    events = list(c.responses.create(model="openai/chat", input="hello there", stream=True))
    equal([e.sequence_number for e in events], list(range(len(events))), "numbers")
    equal("".join(e.delta for e in events if e.type == "response.output_text.delta"), "You said: hello there")
    equal(events[-1].type, "response.completed")
    with c.responses.stream(model="openai/chat", input="hello there") as stream:
        equal(stream.get_final_response().output_text, "You said: hello there")


def moderations():
    res = client().moderations.create(model="openai/chat", input=["violence", "tea"])
    equal([r.flagged for r in res.results], [True, False])
    equal((res.results[0].categories.violence, res.results[0].categories.hate), (True, False))


def images():
    c = client()
    made = c.images.generate(model="openai/chat", prompt="a cat", n=2)
    pictures = [base64.b64decode(item.b64_json) for item in made.data]
    equal([p[:4] for p in pictures], [b"\x89PNG", b"\x89PNG"])
    holds(pictures[0] != pictures[1], "both pictures are the same")
    edited = c.images.edit(model="openai/chat", prompt="a cat", image=("before.png", pictures[1], "image/png"))
    equal(base64.b64decode(edited.data[0].b64_json), pictures[0], "the edited picture")
    varied = c.images.create_variation(model="openai/chat", image=("before.png", pictures[1], "image/png"))
    equal(base64.b64decode(varied.data[0].b64_json)[:4], b"\x89PNG")
    events = list(c.images.generate(model="openai/chat", prompt="a cat", stream=True, partial_images=1))
    equal([e.type for e in events], ["image_generation.partial_image", "image_generation.completed"])
    equal(base64.b64decode(events[0].b64_json), pictures[0], "the partial picture")


def audio():
    c = client()
    said = c.audio.speech.create(model="openai/chat", voice="alloy", input="five words are enough here", response_format="wav")
    equal((said.content[:4], len(said.content)), (b"RIFF", 44 + 5 * 2400), "sound")
    with c.audio.speech.with_streaming_response.create(
        model="openai/chat", voice="alloy", input="five words are enough here", response_format="wav"
    ) as streamed:
        equal(b"".join(streamed.iter_bytes()), said.content, "streamed sound")
    file = lambda: ("talk.wav", io.BytesIO(said.content * 50), "audio/wav")
    text = f"I heard {len(said.content) * 50} bytes of talk.wav."
    equal(c.audio.transcriptions.create(model="openai/chat", file=file()).text, text)
    equal(c.audio.transcriptions.create(model="openai/chat", file=file(), response_format="text"), text + "\n")
    verbose = c.audio.transcriptions.create(model="openai/chat", file=file(), response_format="verbose_json")
    equal((verbose.text, len(verbose.segments)), (text, 1))
    equal(c.audio.translations.create(model="openai/chat", file=file()).text, text)
    events = list(c.audio.transcriptions.create(model="openai/chat", file=file(), stream=True))
    equal("".join(e.delta for e in events if e.type == "transcript.text.delta"), text)
    equal((events[-1].type, events[-1].text), ("transcript.text.done", text))
    e = raised(openai.NotFoundError, lambda: c.audio.transcriptions.create(model="openai/nothing", file=file()))
    equal(e.code, "model_not_found")


def run():
    for d in EMBEDDING:
        check(f"operations: embeddings: {d}", embeddings, d)
    for do in (embeddings_refused, models, alias, completions, responses, moderations, images, audio):
        check(f"operations: {do.__name__.replace('_', ' ')}", do)
