// Checks of chat completions, over every dialect.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { chatting, check, client, collect, says, thrown } from './checks.js';

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const tool = (name, argument) => ({
  type: 'function',
  function: {
    name,
    description: `finds out about ${name}`,
    parameters: { type: 'object', properties: { [argument]: { type: 'string' } } },
  },
});
const tools = [tool('weather', 'city'), tool('clock', 'zone')];

const ask = (d, text, more = {}) =>
  client().chat.completions.create({ model: `${d}/chat`, messages: says(text), ...more });
const content = (chunks) => chunks.map((c) => c.choices[0]?.delta.content ?? '').join('');

const checks = {
  async whole(d) {
    const { data, response, request_id: id } = await client()
      .chat.completions.create({ model: `${d}/chat`, messages: says('hello there') })
      .withResponse();
    const [choice] = data.choices;
    assert.equal(choice.message.content, 'You said: hello there');
    assert.deepEqual([choice.finish_reason, choice.message.role, data.object], ['stop', 'assistant', 'chat.completion']);
    assert.deepEqual([data.usage.prompt_tokens, data.usage.completion_tokens, data.usage.total_tokens], [4, 4, 8]);
    assert.match(id, /^req_/);
    assert.equal(response.headers.get('x-gatehouse-model'), 'own-chat');
  },

  async streamed(d) {
    const chunks = await collect(ask(d, 'hello there', { stream: true, stream_options: { include_usage: true } }));
    const last = chunks.at(-1);
    assert.equal(content(chunks), 'You said: hello there');
    assert.deepEqual(last.choices, []);
    assert.deepEqual([last.usage.prompt_tokens, last.usage.completion_tokens], [4, 4]);
    assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
  },

  async 'streamed without usage'(d) {
    const chunks = await collect(ask(d, 'hello', { stream: true }));
    assert.equal(content(chunks), 'You said: hello');
    for (const chunk of chunks) {
      assert.equal(chunk.usage ?? null, null);
      assert.equal(chunk.choices.length, 1);
    }
  },

  async helper(d) {
    const stream = client().chat.completions.stream({ model: `${d}/chat`, messages: says('the weather'), tools });
    const text = [];
    stream.on('content', (piece) => text.push(piece));
    const { choices } = await stream.finalChatCompletion();
    const call = choices[0].message.tool_calls[0].function;
    assert.deepEqual([call.name, JSON.parse(call.arguments), text], ['weather', { city: 'city' }, []]);
  },

  async tools(d) {
    const messages = says('weather and clock');
    const res = await client().chat.completions.create({ model: `${d}/chat`, messages, tools });
    const { message, finish_reason: finish } = res.choices[0];
    assert.equal(finish, 'tool_calls');
    const calls = message.tool_calls;
    assert.deepEqual(
      calls.map((c) => [c.type, c.function.name, JSON.parse(c.function.arguments)]),
      [
        ['function', 'weather', { city: 'city' }],
        ['function', 'clock', { zone: 'zone' }],
      ],
    );
    assert.ok(calls[0].id && calls[0].id !== calls[1].id);
    messages.push(message);
    for (const [i, result] of ['rain', 'noon'].entries()) {
      messages.push({ role: 'tool', tool_call_id: calls[i].id, content: result });
    }
    const next = await client().chat.completions.create({ model: `${d}/chat`, messages, tools });
    assert.equal(next.choices[0].message.content, 'The tool said: rain and noon');
    assert.equal(next.choices[0].finish_reason, 'stop');
  },

  async 'streamed tools'(d) {
    const calls = [];
    let finish;
    for await (const chunk of await ask(d, 'weather and clock', { tools, stream: true })) {
      finish = chunk.choices[0].finish_reason ?? finish;
      for (const part of chunk.choices[0].delta.tool_calls ?? []) {
        const call = (calls[part.index] ??= { name: '', arguments: '' });
        call.name += part.function.name ?? '';
        call.arguments += part.function.arguments ?? '';
      }
    }
    assert.equal(finish, 'tool_calls');
    assert.deepEqual(
      calls.map((c) => [c.name, JSON.parse(c.arguments)]),
      [
        ['weather', { city: 'city' }],
        ['clock', { zone: 'zone' }],
      ],
    );
  },

  async 'run tools'(d) {
    const asked = [];
    const runner = client().chat.completions.runTools({
      model: `${d}/chat`,
      messages: says('the weather'),
      tools: [
        {
          type: 'function',
          function: {
            ...tools[0].function,
            parse: JSON.parse,
            function: ({ city }) => {
              asked.push(city);
              return 'rain';
            },
          },
        },
      ],
    });
    assert.equal(await runner.finalContent(), 'The tool said: rain');
    assert.deepEqual(asked, ['city']);
  },

  async 'tool choice'(d) {
    const res = await ask(d, 'the weather', { tools, tool_choice: 'none' });
    assert.equal(res.choices[0].message.content, 'You said: the weather');
    const named = { type: 'function', function: { name: 'clock' } };
    for (const [choice, want] of [['required', 'weather'], [named, 'clock']]) {
      const run = () => ask(d, 'hello', { tools, tool_choice: choice });
      if (d === 'ollama') {
        const e = await thrown(OpenAI.BadRequestError, run);
        assert.deepEqual([e.param, e.code], ['tool_choice', 'unsupported_parameter']);
      } else {
        assert.equal((await run()).choices[0].message.tool_calls[0].function.name, want);
      }
    }
  },

  async schema(d) {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const res = await client().chat.completions.parse({
      model: `${d}/chat`,
      messages: says('where'),
      response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } },
    });
    assert.deepEqual(JSON.parse(res.choices[0].message.content), { city: 'city' });
  },

  async image(d) {
    const parts = [
      { type: 'text', text: 'look here' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    ];
    const res = await client().chat.completions.create({ model: `${d}/chat`, messages: [{ role: 'user', content: parts }] });
    assert.equal(res.choices[0].message.content, 'You said: look here [image]');
  },

  async reasoning(d) {
    const thought = 'The user wants me to repeat what was said.';
    const { message } = (await ask(d, 'hello', { reasoning_effort: 'low' })).choices[0];
    assert.deepEqual([message.content, message.reasoning_content], ['You said: hello', thought]);
    const chunks = await collect(ask(d, 'hello', { reasoning_effort: 'low', stream: true }));
    const thoughts = chunks.map((c) => c.choices[0].delta.reasoning_content ?? '').join('');
    assert.deepEqual([content(chunks), thoughts], ['You said: hello', thought]);
  },

  async ends(d) {
    for (const [more, text, finish] of [
      [{ max_tokens: 2 }, 'You said:', 'length'],
      [{ max_completion_tokens: 2 }, 'You said:', 'length'],
      [{ stop: ' two' }, 'You said: one', 'stop'],
      [{ stop: ['nowhere', ' two'] }, 'You said: one', 'stop'],
    ]) {
      const [choice] = (await ask(d, 'one two three', more)).choices;
      assert.deepEqual([choice.message.content, choice.finish_reason], [text, finish]);
    }
  },

  async choices(d) {
    if (d === 'openai') {
      const res = await ask(d, 'hi', { n: 2 });
      assert.deepEqual(res.choices.map((c) => c.message.content), ['You said: hi', 'You said: hi [2]']);
      return;
    }
    const e = await thrown(OpenAI.BadRequestError, () => ask(d, 'hi', { n: 2 }));
    assert.deepEqual([e.param, e.code, e.type], ['n', 'unsupported_parameter', 'invalid_request_error']);
  },

  async logprobs(d) {
    const run = () => ask(d, 'hi', { logprobs: true, top_logprobs: 2 });
    if (d === 'anthropic') {
      const e = await thrown(OpenAI.BadRequestError, run);
      assert.deepEqual([e.param, e.code], ['logprobs', 'unsupported_parameter']);
      return;
    }
    const tokens = (await run()).choices[0].logprobs.content;
    assert.equal(tokens.map((t) => t.token).join(''), 'You said: hi');
    assert.ok(tokens.every((t) => t.top_logprobs.length === 2));
  },

  async raw(d) {
    const res = await ask(d, 'hello', { stream: true }).asResponse();
    assert.equal(res.headers.get('x-accel-buffering'), 'no');
    assert.match(res.headers.get('content-type'), /^text\/event-stream/);
    assert.ok((await res.text()).endsWith('data: [DONE]\n\n'));
  },
};

export async function run() {
  for (const [name, does] of Object.entries(checks)) {
    for (const d of chatting) await check(`chat: ${name}: ${d}`, () => does(d));
  }
}
