/* What is trained, what training needs beside it, and the kernels that do it. */
#ifndef TEXTPIPE_MODEL_H
#define TEXTPIPE_MODEL_H

#include "words.h"

enum { SKIPGRAM, CBOW };

/* Vose's alias method: of each word, the share of its own column, and the word that has the rest. */
typedef struct {
    uint32_t own, other;
} Column;

/* Matrices have a row a word, `stride` floats long: the dimensions, then zeros up to a multiple of 16. */
typedef struct {
    float *vectors, *context; /* after the words' vectors those of n-grams */
    int64_t word_count, rows;
    int dim, stride, arch, window, negative, own_negatives, subwords;
    Words words;
    Column *columns;
    uint32_t *keep;       /* by word: below it a random number leaves the word in */
    uint32_t *grams;      /* rows of every word's n-grams */
    int64_t *gram_starts; /* of each word, and the end */
    int64_t most_grams;   /* of a word */
    double rate, final_rate;
    uint64_t seed;
    int64_t epochs, size, block; /* bytes of the file, bytes of a chunk */
} Model;

/* What one thread needs at a time. */
typedef struct {
    uint64_t random;
    float *sums;                     /* a vector for each dot product, before it is summed up */
    float *slopes, *labels, *weights, *ones; /* by input and target; `ones` ends with zeros */
    float *inner, *deltas;           /* composed inputs and what they learned */
    float *nowhere;                  /* a row for negatives that do not count */
    float **inputs, **outputs, **targets;
    float *target_weights;
    uint32_t *drawn, *input_ids, *rows;
    void *memory;
    double loss;
    int64_t pairs;
} Work;

typedef struct {
    const char *name;
    int (*runs)(void);
    /* Words that follow each other; ids are those that stayed in. */
    void (*sentence)(const Model *model, Work *work, const uint32_t *ids, int64_t count, float rate);
    /* One update: these inputs, the target first and then its negatives. */
    void (*step)(const Model *model, Work *work, const uint32_t *inputs, int64_t count, const uint32_t *targets,
                 float rate);
} Kernel;

extern const Kernel kernel_avx512, kernel_avx2, kernel_baseline;

/* False when memory runs out. */
int work_start(Work *work, const Model *model);
void work_free(Work *work);

int model_draws(Model *model, const int64_t *counts, double power);
int model_keeps(Model *model, const int64_t *counts, double sample);
int model_grams(Model *model, int min_n, int max_n, int64_t buckets);
void fill_uniform(float *rows, int64_t from, int64_t to, int dim, int stride, uint64_t seed);
/* The mean of a word's row and those of its n-grams, for every word: float[word_count][dim]. */
void compose_all(const Model *model, float *into);

/* SplitMix64 (Steele et al. 2014) */
static inline uint64_t next_random(uint64_t *state) {
    uint64_t value = *state += 0x9E3779B97F4A7C15ULL;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ value >> 27) * 0x94D049BB133111EBULL;
    return value ^ value >> 31;
}

/* Below n, from 32 random bits. */
static inline uint32_t below(uint32_t random, uint64_t n) { return (uint32_t)(random * n >> 32); }

static inline uint32_t draw_word(const Model *model, uint64_t *state) {
    uint64_t random = next_random(state);
    uint32_t column = below((uint32_t)(random >> 32), model->word_count);
    Column found = model->columns[column];
    uint32_t own = -(uint32_t)((uint32_t)random < found.own); /* all ones or none: no branch, which nobody could foresee */
    return found.other ^ ((found.other ^ column) & own);
}

typedef struct {
    int64_t tokens, pairs;
    double loss;
} Learned;

/* Learn from the tokens that begin in chunk `number`. False with errno set. */
int learn_chunk(const Model *model, const Kernel *kernel, int file, int64_t epoch, int64_t number, Learned *learned);

#endif
