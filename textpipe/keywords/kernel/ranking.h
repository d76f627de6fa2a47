/* Counted words to scores. */
#ifndef TEXTPIPE_RANKING_H
#define TEXTPIPE_RANKING_H

#include "counting.h"

typedef struct {
    double score;
    int64_t word;
} Ranked;

/* How counts become weights. */
typedef struct {
    PyObject *idf; /* a table of weights; null for jieba's */
    double median; /* of a word outside it */
    int normalized; /* scikit-learn's rows in place of shares of all counted words */
} Weighing;

/* The scored words, not yet in order, into an array that the caller frees; their number, -1 with an exception set. */
int64_t score_by_idf(const Counts *counts, const Table *table, const Weighing *weighing, Ranked **ranked);
int64_t score_by_graph(const Counts *counts, Ranked **ranked);

/* Put the k best first (all for 0), by score and then by first occurrence. How many that is. */
int64_t rank(const Counts *counts, Ranked *ranked, int64_t count, int64_t k);

#endif
