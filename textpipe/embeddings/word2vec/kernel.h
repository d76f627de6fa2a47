/* The kernel, compiled once for every instruction set: see instructions.h.
 *
 * Skip-gram takes the words of a window as inputs and the word in its middle, with negatives, as targets; all dot
 * products come first, then all updates, from what the rows were before: small dense products. */
#include "model.h"

#include "instructions.h"

#if COMPILED
#include "vector.h"

enum {
    TILE = 6,    /* targets that are kept in registers */
    USUAL = 112, /* floats of a row of 100 dimensions */
};

/* Dot products of every input with `some` targets from `first`, a vector each that is to be summed up. */
INLINE void multiply(int n, int inputs, float *const *input, int targets, float *const *target, int first,
                     const int some, Floats *sums) {
    int i = 0;
    for (; i + 1 < inputs; i += 2) {
        const Floats *x = (const Floats *)input[i], *y = (const Floats *)input[i + 1];
        Floats a[TILE], b[TILE];
        for (int t = 0; t < some; t++) a[t] = b[t] = zero();
        for (int v = 0; v < n; v++) {
            Floats p = x[v], q = y[v];
            for (int t = 0; t < some; t++) {
                Floats row = ((const Floats *)target[first + t])[v];
                a[t] += p * row, b[t] += q * row;
            }
        }
        for (int t = 0; t < some; t++) {
            sums[i * targets + first + t] = a[t], sums[(i + 1) * targets + first + t] = b[t];
        }
    }
    if (i == inputs) return;
    const Floats *x = (const Floats *)input[i];
    Floats a[TILE], b[TILE];
    for (int t = 0; t < some; t++) a[t] = b[t] = zero();
    int v = 0;
    for (; v + 1 < n; v += 2)
        for (int t = 0; t < some; t++) {
            const Floats *row = (const Floats *)target[first + t] + v;
            a[t] += x[v] * row[0], b[t] += x[v + 1] * row[1];
        }
    for (int t = 0; t < some; t++) {
        if (v < n) a[t] += x[v] * ((const Floats *)target[first + t])[v];
        sums[i * targets + first + t] = a[t] + b[t];
    }
}

/* Add to `some` targets what they learn from every input, and to the outputs what the inputs learn from them.
 * Outputs may be the inputs; `fresh` ones begin at zero. */
INLINE void update(int n, int inputs, float *const *input, float *const *output, int targets, float *const *target,
                   int first, const int some, const float *slopes, int fresh) {
    Floats *rows[TILE]; /* which, unlike `target`, no store can change */
    for (int t = 0; t < some; t++) rows[t] = (Floats *)target[first + t];
    if (inputs == 1) {
        const Floats *x = (const Floats *)input[0];
        Floats *out = (Floats *)output[0];
        float slope[TILE];
        for (int t = 0; t < some; t++) slope[t] = slopes[first + t];
        for (int v = 0; v < n; v++) {
            Floats one = x[v], sum = fresh ? zero() : out[v];
            for (int t = 0; t < some; t++) {
                Floats row = rows[t][v];
                sum += row * slope[t];
                rows[t][v] = row + one * slope[t];
            }
            out[v] = sum;
        }
        return;
    }
    for (int v = 0; v < n; v++) {
        Floats row[TILE], changed[TILE];
        for (int t = 0; t < some; t++) row[t] = changed[t] = rows[t][v];
        for (int i = 0; i < inputs; i++) {
            const float *slope = slopes + i * targets + first;
            Floats x = ((const Floats *)input[i])[v];
            Floats out = fresh ? zero() : ((const Floats *)output[i])[v];
            for (int t = 0; t < some; t++) out += row[t] * slope[t], changed[t] += x * slope[t];
            ((Floats *)output[i])[v] = out;
        }
        for (int t = 0; t < some; t++) rows[t][v] = changed[t];
    }
}

/* Dot products to slopes of the loss times the rate; the loss is added up by lanes. */
INLINE void differentiate(int lanes, const Floats *sums, const float *labels, const float *weights, float rate,
                          float *slopes, Floats *loss) {
    for (int lane = 0; lane < lanes; lane += WIDTH) {
        Floats x = sums_of(sums + lane), label = load(labels + lane), weight = load(weights + lane);
        Bits negative = bits_of(x) >> 31;
        Floats size = floats_of(bits_of(x) & 0x7FFFFFFF), e = exp_of_minus(size), half = 1.0f / (1.0f + e);
        Floats sigmoid = floats_of((bits_of(half * e) & negative) | (bits_of(half) & ~negative));
        *loss += weight * (log_1_plus(e) + (x + size) * 0.5f - x * label);
        *(Anywhere *)(slopes + lane) = (label - sigmoid) * weight * rate;
    }
}

/* Tiles of six targets, then a smaller one: its size is a constant in each call, so that rows stay in registers. */
#define EACH_TILE(call)                                            \
    for (int first = 0; first < targets; first += TILE) {          \
        switch (targets - first < TILE ? targets - first : TILE) { \
        case 1: call(1); break;                                    \
        case 2: call(2); break;                                    \
        case 3: call(3); break;                                    \
        case 4: call(4); break;                                    \
        case 5: call(5); break;                                    \
        default: call(6);                                          \
        }                                                          \
    }

/* From the inputs and targets of `work`. */
INLINE void learn_rows(int n, Work *work, int inputs, float *const *output, int targets, const float *weights,
                       float rate, Floats *loss) {
    Floats *sums = (Floats *)work->sums;
    int lanes = inputs * targets, fresh = output != work->inputs;
#define MULTIPLY(some) multiply(n, inputs, work->inputs, targets, work->targets, first, some, sums)
    EACH_TILE(MULTIPLY)
    for (int lane = lanes; lane % WIDTH; lane++) sums[lane] = zero();
    differentiate(lanes, sums, work->labels, weights, rate, work->slopes, loss);
#define UPDATE(some)                                                                                       \
    update(n, inputs, work->inputs, output, targets, work->targets, first, some, work->slopes, fresh && first == 0)
    EACH_TILE(UPDATE)
}

/* Compiled for the usual dimensions, and once for any. */
ALONE void learn_usual(Work *work, int inputs, float *const *output, int targets, const float *weights, float rate,
                       Floats *loss) {
    learn_rows(USUAL / WIDTH, work, inputs, output, targets, weights, rate, loss);
}

ALONE void learn_any(int n, Work *work, int inputs, float *const *output, int targets, const float *weights,
                     float rate, Floats *loss) {
    learn_rows(n, work, inputs, output, targets, weights, rate, loss);
}

INLINE void learn(int n, const Model *model, Work *work, int inputs, float *const *output, const float *weights,
                  float rate, Floats *loss) {
    int targets = model->negative + 1;
    if (n == USUAL / WIDTH) learn_usual(work, inputs, output, targets, weights, rate, loss);
    else learn_any(n, work, inputs, output, targets, weights, rate, loss);
}

#include "windows.h"
#endif

END_OF_INSTRUCTIONS
