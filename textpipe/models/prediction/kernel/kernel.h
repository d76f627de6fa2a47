/* The body of every kernel, in vectors of WIDTH floats: see networks.h. */
#include "networks.h"

#include "../../../embeddings/word2vec/instructions.h"

#if COMPILED
#include <math.h>

#include "../../../embeddings/word2vec/vector.h"

#if WIDTH == 16
#include <immintrin.h>
#define LARGER(a, b) ((Floats)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define SMALLER(a, b) ((Floats)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define ADDED(a, b, c) ((Floats)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define ALL(value) ((Floats)_mm512_set1_ps(value))
#define VECTORS 16   /* that are summed side by side */
#define TEXTS 6      /* whose products are summed side by side, six at most */
#elif WIDTH == 8
#include <immintrin.h>
#define LARGER(a, b) ((Floats)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define SMALLER(a, b) ((Floats)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define ADDED(a, b, c) ((Floats)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define ALL(value) ((Floats)_mm256_set1_ps(value))
#define VECTORS 8
#define TEXTS 3
#else
#define ALL(value) (zero() + (value))
#define VECTORS 8
#define TEXTS 2
INLINE Floats larger_of(Floats a, Floats b) {
#if WIDTH > 1
    Bits mask = a > b;
    return floats_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
#else
    return a > b ? a : b;
#endif
}
#define LARGER(a, b) larger_of(a, b)
#define SMALLER(a, b) (-larger_of(-(a), -(b)))
#define ADDED(a, b, c) ((a) * (b) + (c))
#endif

enum { SIX = 6 }; /* the most that any kernel takes for TEXTS */

#ifdef __GNUC__
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) ((void)0)
#endif

INLINE void store(float *to, Floats floats) { memcpy(to, &floats, sizeof(floats)); }


/* ------------------------------------------------------------------------------------------- windows */

/* The largest sums of `vectors` * WIDTH filters; offset: their first column. `width` is a constant but for wide windows. */
INLINE void pool_some(const float *const *rows, const float *const *others, int64_t windows, int64_t offset,
                      int64_t step, int64_t width, int vectors, float *pooled) {
    Floats best[VECTORS];
    for (int vector = 0; vector < vectors; vector++) best[vector] = ALL(-INFINITY);
    for (int64_t window = 0; window < windows; window++)
        for (int vector = 0; vector < vectors; vector++) {
            int64_t at = offset + vector * WIDTH;
            Floats sum = load(rows[window] + at);
            if (others) sum += load(others[window] + at);
            for (int64_t place = 1; place < width; place++) {
                sum += load(rows[window + place] + at + place * step);
                if (others) sum += load(others[window + place] + at + place * step);
            }
            best[vector] = LARGER(sum, best[vector]);
        }
    for (int vector = 0; vector < vectors; vector++) store(pooled + vector * WIDTH, best[vector]);
}

#define POOL(vectors)                                                                                       \
    for (; filter + (vectors) * WIDTH <= filters; filter += (vectors) * WIDTH)                              \
        pool_some(rows, others, windows, first + filter, filters, width, vectors, pooled + filter);

INLINE void pool_width(const float *const *rows, const float *const *others, int64_t windows, int64_t first,
                       int64_t filters, int64_t width, float *pooled) {
    int64_t filter = 0;
    POOL(VECTORS)
    POOL(LANES / WIDTH)
}

INLINE void pool_widths(const Windows *windows, const float *const *rows, const float *const *others, int64_t length,
                        float *pooled) {
    int64_t first = 0, filters = windows->filters;
    for (int64_t number = 0; number < windows->width_count; number++, pooled += filters) {
        int64_t width = windows->widths[number], count = length - width + 1;
        switch (width) {
            case 1: pool_width(rows, others, count, first, filters, 1, pooled); break;
            case 2: pool_width(rows, others, count, first, filters, 2, pooled); break;
            case 3: pool_width(rows, others, count, first, filters, 3, pooled); break;
            case 4: pool_width(rows, others, count, first, filters, 4, pooled); break;
            case 5: pool_width(rows, others, count, first, filters, 5, pooled); break;
            default: pool_width(rows, others, count, first, filters, width, pooled);
        }
        first += width * filters;
    }
}

ALONE void pool_one(const Windows *windows, const float *const *rows, int64_t length, float *pooled) {
    pool_widths(windows, rows, NULL, length, pooled);
}

ALONE void pool_two(const Windows *windows, const float *const *rows, const float *const *others, int64_t length,
                    float *pooled) {
    pool_widths(windows, rows, others, length, pooled);
}

