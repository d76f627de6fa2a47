/* Tables made once before training: which words are drawn, which are left out, which n-grams they have. */
#include "model.h"

#include <math.h>
#include <stdlib.h>

enum { ALIGNMENT = 64 };

int model_draws(Model *model, const int64_t *counts, double power) {
    int64_t n = model->word_count;
    double *share = malloc(n * sizeof(double)), total = 0;
    uint32_t *order = malloc(n * sizeof(uint32_t));
    model->columns = malloc(n * sizeof(Column));
    if (!share || !order || !model->columns) {
        free(share);
        free(order);
        return 0;
    }
    for (int64_t word = 0; word < n; word++) total += share[word] = pow((double)counts[word], power);
    int64_t poor = 0, rich = n; /* poor ones from the front of `order`, rich ones from its end */
    for (int64_t word = 0; word < n; word++) {
        share[word] *= n / total;
        if (share[word] < 1) order[poor++] = (uint32_t)word;
        else order[--rich] = (uint32_t)word;
    }
    int64_t top = n; /* rich ones are in [rich, n), poor ones in [0, poor) */
    while (poor > 0 && rich < top) {
        uint32_t from = order[--poor], giver = order[rich];
        model->columns[from] = (Column){(uint32_t)(share[from] * 4294967296.0), giver};
        share[giver] -= 1 - share[from];
        if (share[giver] < 1) rich++, order[poor++] = giver;
    }
    while (rich < top) model->columns[order[rich]] = (Column){UINT32_MAX, order[rich]}, rich++;
    while (poor > 0) poor--, model->columns[order[poor]] = (Column){UINT32_MAX, order[poor]};
    free(share);
    free(order);
    return 1;
}

/* word2vec's: a word with the share f of all is kept with probability sqrt(sample / f) + sample / f. */
int model_keeps(Model *model, const int64_t *counts, double sample) {
    model->keep = malloc(model->word_count * sizeof(uint32_t));
    if (model->keep == NULL) return 0;
    double total = 0;
    for (int64_t word = 0; word < model->word_count; word++) total += (double)counts[word];
    for (int64_t word = 0; word < model->word_count; word++) {
        double relative = sample * total / (double)counts[word], kept = sqrt(relative) + relative;
        model->keep[word] = sample > 0 && kept < 1 ? (uint32_t)(kept * 4294967295.0) : UINT32_MAX;
    }
    return 1;
}

/* ------------------------------------------------------------------------------------------- n-grams */

/* FNV-1a of 32 bits over signed bytes, as fastText hashes */
static uint32_t gram_hash(const uint8_t *bytes, const uint8_t *end) {
    uint32_t hash = 2166136261u;
    for (; bytes < end; bytes++) hash = (hash ^ (uint32_t)(int8_t)*bytes) * 16777619u;
    return hash;
}

/* n-grams of <word> of min_n to max_n characters, but for the brackets alone; `rows` may be null to count them. */
static int64_t grams_of(const uint8_t *word, int64_t length, int min_n, int max_n, uint32_t buckets, uint32_t first,
                        uint32_t *rows) {
    uint8_t whole[LONGEST + 2];
    int64_t size = length + 2, count = 0;
    whole[0] = '<', whole[size - 1] = '>';
    memcpy(whole + 1, word, length);
    for (int64_t start = 0; start < size; start++) {
        if ((whole[start] & 0xC0) == 0x80) continue;
        int64_t end = start;
        for (int n = 1; end < size && n <= max_n; n++) {
            for (end++; end < size && (whole[end] & 0xC0) == 0x80;) end++;
            if (n < min_n || (n == 1 && (start == 0 || end == size))) continue;
            if (rows) rows[count] = first + gram_hash(whole + start, whole + end) % buckets;
            count++;
        }
    }
    return count;
}

int model_grams(Model *model, int min_n, int max_n, int64_t buckets) {
    int64_t n = model->word_count, *starts = malloc((n + 1) * sizeof(int64_t));
    model->gram_starts = starts;
    if (starts == NULL) return 0;
    for (int pass = 0; pass < 2; pass++) {
        int64_t place = 0;
        for (int64_t word = 0; word < n; word++) {
            const int64_t *offset = model->words.offsets + word;
            starts[word] = place;
            int64_t count = grams_of(model->words.bytes + offset[0], offset[1] - offset[0], min_n, max_n, (uint32_t)buckets,
                              (uint32_t)n, pass ? model->grams + place : NULL);
            if (count > model->most_grams) model->most_grams = count;
            place += count;
        }
        starts[n] = place;
        if (pass == 0 && (model->grams = malloc((place + 1) * sizeof(uint32_t))) == NULL) return 0;
    }
    return 1;
}

void compose_all(const Model *model, float *into) {
    for (int64_t word = 0; word < model->word_count; word++, into += model->dim) {
        int64_t from = model->gram_starts[word], to = model->gram_starts[word + 1];
        memcpy(into, model->vectors + word * model->stride, model->dim * sizeof(float));
        for (int64_t gram = from; gram < to; gram++)
            for (int d = 0; d < model->dim; d++) into[d] += model->vectors[model->grams[gram] * (int64_t)model->stride + d];
        for (int d = 0; d < model->dim; d++) into[d] /= (float)(to - from + 1);
    }
}

/* ------------------------------------------------------------------------------------------- rows and memory */

/* word2vec's beginning: each number from -1/2 to 1/2, over the dimensions; a row depends on its place alone. */
void fill_uniform(float *rows, int64_t from, int64_t to, int dim, int stride, uint64_t seed) {
    for (int64_t row = from; row < to; row++) {
        uint64_t state = seed;
        state = next_random(&state) + (uint64_t)row;
        state = next_random(&state);
        for (int d = 0; d < stride; d++) {
            float number = d < dim ? (float)(next_random(&state) >> 40) / 16777216.0f - 0.5f : 0;
            rows[row * stride + d] = number / (float)dim;
        }
    }
}

int work_start(Work *work, const Model *model) {
    int64_t targets = model->negative + 1, inputs = 2 * (int64_t)model->window, lanes = inputs * targets + 16;
    int64_t sizes[] = {lanes * 16, lanes, lanes, lanes, lanes + 16, inputs * model->stride, inputs * model->stride,
                       model->stride, targets};
    float **places[] = {&work->sums, &work->slopes, &work->labels, &work->weights, &work->ones, &work->inner,
                        &work->deltas, &work->nowhere, &work->target_weights};
    int64_t floats = 0, pointers = 2 * inputs + targets, numbers = model->negative + inputs * (2 + model->most_grams);
    for (int place = 0; place < 9; place++) floats += (sizes[place] + 15) / 16 * 16;
    memset(work, 0, sizeof(*work));
    int64_t bytes = floats * sizeof(float) + pointers * sizeof(float *) + numbers * sizeof(uint32_t);
    work->memory = calloc(bytes + ALIGNMENT, 1);
    if (work->memory == NULL) return 0;
    float *next = (float *)(((uintptr_t)work->memory + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    for (int place = 0; place < 9; place++) *places[place] = next, next += (sizes[place] + 15) / 16 * 16;
    work->inputs = (float **)next, work->outputs = work->inputs + inputs, work->targets = work->outputs + inputs;
    work->drawn = (uint32_t *)(work->targets + targets), work->input_ids = work->drawn + model->negative;
    work->rows = work->input_ids + inputs;
    for (int64_t lane = 0; lane < lanes; lane++) work->labels[lane] = lane % targets == 0, work->ones[lane] = 1;
    return 1;
}

void work_free(Work *work) { free(work->memory); }
