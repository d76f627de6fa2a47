/* What networks do with rows of tables: the largest sums of windows, and the steps of an LSTM. */
#ifndef TEXTPIPE_NETWORKS_H
#define TEXTPIPE_NETWORKS_H

#include <stdint.h>

enum { LANES = 16 };        /* filters and hidden numbers come in so many, the last ones padded with zeros */
enum { MOST_CHANNELS = 2 };
enum { TEXTS_AT_ONCE = 48 }; /* that an LSTM reads side by side */

/* Windows over texts whose positions are rows of tables, one table a channel. */
typedef struct {
    const float *tables[MOST_CHANNELS];
    const int32_t *places[MOST_CHANNELS]; /* the row of each position */
    int32_t padding[MOST_CHANNELS];       /* the row of what stands behind a text that is too short */
    int channels;
    const int32_t *widths;
    int64_t width_count, filters, columns, least; /* columns: of a table; least: positions of a text */
} Windows;

/* Rows times a matrix, and the bias. */
typedef struct {
    const float *values;  /* [rows][count] */
    const float *weights; /* [columns / 4 / LANES][count][4][LANES] */
    const float *bias;    /* [columns] */
    int64_t count, columns;
    float *out; /* [rows][columns] */
} Product;

/* What an LSTM says at each position, or of each text the last, the largest or the sum of each number. */
typedef enum { KEPT_EACH, KEPT_LAST, KEPT_LARGEST, KEPT_SUM } Kept;

/* An LSTM in one direction. Numbers come as blocks of LANES hidden ones: of these those of the gates i, f, g, o. */
typedef struct {
    const float *gates[MOST_CHANNELS];    /* [rows][columns]: what the input gives to each gate, and the bias */
    const int32_t *places[MOST_CHANNELS]; /* the row of each position */
    int channels;
    int64_t columns; /* of which [hidden / LANES][4][LANES] are looked at */
    const float *inputs; /* [positions][input_count], of the layer before; null for the first: then gates have one row */
    int64_t input_count;
    const float *input_weights; /* [hidden / LANES][input_count][4][LANES] */
    const float *weights; /* [hidden / LANES][hidden][4][LANES]: what each hidden number gives to each gate */
    int64_t hidden;
    int backwards;
    Kept kept;
    float *out; /* [positions][stride], or [texts][stride]; of a text without positions nothing is written */
    int64_t stride;
} Lstm;

/* scratch: of each channel room for `positions` rows' places; pooled: float[width_count * filters]. */
typedef void PoolText(const Windows *windows, int64_t start, int64_t length, const float **rows, int64_t room,
                      float *pooled);

typedef void Multiply(const Product *product, int64_t rows);

/* starts, lengths: of at most TEXTS_AT_ONCE texts, the longest first; state: float[3 * TEXTS_AT_ONCE * hidden]. */
typedef void ReadTexts(const Lstm *lstm, const int64_t *starts, const int64_t *lengths, int64_t texts, float *state);

typedef struct {
    const char *name;
    int (*runs)(void);
    PoolText *pool;
    Multiply *multiply;
    ReadTexts *read;
} Kernel;

extern const Kernel kernel_avx512, kernel_avx2, kernel_baseline;

#endif
