/* The candidate phrases of one document, as textpipe/keywords/candidate_phrases.py finds them. */
#ifndef TEXTPIPE_CANDIDATES_H
#define TEXTPIPE_CANDIDATES_H

#include "../../segment/core/module.h"

enum { MOST_KINDS = 16, MOST_WORDS = 8, LINK_WINDOW = 5, LONGEST_WORD = 64 };

/* What makes words and phrases; kinds are numbered from 1, 0 is a word that no phrase holds. */
typedef struct {
    PyObject *stopwords;   /* a set of words in lower case */
    const uint8_t *kinds;  /* of words with Han characters, by number of the tag; 0 also for tags that are not wanted */
    const uint8_t *latin;  /* the same of tokens of letters */
    uint8_t joined;        /* the kind of several tokens of letters in one word */
    uint8_t untagged;      /* the kind of a word of two characters and more with the tag `no_tag` */
    int64_t no_tag;
    uint32_t ending;       /* a bit for each kind that a phrase does not go on with */
    int longest, hmm;
    int64_t most_candidates, most_links; /* of one document; later ones are not taken up */
} Grammar;

typedef struct {
    PyObject *key; /* null for a stop word */
    int64_t count, degree;
    uint32_t slot; /* the table's node, 0 for none */
} PhraseWord;

typedef struct {
    PyObject *text;         /* of the first occurrence; null while it can be cut out of the only piece */
    int64_t count, first, first_end, last, left, right, inside;
    int32_t prefix, suffix; /* candidates, -1 for none */
    uint32_t word;
    int32_t characters;
    uint8_t length, first_kind, last_kind, bracketed;
} Candidate;

/* A hash table from nonzero keys to numbers. */
typedef struct {
    uint64_t *keys;
    uint32_t *numbers;
    uint32_t limit, count;
} Places;

typedef struct {
    int32_t candidate, characters;
    int64_t offset;
    PyObject *text; /* of one that begins in an earlier piece; null while it can be cut out of this one */
    uint8_t kind, free, opened;
} Occurrence;

typedef struct {
    PhraseWord *words;
    int64_t word_count, word_limit;
    Candidate *found;
    int64_t found_count, found_limit;
    Places by_slot, by_words, links;
    PyObject *by_key; /* dict: number of a word that the table lacks */
    Occurrence ending[MOST_WORDS];
    int ending_count;
    int64_t recent_positions[LINK_WINDOW];
    uint32_t recent_words[LINK_WINDOW];
    int recent_count;
    int64_t offset, position, end_offset; /* offset: of the piece */
    int64_t line_ends;
    uint8_t goes_on, after_letters, spaced, broken, opened, keep_texts;
} Phrases;

typedef struct {
    int64_t start, end, position; /* offsets in the document */
    uint8_t kind, joined, opened;
} PlacedWord;

/* False with an exception set. keep_texts: pieces are gone before the candidates are read. */
int phrases_start(Phrases *phrases, int keep_texts);
void phrases_finish(Phrases *phrases);
void phrases_free(Phrases *phrases);

/* The text of a candidate; `piece` is the only one if texts were not kept. Null with an exception set. */
PyObject *candidate_text(const Candidate *candidate, PyObject *piece);

/* The number of the word text[start:end], -1 with an exception set, NO_ROOM for a new one beyond the limit. The second
 * goes by the word in lower case, for words that the table lacks or that have case. */
enum { NO_ROOM = -2 };
int64_t phrase_word_in_table(Phrases *phrases, const Grammar *grammar, EngineObject *engine, const Text *text,
                             int64_t start, int64_t end, uint32_t slot);
int64_t phrase_word_by_key(Phrases *phrases, const Grammar *grammar, EngineObject *engine, const Text *text,
                           int64_t start, int64_t end);

/* Count a word and the phrases that end with it; false with an exception set. */
int add_phrase_word(Phrases *phrases, const Grammar *grammar, const PlacedWord *word, int64_t number, PyObject *piece);

/* What ends here ends before something that is no part of a phrase; whether that is a bracket that opens or closes. */
void end_phrases(Phrases *phrases, int opens, int closes);

/* Keep what the piece has of phrases that may go on in the next one; false with an exception set. */
int keep_ending(Phrases *phrases, PyObject *piece);

/* word_stream.c: take up a piece of the document; false with an exception set. */
int phrases_add(Phrases *phrases, const Grammar *grammar, EngineObject *engine, PyObject *piece);

#endif