static void pool(const Windows *windows, int64_t start, int64_t length, const float **rows, int64_t room,
                 float *pooled) {
    int64_t count = length > windows->least ? length : windows->least;
    for (int channel = 0; channel < windows->channels; channel++)
        for (int64_t place = 0; place < count; place++) {
            int32_t row = place < length ? windows->places[channel][start + place] : windows->padding[channel];
            rows[channel * room + place] = windows->tables[channel] + row * windows->columns;
        }
    if (windows->channels == 1) pool_one(windows, rows, count, pooled);
    else pool_two(windows, rows, rows + room, count, pooled);
}

/* ------------------------------------------------------------------------------------------- products */

/* name_all(what, count, column): name_some of `count` texts, for so many side by side as registers hold. Each number of
 * them is a function alone, or constants of its callers would take registers that sums need. */
#define SIDE_BY_SIDE(name, Type)                                                                                     \
    ALONE void name##_1(const Type *what, int64_t first, int64_t column) { name##_some(what, first, column, 1); }    \
    ALONE void name##_2(const Type *what, int64_t first, int64_t column) { name##_some(what, first, column, 2); }    \
    ALONE void name##_3(const Type *what, int64_t first, int64_t column) { name##_some(what, first, column, 3); }    \
    ALONE void name##_4(const Type *what, int64_t first, int64_t column) { name##_some(what, first, column, 4); }    \
    ALONE void name##_5(const Type *what, int64_t first, int64_t column) { name##_some(what, first, column, 5); }    \
    ALONE void name##_6(const Type *what, int64_t first, int64_t column) { name##_some(what, first, column, 6); }    \
    static void name##_all(const Type *what, int64_t count, int64_t column) {                                       \
        static void (*const some[])(const Type *, int64_t, int64_t) = {name##_1, name##_2, name##_3,                 \
                                                                       name##_4, name##_5, name##_6};                \
        for (int64_t first = 0; first < count; first += TEXTS)                                                      \
            some[(count - first < TEXTS ? count - first : TEXTS) - 1](what, first, column);                          \
    }

/* Add to four sums of each text what `count` numbers of it give; weights: [count][4][LANES]. */
INLINE void add_products(Floats (*sums)[4], const float *const *values, const float *weights, int64_t count, int texts) {
    Floats own[SIX][4]; /* which all compilers leave in registers */
    for (int text = 0; text < texts; text++)
        for (int one = 0; one < 4; one++) own[text][one] = sums[text][one];
    for (int64_t from = 0; from < count; from++, weights += 4 * LANES) {
        Floats value[SIX];
        for (int text = 0; text < texts; text++) value[text] = ALL(values[text][from]);
        for (int one = 0; one < 4; one++) {
            Floats weight = load(weights + one * LANES);
            for (int text = 0; text < texts; text++) own[text][one] = ADDED(value[text], weight, own[text][one]);
        }
    }
    for (int text = 0; text < texts; text++)
        for (int one = 0; one < 4; one++) sums[text][one] = own[text][one];
}

/* Of `rows` (a constant) rows from `first` on, WIDTH columns of each four from `column` on. */
INLINE void multiply_some(const Product *product, int64_t first, int64_t column, int rows) {
    const int64_t block = column / (4 * LANES), inside = column % (4 * LANES);
    const float *values[SIX];
    Floats sums[SIX][4];
    for (int row = 0; row < rows; row++) {
        values[row] = product->values + (first + row) * product->count;
        for (int one = 0; one < 4; one++) sums[row][one] = load(product->bias + column + one * LANES);
    }
    add_products(sums, values, product->weights + block * product->count * 4 * LANES + inside, product->count, rows);
    for (int row = 0; row < rows; row++)
        for (int one = 0; one < 4; one++)
            store(product->out + (first + row) * product->columns + column + one * LANES, sums[row][one]);
}

SIDE_BY_SIDE(multiply, Product)

static void multiply(const Product *product, int64_t rows) {
    for (int64_t block = 0; block < product->columns; block += 4 * LANES)
        for (int64_t inside = 0; inside < LANES; inside += WIDTH) multiply_all(product, rows, block + inside);
}

/* ------------------------------------------------------------------------------------------- an LSTM */

/* e^-x to 1e-7 of its size; what lies beyond 25 is as 25, so that three of them can be multiplied */
INLINE Floats exp_of_negative(Floats x) {
    const Floats round = ALL(12582912.0f); /* 3 * 2^22: what is added to it is rounded */
    x = SMALLER(LARGER(x, ALL(-25.0f)), ALL(25.0f));
    Floats shifted = ADDED(x, ALL(-1.44269504f), round), f = ADDED(x, ALL(-1.44269504f), -(shifted - round));
    Floats power = ADDED(f, ALL(0.00015469732f), ALL(0.00134004322f));
    power = ADDED(power, f, ALL(0.0096180256f));
    power = ADDED(power, f, ALL(0.0555032721f));
    power = ADDED(power, f, ALL(0.240226512f));
    power = ADDED(power, f, ALL(0.693147207f));
    power = ADDED(power, f, ALL(1.0f));
    return floats_of(bits_of(power) + (bits_of(shifted) << 23));
}

