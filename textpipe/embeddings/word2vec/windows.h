/* Windows and their negatives; part of kernel.h. */

/* How many words stood between sums of the loss in single precision and the one in double precision. */
enum { FLUSH = 32 };

INLINE void flush(Work *work, Floats *loss) {
    float lanes[WIDTH];
    memcpy(lanes, loss, sizeof(lanes));
    for (int lane = 0; lane < WIDTH; lane++) work->loss += lanes[lane];
    *loss = zero();
}

INLINE void prefetch(const float *row, int stride) {
    for (int d = 0; d < stride; d += 16) PREFETCH(row + d);
}

INLINE float *vector_of(const Model *model, uint32_t row) { return model->vectors + row * (int64_t)model->stride; }

INLINE float *context_of(const Model *model, uint32_t row) { return model->context + row * (int64_t)model->stride; }

/* Negatives of the next target; their rows come while the present ones are learned. */
INLINE void draw(const Model *model, Work *work) {
    for (int k = 0; k < model->negative; k++) {
        work->drawn[k] = draw_word(model, &work->random);
        prefetch(context_of(model, work->drawn[k]), model->stride);
    }
}

/* Rows of the target and of its negatives. One that is the target again does not count, one that is drawn twice
 * counts twice, in one row: a row is in registers once. True when every weight is one. */
INLINE int settle(const Model *model, Work *work, uint32_t target, const uint32_t *negatives) {
    int plain = 1;
    work->targets[0] = context_of(model, target);
    for (int k = 0; k < model->negative; k++) {
        int first = 0;
        while (first < k && negatives[first] != negatives[k]) first++;
        if (plain && first == k && negatives[k] != target) {
            work->targets[k + 1] = context_of(model, negatives[k]);
            continue;
        }
        if (plain)
            for (int t = 0; t <= model->negative; t++) work->target_weights[t] = 1;
        plain = 0;
        int counts = first == k && negatives[k] != target;
        work->targets[k + 1] = counts ? context_of(model, negatives[k]) : work->nowhere;
        work->target_weights[k + 1] = (float)counts;
        if (first < k && negatives[k] != target) work->target_weights[first + 1]++;
    }
    return plain;
}

/* A weight for each dot product, then zeros to the end of the last vector. */
INLINE const float *spread_weights(const Model *model, Work *work, int inputs, int plain) {
    int targets = model->negative + 1, lanes = inputs * targets, all = 2 * model->window * targets + 16;
    if (plain) return work->ones + all - lanes;
    for (int lane = 0; lane < lanes; lane++) work->weights[lane] = work->target_weights[lane % targets];
    for (int lane = lanes; lane < lanes + 16 && lane < all; lane++) work->weights[lane] = 0;
    return work->weights;
}

INLINE void add(float *into, const float *row, int stride, float times) {
    for (int d = 0; d < stride; d += WIDTH) *(Floats *)(into + d) += *(const Floats *)(row + d) * times;
}

/* Add a word's row and those of its n-grams; how many. */
INLINE int gather(const Model *model, uint32_t word, float *into) {
    add(into, vector_of(model, word), model->stride, 1);
    if (!model->subwords) return 1;
    int64_t from = model->gram_starts[word], to = model->gram_starts[word + 1];
    for (int64_t gram = from; gram < to; gram++) add(into, vector_of(model, model->grams[gram]), model->stride, 1);
    return (int)(to - from + 1);
}

/* What a mean learned goes to each of its rows whole, as word2vec and fastText have it. */
INLINE void scatter(const Model *model, uint32_t word, const float *delta) {
    add(vector_of(model, word), delta, model->stride, 1);
    if (!model->subwords) return;
    for (int64_t gram = model->gram_starts[word]; gram < model->gram_starts[word + 1]; gram++)
        add(vector_of(model, model->grams[gram]), delta, model->stride, 1);
}

/* The mean of the rows of these words as input `place`. */
INLINE void average(const Model *model, Work *work, const uint32_t *words, int count, int place) {
    float *mean = work->inputs[place] = work->inner + place * (int64_t)model->stride;
    work->outputs[place] = work->deltas + place * (int64_t)model->stride;
    memset(mean, 0, model->stride * sizeof(float));
    int rows = 0;
    for (int word = 0; word < count; word++) rows += gather(model, words[word], mean);
    float times = 1.0f / (float)rows;
    for (int d = 0; d < model->stride; d += WIDTH) *(Floats *)(mean + d) *= times;
}

/* Skip-gram: each of the words against the targets; CBOW: their mean. */
INLINE void learn_window(const Model *model, Work *work, const uint32_t *words, int count, int plain, float rate,
                         Floats *loss) {
    int inputs = model->arch == CBOW ? 1 : count, in_place = model->arch == SKIPGRAM && !model->subwords;
    const float *weights = spread_weights(model, work, inputs, plain);
    if (in_place)
        for (int i = 0; i < inputs; i++) work->inputs[i] = vector_of(model, words[i]);
    else if (inputs < count) average(model, work, words, count, 0);
    else
        for (int i = 0; i < inputs; i++) average(model, work, words + i, 1, i);
    if (in_place && model->negative < TILE) {
        learn(model, work, inputs, work->inputs, weights, rate, loss);
        return;
    }
    if (in_place) /* a later tile of targets must find the inputs as they were */
        for (int i = 0; i < inputs; i++) work->outputs[i] = work->deltas + i * (int64_t)model->stride;
    learn(model, work, inputs, work->outputs, weights, rate, loss);
    if (model->arch == CBOW)
        for (int word = 0; word < count; word++) scatter(model, words[word], work->outputs[0]);
    else
        for (int i = 0; i < inputs; i++) scatter(model, words[i], work->outputs[i]);
}

static void sentence(const Model *model, Work *work, const uint32_t *ids, int64_t count, float rate) {
    Floats loss = zero();
    int each = model->arch == SKIPGRAM && model->own_negatives;
    draw(model, work);
    for (int64_t middle = 0; middle < count; middle++) {
        int64_t reach = 1 + below((uint32_t)(next_random(&work->random) >> 32), model->window);
        int64_t from = middle > reach ? middle - reach : 0, to = middle + reach < count ? middle + reach : count - 1;
        if (middle + model->window + 1 < count) prefetch(vector_of(model, ids[middle + model->window + 1]), model->stride);
        if (middle + 1 < count) prefetch(context_of(model, ids[middle + 1]), model->stride);
        int inputs = 0;
        for (int64_t near = from; near <= to; near++)
            if (near != middle) work->input_ids[inputs++] = ids[near];
        for (int i = 0; each && i < inputs; i++) {
            int plain = settle(model, work, ids[middle], work->drawn);
            draw(model, work);
            learn_window(model, work, work->input_ids + i, 1, plain, rate, &loss);
        }
        if (!each && inputs) {
            int plain = settle(model, work, ids[middle], work->drawn);
            draw(model, work);
            learn_window(model, work, work->input_ids, inputs, plain, rate, &loss);
        }
        work->pairs += model->arch == CBOW ? inputs > 0 : inputs;
        if (middle % FLUSH == FLUSH - 1) flush(work, &loss);
    }
    flush(work, &loss);
}

static void step(const Model *model, Work *work, const uint32_t *inputs, int64_t count, const uint32_t *targets,
                 float rate) {
    Floats loss = zero();
    int plain = settle(model, work, targets[0], targets + 1);
    learn_window(model, work, inputs, (int)count, plain, rate, &loss);
    flush(work, &loss);
}

const Kernel KERNEL = {NAME, RUNS, sentence, step};
