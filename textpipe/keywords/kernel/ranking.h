/* Counted words to scores. */
#ifndef TEXTPIPE_RANKING_H
#define TEXTPIPE_RANKING_H

#include "counting.h"

typedef struct {
    double score;
    int64_t word;
} Ranked;

/* The scored words, not yet in order, into an array that the caller frees; their number, -1 with an exception set. */
int64_t score_by_idf(const Counts *counts, const Table *table, PyObject *idf, double median, Ranked **ranked);
int64_t score_by_graph(const Counts *counts, Ranked **ranked);

/* Put the k best first (all for 0), by score and then by first occurrence. How many that is. */
int64_t rank(const Counts *counts, Ranked *ranked, int64_t count, int64_t k);

#endif