/* sigmoid(f) * cell + sigmoid(i) * tanh(g), with one division for the three */
INLINE Floats next_cell(Floats i, Floats f, Floats g, Floats cell) {
    Floats of_f = 1.0f + exp_of_negative(f), e = exp_of_negative(g + g);
    Floats both = (1.0f + exp_of_negative(i)) * (1.0f + e);
    return ADDED(cell, both, (1.0f - e) * of_f) / (of_f * both);
}

/* sigmoid(o) * tanh(cell) */
INLINE Floats shown(Floats o, Floats cell) {
    Floats e = exp_of_negative(cell + cell);
    return (1.0f - e) / ((1.0f + exp_of_negative(o)) * (1.0f + e));
}

/* What a step works on: the hidden numbers before and after, and the cells, [texts][hidden] each. */
typedef struct {
    const Lstm *lstm;
    const float *before;
    float *after, *cells;
    const float *gates[MOST_CHANNELS][TEXTS_AT_ONCE + SIX]; /* null behind the last */
    const float *inputs[TEXTS_AT_ONCE];
    float *out[TEXTS_AT_ONCE];
    Kept kept; /* KEPT_LAST: whatever `out` has is written over */
} Step;

/* Of `texts` (a constant) texts from `first` on the WIDTH hidden numbers from `lane` on. */
INLINE void step_some(const Step *step, int64_t first, int64_t lane, int texts) {
    const Lstm *lstm = step->lstm;
    const int64_t hidden = lstm->hidden, block = lane / LANES, inside = lane % LANES;
    const float *values[SIX];
    Floats gate[SIX][4];
    for (int text = 0; text < texts; text++)
        for (int one = 0; one < 4; one++) {
            int64_t column = (block * 4 + one) * LANES + inside;
            gate[text][one] = load(step->gates[0][first + text] + column);
            if (lstm->channels > 1) gate[text][one] += load(step->gates[1][first + text] + column);
        }
    for (int text = 0; text < texts; text++) /* rows lie anywhere: those of the next texts are asked for in time */
        for (int one = 0; one < 4; one++)
            FETCH(step->gates[0][first + texts + text] + (block * 4 + one) * LANES);
    if (lstm->inputs) {
        for (int text = 0; text < texts; text++) values[text] = step->inputs[first + text];
        add_products(gate, values, lstm->input_weights + block * lstm->input_count * 4 * LANES + inside,
                     lstm->input_count, texts);
    }
    for (int text = 0; text < texts; text++) values[text] = step->before + (first + text) * hidden;
    add_products(gate, values, lstm->weights + block * hidden * 4 * LANES + inside, hidden, texts);
    for (int text = 0; text < texts; text++) {
        float *cells = step->cells + (first + text) * hidden + lane;
        Floats cell = next_cell(gate[text][0], gate[text][1], gate[text][2], load(cells));
        Floats value = shown(gate[text][3], cell);
        store(cells, cell);
        store(step->after + (first + text) * hidden + lane, value);
        float *out = step->out[first + text] + lane;
        if (step->kept == KEPT_LARGEST) value = LARGER(load(out), value);
        if (step->kept == KEPT_SUM) value += load(out);
        store(out, value);
    }
}

SIDE_BY_SIDE(step, Step)

static void read_texts(const Lstm *lstm, const int64_t *starts, const int64_t *lengths, int64_t texts, float *state) {
    const int64_t size = TEXTS_AT_ONCE * lstm->hidden;
    Step step = {.lstm = lstm, .before = state, .after = state + size, .cells = state + 2 * size};
    memset(state, 0, 3 * (size_t)size * sizeof(*state));
    for (int64_t time = 0; texts && time < lengths[0]; time++) {
        while (lengths[texts - 1] <= time) texts--;
        for (int64_t text = 0; text < texts; text++) {
            int64_t position = starts[text] + (lstm->backwards ? lengths[text] - 1 - time : time);
            for (int channel = 0; channel < lstm->channels; channel++) {
                int64_t row = lstm->inputs ? 0 : lstm->places[channel][position];
                step.gates[channel][text] = lstm->gates[channel] + row * lstm->columns;
            }
            step.inputs[text] = lstm->inputs ? lstm->inputs + position * lstm->input_count : NULL;
            step.out[text] = lstm->out + (lstm->kept == KEPT_EACH ? position : text) * lstm->stride;
        }
        step.kept = time == 0 || lstm->kept == KEPT_EACH ? KEPT_LAST : lstm->kept;
        for (int64_t lane = 0; lane < lstm->hidden; lane += WIDTH) step_all(&step, texts, lane);
        float *free_again = (float *)step.before;
        step.before = step.after, step.after = free_again;
    }
}

const Kernel KERNEL = {NAME, runs, pool, multiply, read_texts};
#endif

END_OF_INSTRUCTIONS
