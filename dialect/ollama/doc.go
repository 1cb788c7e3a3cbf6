// Package ollama is the dialect of Ollama's native API: chat completions are
// translated to /api/chat and embeddings to /api/embed.
//
// Of the parameters of chat completions
//
//	model, messages, stream, max_tokens, max_completion_tokens, temperature,
//	top_p, presence_penalty, frequency_penalty, seed, stop, logprobs,
//	top_logprobs, response_format, reasoning_effort, tools, functions
//
// are translated. tool_choice is as far as it can be: auto is what Ollama
// does, with none no tools are offered, and allowed_tools with the mode auto
// offers only those; a call that must be made cannot be expressed and is
// refused. strict of a tool is a hint, since the engine does not constrain
// arguments; of a JSON schema it always holds. Of the engine's own parameters
// top_k, min_p, typical_p, repeat_penalty (also as repetition_penalty),
// repeat_last_n, keep_alive, think, truncate and shift go on. What would load
// the model anew or is an operator's to decide, such as num_ctx, is refused.
//
// Levels of reasoning that Ollama does not have become the nearest one:
// minimal is low, xhigh is max.
//
// Several texts in one message are joined by line feeds, images keep their
// order but not their place between texts. Images must come as data URLs:
// neither the gateway nor the engine fetches anything.
//
// Embeddings: dimensions that an engine too old for them leaves out of account
// are found out by the length of the vectors. Inputs that are too long are cut
// by the engine unless truncate is false.
//
// Endpoints of Ollama also serve OpenAI's API below /v1; use the dialect openai
// for that.
package ollama
