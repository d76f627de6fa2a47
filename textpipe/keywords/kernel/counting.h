/* The words of one document: how often, where first, and which stand near each other. */
#ifndef TEXTPIPE_COUNTING_H
#define TEXTPIPE_COUNTING_H

#include "../../segment/core/module.h"

typedef struct {
    PyObject *string; /* null for a word that may not count */
    int64_t count, first;
    uint32_t slot; /* the table's node, 0 for none */
} Word;

typedef struct {
    uint32_t left, right;
    int64_t weight; /* how often; a loop counts once here */
} Edge;

/* What is asked of a document's words. */
typedef struct {
    PyObject *stopwords;    /* a set of words in lower case */
    const uint8_t *allowed; /* by number of the tag; null to cut without tags */
    int window;             /* words fewer tokens apart are neighbours; 0 for no graph */
    int hmm;
} Wanted;

typedef struct {
    Word *words;
    int64_t word_count, word_limit, total; /* total: of all counts */
    uint32_t *slots; /* a hash table: number of a word by its slot */
    uint32_t *numbers;
    uint32_t slot_limit;
    PyObject *unknown; /* dict: number by string, for words outside the table */
    Edge *edges;
    int64_t edge_count, edge_limit;
    uint64_t *pairs; /* a hash table: number of an edge by its two words */
    uint32_t *pair_edges;
    uint32_t pair_limit;
    uint32_t *recent; /* numbers of the last words and their positions, a ring of `window` */
    int64_t *recent_positions;
    int64_t recent_count, recent_first;
    int64_t offset, position;
} Counts;

/* False with an exception set. */
int counts_start(Counts *counts, const Wanted *wanted);
int counts_add(Counts *counts, const Wanted *wanted, EngineObject *engine, PyObject *text);
void counts_free(Counts *counts);

#endif
