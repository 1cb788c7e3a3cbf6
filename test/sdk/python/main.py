"""Check a gateway with OpenAI's official client for Python.

Where it is and the key come from OPENAI_BASE_URL and OPENAI_API_KEY. The
gateway must have the models that the Go test beside this folder sets up.
"""

import platform
import sys

import openai

import chat
import checks
import failures
import operations

if __name__ == "__main__":
    print(f"openai {openai.__version__}, Python {platform.python_version()}", flush=True)
    chat.run()
    failures.run()
    operations.run()
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed or not checks.passed else 0)
