/* The candidate phrases of one document, as textpipe/keywords/candidate_phrases.py finds them. */
#ifndef TEXTPIPE_CANDIDATES_H
#define TEXTPIPE_CANDIDATES_H

#include "../../segment/core/module.h"

enum { MOST_KINDS = 16, MOST_WORDS = 8, LINK_WINDOW = 5 };

/* What makes words and phrases; kinds are numbered from 1, 0 is a word that no phrase holds. */
typedef struct {
    PyObject *stopwords;   /* a set of words in lower case */
    const uint8_t *kinds;  /* by number of the tag; 0 also for tags that are not wanted */
    uint8_t english;       /* the kind of a word of letters, 0 when not wanted */
    uint32_t ending;       /* a bit for each kind that a phrase does not go on with */
    int longest, hmm;
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

/* False with an exception set. keep_texts: pieces are gone before the candidates are read. */
int phrases_start(Phrases *phrases, int keep_texts);
int phrases_add(Phrases *phrases, const Grammar *grammar, EngineObject *engine, PyObject *text);
void phrases_finish(Phrases *phrases);
void phrases_free(Phrases *phrases);

/* The text of a candidate; `piece` is the only one if texts were not kept. Null with an exception set. */
PyObject *candidate_text(const Candidate *candidate, PyObject *piece);

#endif
