package chat

import (
	"net/url"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
)

// partTypes says which parts a role's content may have.
func partTypes(role string) []string {
	switch role {
	case "user":
		return []string{"text", "image_url", "input_audio", "file"}
	case "assistant":
		return []string{"text", "refusal"}
	case "tool":
		return []string{"text", "image_url"}
	}
	return []string{"text"}
}

func readContent(v param.Value, role string) ([]Part, error) {
	if v.Type() == param.String {
		s, err := v.Text()
		return []Part{{Path: v.Path, Text: s}}, err
	}
	if err := v.Want(param.String, param.Array); err != nil {
		return nil, err
	}
	var out []Part
	err := v.Elements(func(_ int, e param.Value) error {
		p, err := readPart(e, role)
		out = append(out, p)
		return err
	})
	if err == nil && len(out) == 0 {
		err = emptyArray(v)
	}
	return out, err
}

func readPart(v param.Value, role string) (Part, error) {
	p, kind, body := Part{Path: v.Path}, "", map[string]param.Value{}
	keep := func(name string) param.Field {
		return param.May(name, func(e param.Value) error { body[name] = e; return nil })
	}
	err := v.Fields(unknown,
		param.Need("type", param.OneOf(&kind, partTypes(role)...)),
		keep("text"), keep("image_url"), keep("input_audio"), keep("file"), keep("refusal"),
		param.May("cache_control", param.ObjectJSON(&p.CacheControl)),
		param.May("prompt_cache_breakpoint", func(e param.Value) error { p.CacheMark = true; return e.Want(param.Object) }))
	if err != nil {
		return p, err
	}
	b, there := body[kind]
	switch {
	case !there:
		return p, v.Missing(kind)
	case len(body) > 1:
		return p, v.Invalid("has members that do not belong into a part of type '%s'", kind)
	}
	switch kind {
	case "text":
		p.Text, err = b.Text()
	case "refusal":
		p.Kind = RefusalPart
		p.Text, err = b.Text()
	case "image_url":
		p.Kind = ImagePart
		err = p.Image.read(b)
	case "input_audio":
		p.Kind = AudioPart
		err = p.Audio.read(b)
	case "file":
		p.Kind = FilePart
		err = p.File.read(b)
	}
	return p, err
}

func (img *Image) read(v param.Value) error {
	return v.Fields(unknown,
		param.Need("url", img.locate),
		param.May("detail", param.OneOf(&img.Detail, "auto", "low", "high", "original")))
}

// locate tells the bytes of an image from a place where it can be fetched.
func (img *Image) locate(v param.Value) (err error) {
	img.Path = v.Path
	if v.IsDataURL() {
		img.MediaType, img.Data, err = v.DataURL()
		return err
	}
	if img.URL, err = v.Text(); err != nil {
		return err
	}
	u, err := url.Parse(img.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return v.Invalid("must be an http or https URL or a data URL")
	}
	return nil
}

func (a *Audio) read(v param.Value) error {
	a.Path = v.Path
	return v.Fields(unknown,
		param.Need("data", func(e param.Value) (err error) { a.Data, err = e.Base64(); return err }),
		param.Need("format", param.OneOf(&a.Format, "wav", "mp3")))
}

func (f *File) read(v param.Value) error {
	f.Path = v.Path
	err := v.Fields(unknown,
		param.May("file_id", param.Filled(&f.ID)),
		param.May("filename", param.Text(&f.Name)),
		param.May("file_data", func(e param.Value) (err error) {
			if e.IsDataURL() {
				f.MediaType, f.Data, err = e.DataURL()
			} else {
				f.Data, err = e.Base64()
			}
			return err
		}))
	if err == nil && f.ID == "" && f.Data == "" {
		err = v.Missing("file_data")
	}
	return err
}
