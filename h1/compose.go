package h1

import (
	"strconv"
)

// Parts of messages.
const (
	// CRLF ends a line, a head, and a chunk.
	CRLF = "\r\n"
	// LastChunk ends a chunked body without a trailer.
	LastChunk = "0\r\n\r\n"
)

// reasons are the words that net/http has for statuses.
var reasons = [...]string{
	100: "Continue",
	101: "Switching Protocols",
	102: "Processing",
	103: "Early Hints",
	200: "OK",
	201: "Created",
	202: "Accepted",
	203: "Non-Authoritative Information",
	204: "No Content",
	205: "Reset Content",
	206: "Partial Content",
	207: "Multi-Status",
	208: "Already Reported",
	226: "IM Used",
	300: "Multiple Choices",
	301: "Moved Permanently",
	302: "Found",
	303: "See Other",
	304: "Not Modified",
	305: "Use Proxy",
	307: "Temporary Redirect",
	308: "Permanent Redirect",
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Request Entity Too Large",
	414: "Request URI Too Long",
	415: "Unsupported Media Type",
	416: "Requested Range Not Satisfiable",
	417: "Expectation Failed",
	418: "I'm a teapot",
	421: "Misdirected Request",
	422: "Unprocessable Entity",
	423: "Locked",
	424: "Failed Dependency",
	425: "Too Early",
	426: "Upgrade Required",
	428: "Precondition Required",
	429: "Too Many Requests",
	431: "Request Header Fields Too Large",
	451: "Unavailable For Legal Reasons",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",
	507: "Insufficient Storage",
	508: "Loop Detected",
	510: "Not Extended",
	511: "Network Authentication Required",
}

// statusLines are the lines of the statuses that have words.
var statusLines = makeStatusLines()

func makeStatusLines() (lines [len(reasons)]string) {
	for status, words := range reasons {
		if words != "" {
			lines[status] = "HTTP/1.1 " + strconv.Itoa(status) + " " + words + CRLF
		}
	}
	return lines
}

// AppendStatus appends the status line of a response. The status has three
// digits.
func AppendStatus(b []byte, status int) []byte {
	if status >= 0 && status < len(statusLines) && statusLines[status] != "" {
		return append(b, statusLines[status]...)
	}
	b = strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(status), 10)
	b = strconv.AppendInt(append(b, " status code "...), int64(status), 10)
	return append(b, CRLF...)
}

// AppendField appends a field line. The name is a constant or comes from a head
// that was parsed; the value may be any text: a control character in it becomes
// a space, so that no value can end its line.
func AppendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	from := len(b)
	b = append(append(b, value...), CRLF...)
	for end := len(b) - len(CRLF); ; {
		if from = valueEnd(b, from, 0); from >= end {
			return b
		}
		b[from] = ' '
	}
}

// AppendInt appends a number of 0 or more in decimal, such as a Content-Length.
func AppendInt(b []byte, n int64) []byte {
	return strconv.AppendInt(b, n, 10)
}

// AppendChunkSize appends the line that begins a chunk of n bytes, with n > 0.
// The content and CRLF follow it.
func AppendChunkSize(b []byte, n int) []byte {
	return append(strconv.AppendInt(b, int64(n), 16), CRLF...)
}
