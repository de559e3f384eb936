"""What the embedded indexes hold and how they are asked: fields, words, queries and snippets of tantivy."""

from collections.abc import Sequence

from tantivy import (
    Document,
    Filter,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    SnippetGenerator,
    TextAnalyzer,
    TextAnalyzerBuilder,
    Tokenizer,
)

from shared.search.port import MISSPELT_BOOST, TITLE_BOOST, SearchDocument
from shared.search.snippets import SNIPPET_CHARS, opening

ANALYZER = "folded"
LAYOUT = "v2"
"""Changes with the schema or the analysis, so that indexes of another layout count as missing."""

_MAX_WORDS = 32
_MAX_WORD_LENGTH = 64


def schema() -> Schema:
    """The fields of a document; the body is stored for the snippets."""
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("version", stored=True)
    builder.add_boolean_field("released", indexed=True)
    builder.add_text_field("title", tokenizer_name=ANALYZER)
    builder.add_text_field("body", stored=True, tokenizer_name=ANALYZER)
    return builder.build()


def analyzer() -> TextAnalyzer:
    """Words in lower case and without accents."""
    words = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(_MAX_WORD_LENGTH))
    return words.filter(Filter.lowercase()).filter(Filter.ascii_fold()).build()


def entry(document: SearchDocument) -> Document:
    """A document in the index's fields."""
    return Document(
        id=str(document.id),
        version=document.version,
        released=document.released,
        title=document.title,
        body=document.body,
    )


class WordQuery:
    """A search for any of some words, in the title or the body, exactly or misspelt."""

    def __init__(self, schema: Schema, words: Sequence[str]) -> None:
        self._schema = schema
        self._words = words[:_MAX_WORDS]

    def matching(self, *, released_only: bool) -> Query:
        """What is found, and how it is ranked."""
        found = Query.boolean_query([(Occur.Should, self._word(word)) for word in self._words])
        if not released_only:
            return found
        released = Query.const_score_query(Query.term_query(self._schema, "released", field_value=True), 0)
        return Query.boolean_query([(Occur.Must, found), (Occur.Must, released)])

    def snippet(self, searcher: Searcher, document: Document) -> str:
        """An extract of the body as HTML, with the words in ``<mark>``; its opening if they are not in it."""
        exact = Query.boolean_query([(Occur.Should, self._term("body", word)) for word in self._words])
        snippets = SnippetGenerator.create(searcher, exact, self._schema, "body")
        snippets.set_max_num_chars(SNIPPET_CHARS)
        found = snippets.snippet_from_doc(document).to_html()
        return found.replace("<b>", "<mark>").replace("</b>", "</mark>") or opening(str(document.get_first("body")))

    def _term(self, field: str, word: str) -> Query:
        return Query.term_query(self._schema, field, word)

    def _word(self, word: str) -> Query:
        exact = [Query.boost_query(self._term("title", word), TITLE_BOOST), self._term("body", word)]
        return Query.disjunction_max_query([*exact, *self._misspelt(word)])

    def _misspelt(self, word: str) -> Sequence[Query]:
        """Elasticsearch's AUTO fuzziness: no edit in a word of one or two letters, one up to five, else two."""
        distance = min(2, len(word) // 3)
        if distance == 0:
            return ()
        fuzzy = (Query.fuzzy_term_query(self._schema, field, word, distance) for field in ("title", "body"))
        return [Query.const_score_query(query, MISSPELT_BOOST) for query in fuzzy]
