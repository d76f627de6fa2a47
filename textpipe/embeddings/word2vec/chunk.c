/* A chunk of the file: its bytes to ids, its ids to the kernel, line by line. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>

enum { MOST_WORDS = 10000 }; /* of a sentence; longer lines are cut, as in gensim */

typedef struct {
    const Model *model;
    const Kernel *kernel;
    Work work;
    uint64_t random; /* for leaving out frequent words */
    uint32_t *ids;
    int64_t count;
    double done; /* share of all epochs when the sentence began */
} Sentence;

static void finish(Sentence *sentence) {
    const Model *model = sentence->model;
    double rate = model->rate + (model->final_rate - model->rate) * sentence->done;
    if (sentence->count > 1)
        sentence->kernel->sentence(model, &sentence->work, sentence->ids, sentence->count, (float)rate);
    sentence->count = 0;
}

static void add_word(Sentence *sentence, uint32_t id) {
    if (sentence->model->keep[id] != UINT32_MAX &&
        sentence->model->keep[id] <= (uint32_t)(next_random(&sentence->random) >> 32))
        return;
    sentence->ids[sentence->count++] = id;
    if (sentence->count == MOST_WORDS) finish(sentence);
}

/* The tokens that begin in [bytes, own); the buffer goes on to `end`, where a separator stands. */
static int64_t learn_tokens(Sentence *sentence, const uint8_t *bytes, const uint8_t *own, const uint8_t *end,
                            double done, double per_byte) {
    const uint8_t *at = bytes;
    int64_t tokens = 0;
    while (at < own) {
        if (separates(*at)) {
            if (*at++ == '\n') finish(sentence);
            continue;
        }
        const uint8_t *stop = token_end(at);
        if (stop > end) stop = end;
        uint32_t id = stop - at > LONGEST ? NO_WORD : word_id(&sentence->model->words, at, stop - at);
        if (sentence->count == 0) sentence->done = done + (double)(at - bytes) * per_byte;
        if (id != NO_WORD) add_word(sentence, id);
        at = stop;
        tokens++;
    }
    finish(sentence);
    return tokens;
}

static uint64_t seed_of(const Model *model, int64_t epoch, int64_t number) {
    uint64_t state = model->seed;
    state = next_random(&state) + (uint64_t)epoch;
    state = next_random(&state) + (uint64_t)number;
    return next_random(&state);
}

int learn_chunk(const Model *model, const Kernel *kernel, int file, int64_t epoch, int64_t number, Learned *learned) {
    int64_t begin = number * model->block, before = begin > 0, room = model->block + LONGEST + 2;
    uint8_t *buffer = malloc(room + PADDING);
    Sentence sentence = {.model = model, .kernel = kernel, .ids = malloc(MOST_WORDS * sizeof(uint32_t))};
    int fine = buffer && sentence.ids && work_start(&sentence.work, model);
    if (!fine) errno = ENOMEM;
    int64_t size = fine ? read_bytes(file, buffer, room, begin - before) : -1;
    fine = fine && size >= 0;
    if (fine) {
        const uint8_t *at = buffer + before, *end = buffer + size, *own = at + model->block;
        if (own > end) own = end;
        memset(buffer + size, '\n', PADDING);
        if (before && !separates(*buffer)) /* inside a token, which belongs to the chunk it begins in */
            while (at < own && !separates(*at)) at++;
        sentence.work.random = seed_of(model, epoch, number);
        sentence.random = next_random(&sentence.work.random);
        double per_byte = 1.0 / ((double)model->size * (double)model->epochs);
        double done = ((double)epoch * (double)model->size + (double)(begin + (at - buffer - before))) * per_byte;
        learned->tokens = learn_tokens(&sentence, at, own, end, done, per_byte);
        learned->pairs = sentence.work.pairs;
        learned->loss = sentence.work.loss;
    }
    work_free(&sentence.work);
    free(sentence.ids);
    free(buffer);
    return fine;
}
