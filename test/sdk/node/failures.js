// Checks of errors, retries, timeouts and cancellation, over every dialect.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { chatting, check, client, says, thrown } from './checks.js';

const kinds = {
  400: OpenAI.BadRequestError,
  403: OpenAI.PermissionDeniedError,
  404: OpenAI.NotFoundError,
  409: OpenAI.ConflictError,
  422: OpenAI.UnprocessableEntityError,
  500: OpenAI.InternalServerError,
};

const ask = (model, more = {}, options = {}) =>
  client(options).chat.completions.create({ model, messages: says('hello'), ...more });

// enveloped demands that an error has everything that clients look at.
function enveloped(e) {
  assert.deepEqual(Object.keys(e.error).sort(), ['code', 'message', 'param', 'type']);
  assert.match(e.requestID, /^req_/);
}

// broken demands that a stream that broke off does not pass for a whole one.
async function broken(model, want) {
  let text = '';
  const e = await thrown(OpenAI.APIError, async () => {
    for await (const chunk of await ask(model, { stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
      assert.equal(chunk.choices[0]?.finish_reason ?? null, null);
    }
  });
  assert.ok(`${e.message} ${e.error?.message}`.includes(want), `the message is ${e.message}, want ${want}`);
  assert.ok(text.startsWith('one') && !text.includes('eight'), `the text is ${text}`);
}

// witness answers once its engine has seen that the stream was cancelled.
async function witness(model) {
  assert.equal((await ask(model)).choices[0].message.content, 'the engine has stopped');
}

const general = {
  async 'wrong key'() {
    const e = await thrown(OpenAI.AuthenticationError, () => ask('openai/chat', {}, { apiKey: 'sk-wrong' }));
    enveloped(e);
    assert.deepEqual([e.status, e.code, e.type], [401, 'invalid_api_key', 'invalid_request_error']);
  },

  async 'unknown path'() {
    const e = await thrown(OpenAI.NotFoundError, () => client().get('/nothing'));
    enveloped(e);
    assert.equal(e.type, 'invalid_request_error');
  },

  async 'wrong method'() {
    const e = await thrown(OpenAI.APIError, () => client().get('/embeddings'));
    enveloped(e);
    assert.deepEqual([e.status, e.headers.get('allow')], [405, 'POST']);
  },

  async 'missing field'() {
    const e = await thrown(OpenAI.BadRequestError, () =>
      client().post('/chat/completions', { body: { model: 'openai/chat' } }),
    );
    enveloped(e);
    assert.deepEqual([e.code, e.param], ['missing_required_parameter', 'messages']);
  },
};

const checks = {
  async statuses(d) {
    for (const [status, kind] of Object.entries(kinds)) {
      for (const more of [{}, { stream: true }]) {
        const e = await thrown(kind, () => ask(`${d}/status-${status}`, more));
        enveloped(e);
        assert.deepEqual([e.status, e.error.message, e.param], [Number(status), 'made up', null]);
        assert.equal(e.headers.get('x-gatehouse-error-source'), 'upstream');
      }
    }
  },

  async shapeless(d) {
    const e = await thrown(OpenAI.UnprocessableEntityError, () => ask(`${d}/shapeless`));
    enveloped(e);
    assert.match(e.message, /made up/);
  },

  async 'unknown model'(d) {
    const e = await thrown(OpenAI.NotFoundError, () => ask(`${d}/nothing`));
    enveloped(e);
    assert.deepEqual([e.code, e.param, e.type], ['model_not_found', 'model', 'invalid_request_error']);
    assert.equal(e.headers.get('x-should-retry'), 'false');
  },

  // The first answer is a rate limit; the program that runs this counts.
  async retried(d) {
    const res = await ask(`${d}/flaky`, {}, { maxRetries: 2 });
    assert.equal(res.choices[0].message.content, 'You said: hello');
  },

  async 'not retried'(d) {
    const e = await thrown(OpenAI.RateLimitError, () => ask(`${d}/quota`, {}, { maxRetries: 2 }));
    enveloped(e);
    assert.deepEqual([e.code, e.type], ['insufficient_quota', 'insufficient_quota']);
    assert.equal(e.headers.get('x-should-retry'), 'false');
  },

  async timeout(d) {
    await thrown(OpenAI.APIConnectionTimeoutError, () => ask(`${d}/silent`, {}, { timeout: 500 }));
  },

  'error event': (d) => broken(`${d}/failing`, 'out of memory'),

  severed: (d) => broken(`${d}/severed`, 'complete'),

  async 'cancelled by leaving the loop'(d) {
    let words = 0;
    for await (const chunk of await ask(`${d}/endless-1`, { stream: true })) {
      if (chunk.choices[0]?.delta.content && ++words === 3) break;
    }
    assert.equal(words, 3);
    await witness(`${d}/witness-1`);
  },

  async 'cancelled by a signal'(d) {
    const control = new AbortController();
    const stream = await client().chat.completions.create(
      { model: `${d}/endless-2`, messages: says('hello'), stream: true },
      { signal: control.signal },
    );
    let words = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++words === 3) control.abort();
    }
    assert.ok(words >= 3 && words < 1000, `${words} words`);
    await witness(`${d}/witness-2`);
  },
};

export async function run() {
  for (const [name, does] of Object.entries(general)) await check(`failures: ${name}`, does);
  for (const [name, does] of Object.entries(checks)) {
    for (const d of chatting) await check(`failures: ${name}: ${d}`, () => does(d));
  }
}
