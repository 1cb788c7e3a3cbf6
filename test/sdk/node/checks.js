// What the checks share: their names, their verdicts, and the client.
//
// The client is set up by OPENAI_BASE_URL and OPENAI_API_KEY alone, as a program
// that was written for OpenAI's service would be.

import assert from 'node:assert/strict';
import OpenAI from 'openai';

// The dialects of the endpoints behind the gateway: each model is called
// dialect/name.
export const chatting = ['openai', 'ollama', 'anthropic'];
export const embedding = ['openai', 'ollama', 'tei'];

export const count = { passed: 0, failed: 0 };

// check runs one check and prints its verdict.
export async function check(name, run) {
  try {
    await run();
    count.passed++;
    console.log(`ok   ${name}`);
  } catch (e) {
    count.failed++;
    console.log(`FAIL ${name}\n     ${String(e?.stack ?? e).replaceAll('\n', '\n     ')}`);
  }
}

// client is the client, with a timeout so that a defect shows soon.
export function client(options = {}) {
  return new OpenAI({ timeout: 10_000, maxRetries: 0, ...options });
}

// says is a conversation.
export function says(text) {
  return [
    { role: 'system', content: 'be kind' },
    { role: 'user', content: text },
  ];
}

// thrown returns the error of a class that a call rejects with.
export async function thrown(kind, run) {
  let result;
  try {
    result = await run();
  } catch (e) {
    assert.ok(e instanceof kind, `want ${kind.name}, got ${e?.stack ?? e}`);
    return e;
  }
  assert.fail(`nothing was thrown, the result is ${JSON.stringify(result)}`);
}

// collect reads a stream to its end.
export async function collect(stream) {
  const all = [];
  for await (const item of await stream) all.push(item);
  return all;
}
