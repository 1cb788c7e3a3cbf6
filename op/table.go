package op

// Owners of operations: the packages that handle them.
const (
	Documents = "documents"
	Inference = "inference"
	Models    = "models"
)

// all is the table of operations, in order of path, then method.
//
// After a change run `make gen`; the tests say what else a row needs.
var all = Table{
	{
		ID: "assistants", Path: "/assistants", Level: Absent,
		Summary: "Assistants.", Note: deprecatedAssistants,
	}, {
		ID: "assistantsTree", Path: "/assistants/{rest...}", Level: Absent,
		Summary: "Assistants.", Note: deprecatedAssistants,
	}, {
		ID: "createSpeech", Method: "POST", Path: "/audio/speech", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: Binary, Compat: Forwarded,
		Model: true, Required: []string{"input"},
		Summary: "Turn text into speech.",
	}, {
		ID: "createTranscription", Method: "POST", Path: "/audio/transcriptions", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Upload, Reply: Stream, Compat: Forwarded,
		Model: true, Required: []string{"file"},
		Summary: "Turn speech into text.",
	}, {
		ID: "createTranslation", Method: "POST", Path: "/audio/translations", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Upload, Reply: JSON, Compat: Forwarded,
		Model: true, Required: []string{"file"},
		Summary: "Turn speech into English text.",
	}, {
		ID: "voiceConsents", Path: "/audio/voice_consents", Level: Absent,
		Summary: "Consents to the use of a voice.", Note: hostedVoices,
	}, {
		ID: "voiceConsentsTree", Path: "/audio/voice_consents/{rest...}", Level: Absent,
		Summary: "Consents to the use of a voice.", Note: hostedVoices,
	}, {
		ID: "createVoice", Path: "/audio/voices", Level: Absent,
		Summary: "Custom voices.", Note: hostedVoices,
	}, {
		ID: "batches", Path: "/batches", Level: Absent,
		Summary: "Batches.", Note: notYet,
	}, {
		ID: "batchesTree", Path: "/batches/{rest...}", Level: Absent,
		Summary: "Batches.", Note: notYet,
	}, {
		ID: "listChatCompletions", Method: "GET", Path: "/chat/completions", Level: Absent,
		Summary: "List stored chat completions.", Note: notStored,
	}, {
		ID: ChatCompletion, Method: "POST", Path: "/chat/completions", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: Stream, Compat: Forwarded,
		Model: true, Required: []string{"messages"},
		Summary: "Answer a conversation.",
	}, {
		ID: "chatCompletionsTree", Path: "/chat/completions/{rest...}", Level: Absent,
		Summary: "Stored chat completions.", Note: notStored,
	}, {
		ID: "chatkit", Path: "/chatkit/{rest...}", Level: Absent,
		Summary: "ChatKit sessions and threads.", Note: "ChatKit is a hosted product of OpenAI's.",
	}, {
		ID: "createClassification", Method: "POST", Path: "/classify", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension,
		Model: true, Required: []string{"input"}, Root: true,
		Summary: "Classify texts.", Note: "As vLLM and SGLang serve it.",
	}, {
		ID: Completion, Method: "POST", Path: "/completions", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: Stream, Compat: Forwarded,
		Model: true, Required: []string{"prompt"},
		Summary: "Continue a text.",
	}, {
		ID: "containers", Path: "/containers", Level: Absent,
		Summary: "Containers for hosted tools.", Note: hostedTools,
	}, {
		ID: "containersTree", Path: "/containers/{rest...}", Level: Absent,
		Summary: "Containers for hosted tools.", Note: hostedTools,
	}, {
		ID: "contentProvenanceChecks", Path: "/content_provenance_checks", Level: Absent,
		Summary: "Check where content comes from.", Note: "It is about OpenAI's own watermarks.",
	}, {
		ID: "conversations", Path: "/conversations", Level: Absent,
		Summary: "Conversations.", Note: notYet,
	}, {
		ID: "conversationsTree", Path: "/conversations/{rest...}", Level: Absent,
		Summary: "Conversations.", Note: notYet,
	}, {
		ID: "detokenize", Method: "POST", Path: "/detokenize", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension,
		Model: true, Required: []string{"tokens"}, Root: true,
		Summary: "Turn tokens into text.", Note: "As vLLM and SGLang serve it.",
	}, {
		ID: Embedding, Method: "POST", Path: "/embeddings", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Forwarded,
		Model: true, Required: []string{"input"},
		Summary: "Turn texts into vectors.",
	}, {
		ID: "evals", Path: "/evals", Level: Absent,
		Summary: "Evaluations.", Note: "Evaluations are not planned.",
	}, {
		ID: "evalsTree", Path: "/evals/{rest...}", Level: Absent,
		Summary: "Evaluations.", Note: "Evaluations are not planned.",
	}, {
		ID: "files", Path: "/files", Level: Absent,
		Summary: "Files.", Note: notYet,
	}, {
		ID: "filesTree", Path: "/files/{rest...}", Level: Absent,
		Summary: "Files.", Note: notYet,
	}, {
		ID: "fineTuning", Path: "/fine_tuning/{rest...}", Level: Absent,
		Summary: "Fine-tuning.", Note: notYet,
	}, {
		ID: "createImageEdit", Method: "POST", Path: "/images/edits", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Upload, Reply: Stream, Compat: Forwarded,
		Model: true, DefaultModel: "dall-e-2",
		Summary: "Change an image after a prompt.",
	}, {
		ID: "createImage", Method: "POST", Path: "/images/generations", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: Stream, Compat: Forwarded,
		Model: true, DefaultModel: "dall-e-2", Required: []string{"prompt"},
		Summary: "Make an image after a prompt.",
	}, {
		ID: "createImageVariation", Method: "POST", Path: "/images/variations", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Upload, Reply: JSON, Compat: Forwarded,
		Model: true, DefaultModel: "dall-e-2", Required: []string{"image"},
		Summary: "Make variations of an image.",
	}, {
		ID: Message, Method: "POST", Path: "/messages", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: Stream, Compat: Extension, Shape: AnthropicShape,
		Model: true, Required: []string{"messages"},
		Summary: "Answer a conversation, in the form of Anthropic's API.",
		Note:    "For endpoints that speak it: Anthropic, vLLM, SGLang, llama.cpp, Ollama.",
	}, {
		ID: CountTokens, Method: "POST", Path: "/messages/count_tokens", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension, Shape: AnthropicShape,
		Model: true, Required: []string{"messages"},
		Summary: "Count the tokens of a conversation, in the form of Anthropic's API.",
		Note:    "For endpoints that speak it: Anthropic, vLLM, llama.cpp.",
	}, {
		ID: "listModels", Method: "GET", Path: "/models", Level: V1,
		Owner: Models, Scope: "models.read", Class: Control, Reply: JSON, Compat: Full,
		Summary: "List the models that the key may use.",
		Note:    "Models behind a prefix or pattern are not listed: their names are the endpoint's.",
	}, {
		ID: "deleteModel", Method: "DELETE", Path: "/models/{model...}", Level: Absent,
		Summary: "Delete a fine-tuned model.", Note: notYet,
	}, {
		ID: "retrieveModel", Method: "GET", Path: "/models/{model...}", Level: V1,
		Owner: Models, Scope: "models.read", Class: Control, Reply: JSON, Compat: Full,
		Summary: "Describe a model.",
	}, {
		ID: "createModeration", Method: "POST", Path: "/moderations", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Forwarded,
		Model: true, DefaultModel: "omni-moderation-latest", Required: []string{"input"},
		Summary: "Find out whether content is harmful.",
	}, {
		ID: Document, Method: "GET", Path: "/openapi.json", Level: V1,
		Owner: Documents, Scope: Public, Class: Control, Reply: JSON, Compat: Extension,
		Summary: "Describe the operations of this level, as an OpenAPI document.",
	}, {
		ID: "organization", Path: "/organization/{rest...}", Level: Absent,
		Summary: "Administration of an organisation.", Note: notYet,
	}, {
		ID: "createPooling", Method: "POST", Path: "/pooling", Level: V1Alpha,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension,
		Model: true, Required: []string{"input"}, Root: true,
		Summary: "Pool the hidden states of a model.", Note: "As vLLM serves it.",
	}, {
		ID: "projects", Path: "/projects/{rest...}", Level: Absent,
		Summary: "Roles in projects.", Note: notYet,
	}, {
		ID: "realtime", Path: "/realtime", Level: Absent,
		Summary: "Realtime sessions.", Note: "WebSocket and WebRTC sessions are not served.",
	}, {
		ID: "realtimeTree", Path: "/realtime/{rest...}", Level: Absent,
		Summary: "Realtime sessions.", Note: "WebSocket and WebRTC sessions are not served.",
	}, {
		ID: "createRerank", Method: "POST", Path: "/rerank", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension,
		Model: true, Required: []string{"query", "documents"},
		Summary: "Order documents by how well they answer a query.",
		Note:    "In the form of Jina's and Cohere's APIs, as vLLM, SGLang and llama.cpp serve it.",
	}, {
		ID: Response, Method: "POST", Path: "/responses", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: Stream, Compat: Forwarded,
		Model:   true,
		Summary: "Answer with text, tools or both.",
		Note:    "State (previous_response_id, store, background) is the endpoint's.",
	}, {
		ID: "Compactconversation", Method: "POST", Path: "/responses/compact", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Forwarded,
		Model:   true,
		Summary: "Compact a conversation.",
	}, {
		ID: "Getinputtokencounts", Method: "POST", Path: "/responses/input_tokens", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Forwarded,
		Model:   true,
		Summary: "Count the input tokens of a response.",
	}, {
		ID: "responsesTree", Path: "/responses/{rest...}", Level: Absent,
		Summary: "Stored responses.", Note: notYet,
	}, {
		ID: "createScore", Method: "POST", Path: "/score", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension,
		Model:   true,
		Summary: "Score pairs of texts.", Note: "As vLLM and SGLang serve it.",
	}, {
		ID: "skills", Path: "/skills", Level: Absent,
		Summary: "Skills for hosted tools.", Note: hostedTools,
	}, {
		ID: "skillsTree", Path: "/skills/{rest...}", Level: Absent,
		Summary: "Skills for hosted tools.", Note: hostedTools,
	}, {
		ID: "threads", Path: "/threads", Level: Absent,
		Summary: "Threads of assistants.", Note: deprecatedAssistants,
	}, {
		ID: "threadsTree", Path: "/threads/{rest...}", Level: Absent,
		Summary: "Threads of assistants.", Note: deprecatedAssistants,
	}, {
		ID: "tokenize", Method: "POST", Path: "/tokenize", Level: V1,
		Owner: Inference, Scope: "models.use", Class: Tokens, Reply: JSON, Compat: Extension,
		Model: true, Root: true,
		Summary: "Turn text into tokens.", Note: "As vLLM and SGLang serve it.",
	}, {
		ID: "uploads", Path: "/uploads", Level: Absent,
		Summary: "Uploads of large files.", Note: notYet,
	}, {
		ID: "uploadsTree", Path: "/uploads/{rest...}", Level: Absent,
		Summary: "Uploads of large files.", Note: notYet,
	}, {
		ID: "vectorStores", Path: "/vector_stores", Level: Absent,
		Summary: "Vector stores.", Note: notYet,
	}, {
		ID: "vectorStoresTree", Path: "/vector_stores/{rest...}", Level: Absent,
		Summary: "Vector stores.", Note: notYet,
	}, {
		ID: "videos", Path: "/videos", Level: Absent,
		Summary: "Videos.", Note: "Deprecated by OpenAI.",
	}, {
		ID: "videosTree", Path: "/videos/{rest...}", Level: Absent,
		Summary: "Videos.", Note: "Deprecated by OpenAI.",
	},
}

// Reasons for absence.
const (
	notYet               = "Not served yet."
	notStored            = "Chat completions are not stored."
	deprecatedAssistants = "Deprecated by OpenAI in favour of responses."
	hostedTools          = "Hosted tools are not served."
	hostedVoices         = "Custom voices are hosted by OpenAI."
)

// All returns the table of operations. The caller must not change it.
func All() Table { return all }
