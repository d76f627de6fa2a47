/* Candidates to scores, in the order of operations of phrase_signals.py. */
#include "phrases.h"

#include <math.h>
#include <stdlib.h>

/* The IDF of each word. Null with an exception set. */
static double *rarities(const Phrases *phrases, const Table *table, const Rarity *rarity) {
    double *values = malloc((phrases->word_count + 1) * sizeof(double));
    if (values == NULL) return (double *)PyErr_NoMemory();
    for (int64_t number = 0; number < phrases->word_count; number++) {
        const PhraseWord *word = phrases->words + number;
        values[number] = rarity->median;
        if (word->key == NULL) continue;
        if (rarity->idf == NULL) {
            if (word->slot && table->idf_numbers[word->slot])
                values[number] = table->idf_values[table->idf_numbers[word->slot]];
            continue;
        }
        PyObject *value = PyObject_CallMethod(rarity->idf, "get", "Od", word->key, rarity->median);
        if (value) values[number] = PyFloat_AsDouble(value);
        Py_XDECREF(value);
        if (PyErr_Occurred()) {
            free(values);
            return NULL;
        }
    }
    return values;
}

static void words_of(const Phrases *phrases, const Candidate *candidate, const double *rarity, double *degree,
                     double *rarest) {
    int64_t degrees = 0;
    double least = rarity[candidate->word];
    for (const Candidate *at = candidate;; at = phrases->found + at->prefix) {
        const PhraseWord *word = phrases->words + at->word;
        degrees += word->degree;
        if (rarity[at->word] < least) least = rarity[at->word];
        if (at->prefix < 0) break;
    }
    *degree = (double)degrees / candidate->length, *rarest = least;
}

static double score_of(const Phrases *phrases, const PhraseModel *model, const Candidate *candidate,
                       const double *rarity) {
    double degree, rarest;
    words_of(phrases, candidate, rarity, &degree, &rarest);
    double count = (double)candidate->count;
    double signals[SIGNAL_COUNT] = {
        log(count),
        (double)candidate->first / (double)phrases->offset,
        candidate->count > 1 ? (double)(candidate->last - candidate->first) / (double)phrases->offset : 0.0,
        rarest,
        log1p(degree),
        candidate->inside >= candidate->count,
        (double)candidate->left / count + (double)candidate->right / count,
        candidate->bracketed,
        log((double)candidate->characters),
    };
    int length = candidate->characters < model->length_count ? candidate->characters : model->length_count;
    double total = model->bias + model->lengths[length - 1];
    total += model->first_kind[candidate->first_kind];
    total += model->last_kind[candidate->last_kind];
    for (int signal = 0; signal < SIGNAL_COUNT; signal++) total += model->weights[signal] * signals[signal];
    return 1.0 / (1.0 + exp(-(total > -709.0 ? total : -709.0))); /* no infinity, and an order of its own for no number */
}

static const Phrases *ranked_of; /* set while the interpreter's lock is held, for the comparison alone */

static int better(const void *left, const void *right) {
    const RankedPhrase *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    int64_t first = ranked_of->found[a->number].first, other = ranked_of->found[b->number].first;
    if (first != other) return first < other ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

int64_t rank_phrases(const Phrases *phrases, const PhraseModel *model, const Table *table, const Rarity *rarity,
                     RankedPhrase **ranked) {
    double *values = rarities(phrases, table, rarity);
    *ranked = values ? malloc((phrases->found_count + 1) * sizeof(RankedPhrase)) : NULL;
    if (*ranked == NULL) {
        if (values) PyErr_NoMemory();
        free(values);
        return -1;
    }
    int64_t count = 0;
    for (int64_t number = 0; number < phrases->found_count; number++) {
        const Candidate *candidate = phrases->found + number;
        if (candidate->characters < 2) continue;
        (*ranked)[count++] = (RankedPhrase){score_of(phrases, model, candidate, values), number};
    }
    free(values);
    ranked_of = phrases;
    qsort(*ranked, count, sizeof(RankedPhrase), better);
    return count;
}
