"""What the checks share: their names, their verdicts, and the client.

The client is set up by OPENAI_BASE_URL and OPENAI_API_KEY alone, as a program
that was written for OpenAI's service would be.
"""

import asyncio
import traceback

import openai

# The dialects of the endpoints behind the gateway: each model is called
# dialect/name.
CHATTING = ("openai", "ollama", "anthropic")
EMBEDDING = ("openai", "ollama", "tei")

passed = 0
failed = 0


def check(name, do, *args):
    """Run one check and print its verdict."""
    global passed, failed
    try:
        result = do(*args)
        if asyncio.iscoroutine(result):
            asyncio.run(asyncio.wait_for(result, 30))
    except Exception:
        failed += 1
        print(f"FAIL {name}", flush=True)
        print("     " + traceback.format_exc().strip().replace("\n", "\n     "), flush=True)
    else:
        passed += 1
        print(f"ok   {name}", flush=True)


def equal(got, want, what="value"):
    """Demand that a value is what it has to be."""
    if got != want:
        raise AssertionError(f"{what} is {got!r}, want {want!r}")


def holds(condition, what):
    """Demand that something is so."""
    if not condition:
        raise AssertionError(what)


def raised(kind, do):
    """Return the exception of a kind that a call raises."""
    try:
        result = do()
    except kind as e:
        return e
    raise AssertionError(f"nothing was raised, the result is {result!r}")


def client(**options):
    """The client, with a timeout so that a defect shows soon."""
    return openai.OpenAI(**{"timeout": 10, "max_retries": 0, **options})


def async_client(**options):
    """The asynchronous client."""
    return openai.AsyncOpenAI(**{"timeout": 10, "max_retries": 0, **options})


def says(text):
    """A conversation of five words less those of the text."""
    return [{"role": "system", "content": "be kind"}, {"role": "user", "content": text}]
