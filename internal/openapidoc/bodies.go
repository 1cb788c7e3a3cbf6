package main

import (
	"github.com/gatehouse-ai/gatehouse/internal/typeschema"
	"github.com/gatehouse-ai/gatehouse/op"
)

// The modules that have types of bodies.
const (
	own          = "github.com/gatehouse-ai/gatehouse"
	openaiSDK    = "github.com/openai/openai-go/v3"
	anthropicSDK = "github.com/anthropics/anthropic-sdk-go"
)

func oa(name string) typeschema.Name { return typeschema.Name{Package: openaiSDK, Type: name} }

func re(name string) typeschema.Name {
	return typeschema.Name{Package: openaiSDK + "/responses", Type: name}
}

func an(name string) typeschema.Name { return typeschema.Name{Package: anthropicSDK, Type: name} }

func our(name string) typeschema.Name {
	return typeschema.Name{Package: own + "/internal/openapidoc/body", Type: name}
}

func models(name string) typeschema.Name {
	return typeschema.Name{Package: own + "/api/models", Type: name}
}

// bodies are the types of what an operation takes and gives. The zero Name is
// none.
type bodies struct {
	request  typeschema.Name
	response typeschema.Name
	verbose  typeschema.Name // a second form of the answer, which the request may choose
	event    typeschema.Name // of a stream: its data
	media    []string        // further content types of the answer
}

// allBodies has the bodies of every operation that is served.
func allBodies() map[op.ID]bodies {
	return map[op.ID]bodies{
		op.ChatCompletion:      {request: oa("ChatCompletionNewParams"), response: oa("ChatCompletion"), event: oa("ChatCompletionChunk")},
		op.Completion:          {request: oa("CompletionNewParams"), response: oa("Completion"), event: oa("Completion")},
		op.Embedding:           {request: oa("EmbeddingNewParams"), response: oa("CreateEmbeddingResponse")},
		op.Response:            {request: re("ResponseNewParams"), response: re("Response"), event: re("ResponseStreamEventUnion")},
		op.Message:             {request: an("MessageNewParams"), response: an("Message"), event: an("MessageStreamEventUnion")},
		op.CountTokens:         {request: an("MessageCountTokensParams"), response: an("MessageTokensCount")},
		op.Document:            {response: our("OpenAPI")},
		"Compactconversation":  {request: re("ResponseCompactParams"), response: re("CompactedResponse")},
		"Getinputtokencounts":  {request: re("InputTokenCountParams"), response: re("InputTokenCountResponse")},
		"createModeration":     {request: oa("ModerationNewParams"), response: oa("ModerationNewResponse")},
		"createImage":          {request: oa("ImageGenerateParams"), response: oa("ImagesResponse"), event: oa("ImageGenStreamEventUnion")},
		"createImageEdit":      {request: oa("ImageEditParams"), response: oa("ImagesResponse"), event: oa("ImageEditStreamEventUnion")},
		"createImageVariation": {request: oa("ImageNewVariationParams"), response: oa("ImagesResponse")},
		"createSpeech":         {request: oa("AudioSpeechNewParams"), event: our("SpeechEvent"), media: audio()},
		"createTranscription":  {request: oa("AudioTranscriptionNewParams"), response: oa("AudioTranscriptionNewResponseUnion"), event: oa("TranscriptionStreamEventUnion"), media: text()},
		"createTranslation":    {request: oa("AudioTranslationNewParams"), response: oa("Translation"), verbose: oa("TranscriptionVerbose"), media: text()},
		"listModels":           {response: models("List")},
		"retrieveModel":        {response: models("Model")},
		"createRerank":         {request: our("RerankRequest"), response: our("Ranking")},
		"createScore":          {request: our("ScoreRequest"), response: our("Scores")},
		"createClassification": {request: our("ClassifyRequest"), response: our("Classes")},
		"createPooling":        {request: our("PoolingRequest"), response: our("Pooled")},
		"tokenize":             {request: our("TokenizeRequest"), response: our("Tokens")},
		"detokenize":           {request: our("DetokenizeRequest"), response: our("Text")},
	}
}

func audio() []string {
	return []string{"audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm"}
}

func text() []string { return []string{"text/plain"} }
