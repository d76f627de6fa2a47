/* Candidate phrases to key phrases: signals, their weights, the best. */
#ifndef TEXTPIPE_PHRASES_H
#define TEXTPIPE_PHRASES_H

#include "candidates.h"

enum { SIGNAL_COUNT = 9, MOST_LENGTHS = 16 };

/* The weights, as textpipe/keywords/phrase_signals.py explains them. */
typedef struct {
    double bias, weights[SIGNAL_COUNT], lengths[MOST_LENGTHS], first_kind[MOST_KINDS], last_kind[MOST_KINDS];
    int length_count;
} PhraseModel;

typedef struct {
    double score;
    int64_t number; /* of the candidate */
} RankedPhrase;

/* The weight of a word that the phrase model knows as rarity. idf: an object with `get`, null for the table's. */
typedef struct {
    PyObject *idf;
    double median;
} Rarity;

/* The candidates of two characters or more, best first, into an array that the caller frees; -1 with an exception set. */
int64_t rank_phrases(const Phrases *phrases, const PhraseModel *model, const Table *table, const Rarity *rarity,
                     RankedPhrase **ranked);

extern PyTypeObject PhraseExtractorType;
int is_engine(PyObject *object); /* module.c: whether it is one of textpipe.segment._core */

#endif
