package failure

import "strings"

// meaning is what a word of an upstream, in its type or code, stands for.
type meaning struct {
	status int    // of an error in an answer of status 200
	code   string // of OpenAI's API that says the same; "" is none
	typ    string // of OpenAI's API; "" goes by the status
}

// meanings has the words that are understood, in lower case and without
// underscores, so that NotFoundError and not_found_error are one.
var meanings = map[string]meaning{
	// OpenAI's own types and codes, which are kept.
	"invalidrequesterror":          {400, "", "invalid_request_error"},
	"insufficientpermissions":      {403, "", "insufficient_permissions"},
	"insufficientquota":            {429, "insufficient_quota", "insufficient_quota"},
	"requests":                     {429, "", "requests"},
	"tokens":                       {429, "", "tokens"},
	"ratelimiterror":               {429, "", "rate_limit_error"},
	"ratelimitexceeded":            {429, "rate_limit_exceeded", ""},
	"servererror":                  {500, "", "server_error"},
	"invalidapikey":                {401, "invalid_api_key", ""},
	"modelnotfound":                {404, "model_not_found", ""},
	"contextlengthexceeded":        {400, "context_length_exceeded", ""},
	"missingrequiredparameter":     {400, "missing_required_parameter", ""},
	"unsupportedparameter":         {400, "unsupported_parameter", ""},
	"unsupportedvalue":             {400, "unsupported_value", ""},
	"invalidvalue":                 {400, "invalid_value", ""},
	"invalidtype":                  {400, "invalid_type", ""},
	"contentfilter":                {400, "content_filter", ""},
	"contentpolicyviolation":       {400, "content_policy_violation", ""},
	"serviceunavailable":           {503, "service_unavailable", ""},
	"upstreaminvalidresponse":      {502, "upstream_invalid_response", ""},
	"upstreamstreaminterrupted":    {502, "upstream_stream_interrupted", ""},
	"upstreamunreachable":          {502, "upstream_unreachable", ""},
	"upstreamtimeout":              {504, "upstream_timeout", ""},
	"internalerror":                {500, "internal_error", ""},
	"billinghardlimitreached":      {429, "billing_hard_limit_reached", ""},
	"authenticationerror":          {401, "", ""},
	"permissionerror":              {403, "", ""},
	"notfounderror":                {404, "", ""},
	"requesttoolarge":              {413, "", ""},
	"apierror":                     {500, "", ""},
	"timeouterror":                 {504, "", ""},
	"overloadederror":              {503, "", ""},
	"billingerror":                 {402, "", ""},
	"badrequesterror":              {400, "", ""},
	"badrequest":                   {400, "", ""},
	"valueerror":                   {400, "", ""},
	"validationerror":              {422, "", ""},
	"validation":                   {422, "", ""},
	"unprocessableentityerror":     {422, "", ""},
	"permissiondeniederror":        {403, "", ""},
	"conflicterror":                {409, "", ""},
	"internalservererror":          {500, "", ""},
	"serviceunavailableerror":      {503, "", ""},
	"unavailableerror":             {503, "", ""},
	"gatewaytimeouterror":          {504, "", ""},
	"exceedcontextsizeerror":       {400, "context_length_exceeded", "invalid_request_error"},
	"notsupportederror":            {501, "", ""},
	"overloaded":                   {429, "", ""},
	"backend":                      {500, "", ""},
	"tokenizer":                    {422, "", ""},
	"empty":                        {400, "", ""},
	"invalidargument":              {400, "", ""},
	"failedprecondition":           {400, "", ""},
	"outofrange":                   {400, "", ""},
	"unauthenticated":              {401, "", ""},
	"permissiondenied":             {403, "", ""},
	"notfound":                     {404, "", ""},
	"alreadyexists":                {409, "", ""},
	"aborted":                      {409, "", ""},
	"resourceexhausted":            {429, "", ""},
	"cancelled":                    {499, "", ""},
	"dataloss":                     {500, "", ""},
	"unknown":                      {500, "", ""},
	"internal":                     {500, "", ""},
	"unimplemented":                {501, "", ""},
	"unavailable":                  {503, "", ""},
	"deadlineexceeded":             {504, "", ""},
	"throttlingexception":          {429, "", ""},
	"validationexception":          {400, "", ""},
	"accessdeniedexception":        {403, "", ""},
	"resourcenotfoundexception":    {404, "", ""},
	"servicequotaexceeded":         {429, "", ""},
	"modelnotreadyexception":       {503, "", ""},
	"modeltimeoutexception":        {504, "", ""},
	"modelerrorexception":          {502, "", ""},
	"internalserverexception":      {500, "", ""},
	"deploymentnotfound":           {404, "model_not_found", ""},
	"toomanyrequests":              {429, "", ""},
	"unauthorized":                 {401, "", ""},
	"forbidden":                    {403, "", ""},
	"responsibleaipolicyviolation": {400, "", ""},
}

func lookup(word string) (meaning, bool) {
	m, ok := meanings[strings.ToLower(strings.NewReplacer("_", "", " ", "", "-", "").Replace(word))]
	return m, ok
}

// impliedStatus is the status of an error whose answer had none.
func (f *found) impliedStatus() int {
	if f.status != 0 {
		return f.status
	}
	for _, word := range []string{f.code, f.typ} {
		if m, ok := lookup(word); ok {
			return m.status
		}
	}
	return 502
}

// typeAndCode returns type and code for OpenAI's error object; "" goes by the
// status, or is null.
func (f *found) typeAndCode(status int) (typ, code string) {
	m, understood := lookup(f.typ)
	switch {
	case understood:
		typ = m.typ
	case isWord(f.typ):
		typ = clip(f.typ, 64)
	}
	code = clip(clean(f.code), 64)
	if c, ok := lookup(code); ok && c.code != "" {
		code = c.code
	} else if isShout(code) {
		code = strings.ToLower(code)
	}
	if code == "" {
		code = m.code
	}
	if code == "" {
		code = codeOf(status, strings.ToLower(f.message))
	}
	if code == "" && typ == "" && understood && isWord(f.typ) {
		code = f.typ // a word that says more than the status, such as overloaded_error
	}
	return typ, code
}

// codeOf finds the codes that clients act upon in a message of an engine that
// has no codes.
func codeOf(status int, message string) string {
	switch {
	case status == 404 && strings.Contains(message, "model") && (strings.Contains(message, "not found") || strings.Contains(message, "does not exist")):
		return "model_not_found"
	case status == 400 && (strings.Contains(message, "maximum context length") || strings.Contains(message, "context window")):
		return "context_length_exceeded"
	}
	return ""
}

// isWord tells whether s is written as OpenAI's types and codes are.
func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// isShout tells whether s is written as the statuses of gRPC are.
func isShout(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(s) > 2
}
