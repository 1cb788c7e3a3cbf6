// Checks of everything but chat.

import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';
import { check, client, collect, embedding, thrown } from './checks.js';

async function vectors(d, more) {
  const { data } = await client().embeddings.create({ model: `${d}/chat`, ...more });
  assert.deepEqual(data.map((item) => item.index), data.map((_, i) => i));
  return data.map((item) => item.embedding);
}

const near = (a, b) => a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) < 1e-6);

const bytes = (text) => Buffer.from(text, 'base64');

async function embeddings(d) {
  const input = ['a', 'b c', 'ü "quoted"'];
  const byDefault = await vectors(d, { input }); // the client asks for base64 and decodes it
  assert.deepEqual(byDefault.map((v) => v.length), [8, 8, 8]);
  for (const v of byDefault) {
    assert.ok(Math.abs(v.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-6, `the vector ${v} is no unit`);
  }
  assert.equal(new Set(byDefault.map(String)).size, 3);
  // The engines of all dialects agree on the vectors, so the gateway must too.
  assert.deepEqual(byDefault, await vectors('openai', { input }));
  const floats = await vectors(d, { input, encoding_format: 'float' });
  assert.ok(floats.every((v, i) => near(v, byDefault[i])), 'float and base64 differ');
  const packed = await vectors(d, { input, encoding_format: 'base64' });
  assert.deepEqual(packed.map((v) => bytes(v).length), [32, 32, 32]);
  const short = await vectors(d, { input, dimensions: 3 });
  assert.deepEqual(short.map((v) => v.length), [3, 3, 3]);
  assert.deepEqual((await vectors(d, { input: 'a' }))[0], byDefault[0]);
}

const checks = {
  async 'embeddings refused'() {
    const e = await thrown(OpenAI.BadRequestError, () => vectors('anthropic', { input: 'a' }));
    assert.deepEqual([e.code, e.param], ['unsupported_operation', 'model']);
  },

  async models() {
    const names = (await collect(client().models.list())).map((m) => m.id);
    for (const name of ['openai/chat', 'ollama/chat', 'anthropic/chat', 'tei/chat', 'library/odd:8b-q4', 'gpt-4o-mini']) {
      assert.ok(names.includes(name), `${name} is not in ${names}`);
      const m = await client().models.retrieve(name);
      assert.deepEqual([m.id, m.object], [name, 'model']);
    }
    assert.equal((await client().models.retrieve('library/odd:8b-q4')).owned_by, 'someone');
    const e = await thrown(OpenAI.NotFoundError, () => client().models.retrieve('no/such:thing'));
    assert.equal(e.code, 'model_not_found');
  },

  async alias() {
    for (const model of ['gpt-4o-mini', 'library/odd:8b-q4']) {
      const res = await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'hello' }] });
      assert.equal(res.choices[0].message.content, 'You said: hello');
    }
  },

  async completions() {
    const params = { model: 'openai/chat', prompt: 'hello', n: 2 };
    const want = ['You said: hello', 'You said: hello [2]'];
    assert.deepEqual((await client().completions.create(params)).choices.map((c) => c.text), want);
    const texts = ['', ''];
    for await (const chunk of await client().completions.create({ ...params, stream: true })) {
      for (const choice of chunk.choices) texts[choice.index] += choice.text;
    }
    assert.deepEqual(texts, want);
  },

  async responses() {
    const params = { model: 'openai/chat', input: 'hello there' };
    const res = await client().responses.create(params);
    assert.deepEqual([res.output_text, res.status], ['You said: hello there', 'completed']);
    const events = await collect(client().responses.create({ ...params, stream: true }));
    assert.deepEqual(events.map((e) => e.sequence_number), events.map((_, i) => i));
    const text = events.filter((e) => e.type === 'response.output_text.delta').map((e) => e.delta).join('');
    assert.deepEqual([text, events.at(-1).type], ['You said: hello there', 'response.completed']);
    const final = await client().responses.stream(params).finalResponse();
    assert.equal(final.output_text, 'You said: hello there');
  },

  async moderations() {
    const { results } = await client().moderations.create({ model: 'openai/chat', input: ['violence', 'tea'] });
    assert.deepEqual(results.map((r) => r.flagged), [true, false]);
    assert.deepEqual([results[0].categories.violence, results[0].categories.hate], [true, false]);
  },

  async images() {
    const c = client();
    const made = await c.images.generate({ model: 'openai/chat', prompt: 'a cat', n: 2 });
    const pictures = made.data.map((item) => bytes(item.b64_json));
    assert.deepEqual(pictures.map((p) => p.subarray(1, 4).toString()), ['PNG', 'PNG']);
    assert.ok(!pictures[0].equals(pictures[1]));
    const image = () => toFile(pictures[1], 'before.png', { type: 'image/png' });
    const edited = await c.images.edit({ model: 'openai/chat', prompt: 'a cat', image: await image() });
    assert.ok(bytes(edited.data[0].b64_json).equals(pictures[0]));
    const varied = await c.images.createVariation({ model: 'openai/chat', image: await image() });
    assert.equal(bytes(varied.data[0].b64_json).subarray(1, 4).toString(), 'PNG');
    const events = await collect(c.images.generate({ model: 'openai/chat', prompt: 'a cat', stream: true, partial_images: 1 }));
    assert.deepEqual(events.map((e) => e.type), ['image_generation.partial_image', 'image_generation.completed']);
    assert.ok(bytes(events[0].b64_json).equals(pictures[0]));
  },

  async audio() {
    const { speech, transcriptions, translations } = client().audio;
    const model = 'openai/chat';
    const said = await speech.create({ model, voice: 'alloy', input: 'five words are enough here', response_format: 'wav' });
    const sound = Buffer.from(await said.arrayBuffer());
    assert.deepEqual([sound.subarray(0, 4).toString(), sound.length], ['RIFF', 44 + 5 * 2400]);
    assert.equal(said.headers.get('content-type'), 'audio/wav');
    const long = Buffer.concat(Array(50).fill(sound));
    const file = await toFile(long, 'talk.wav', { type: 'audio/wav' });
    const text = `I heard ${long.length} bytes of talk.wav.`;
    assert.equal((await transcriptions.create({ model, file })).text, text);
    assert.equal(await transcriptions.create({ model, file, response_format: 'text' }), `${text}\n`);
    const verbose = await transcriptions.create({ model, file, response_format: 'verbose_json' });
    assert.deepEqual([verbose.text, verbose.segments.length], [text, 1]);
    assert.equal((await translations.create({ model, file })).text, text);
    const events = await collect(transcriptions.create({ model, file, stream: true }));
    const heard = events.filter((e) => e.type === 'transcript.text.delta').map((e) => e.delta).join('');
    assert.deepEqual([heard, events.at(-1).type, events.at(-1).text], [text, 'transcript.text.done', text]);
    const e = await thrown(OpenAI.NotFoundError, () => transcriptions.create({ model: 'openai/nothing', file }));
    assert.equal(e.code, 'model_not_found');
  },
};

export async function run() {
  for (const d of embedding) await check(`operations: embeddings: ${d}`, () => embeddings(d));
  for (const [name, does] of Object.entries(checks)) await check(`operations: ${name}`, does);
}
