package gatehouse_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/house"
)

func TestLayers(t *testing.T) {
	report(t, house.ParseLayers("layers.txt", read(t, "layers.txt")).Check(load(t)))
}

func TestPackageComments(t *testing.T) {
	report(t, house.CheckDocs(load(t)))
}

func TestSizes(t *testing.T) {
	budget, err := house.ParseBudget("budget.txt", read(t, "budget.txt"))
	if err != nil {
		t.Fatal(err)
	}
	report(t, budget.Check(load(t), house.Sizes{File: 500, Func: 60, Package: 1500}))
}

func TestNoGlobalState(t *testing.T) {
	report(t, house.CheckState(load(t)))
}

func TestWords(t *testing.T) {
	glossary, err := house.ParseGlossary(read(t, "CONTEXT.md"))
	if err != nil {
		t.Fatal("CONTEXT.md: ", err)
	}
	report(t, glossary.Check(load(t)))
}

// TestText looks through every text file of the repository. The forbidden
// texts are put together from parts, so that this file may hold them.
func TestText(t *testing.T) {
	found, err := house.CheckText(os.DirFS("."), []house.TextRule{
		{
			Text: regexp.MustCompile(`/wo` + `rk/(main|shared|\.library)|/tmp/(ba` + `sh_jobs|bri` + `ef)\b`),
			Why:  "paths of one machine help nobody else",
		},
		{
			Text: regexp.MustCompile(`\b(proxy\.gol` + `ang\.org|sum\.gol` + `ang\.org|registry\.npm` + `js\.org|py` + `pi\.org|files\.python` + `hosted\.org|deb\.deb` + `ian\.org)\b`),
			Why:  "packages come from where the machine is configured to get them; leave the host out",
		},
		{
			Text: regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`),
			Why:  "finish it, or open an issue",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	report(t, found)
}

func TestLinks(t *testing.T) {
	found, err := house.CheckLinks(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	report(t, found)
}

// report fails the test with every finding.
func report(t *testing.T, found []house.Finding) {
	t.Helper()
	for _, f := range found {
		t.Error(f)
	}
}

func load(t *testing.T) *house.Tree {
	t.Helper()
	tree, err := house.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Packages) < 5 {
		t.Fatalf("only %d packages were found: the checks would prove nothing", len(tree.Packages))
	}
	return tree
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
