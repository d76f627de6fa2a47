/* Windows and their negatives; part of kernel.h. */

/* How many words stood between sums of the loss in single precision and the one in double precision. */
enum { FLUSH = 32, MOST_VECTORS = 512 / WIDTH };

INLINE void flush(Work *work, Floats *loss) {
    float lanes[WIDTH];
    memcpy(lanes, loss, sizeof(lanes));
    for (int lane = 0; lane < WIDTH; lane++) work->loss += lanes[lane];
    *loss = zero();
}

INLINE void prefetch(int n, const float *row) {
    for (int d = 0; d < n * WIDTH; d += 16) PREFETCH(row + d);
}

INLINE float *vector_of(const Model *model, uint32_t row) { return model->vectors + row * (int64_t)model->stride; }

INLINE float *context_of(const Model *model, uint32_t row) { return model->context + row * (int64_t)model->stride; }

/* Negatives of the next target; their rows come while the present ones are learned. */
INLINE void draw(int n, const Model *model, Work *work) {
    for (int k = 0; k < model->negative; k++) {
        work->drawn[k] = draw_word(model, &work->random);
        prefetch(n, context_of(model, work->drawn[k]));
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

/* The rows whose mean is a word's vector: its own and those of its n-grams. How many. */
INLINE int list_rows(const Model *model, uint32_t word, uint32_t *rows) {
    int count = 0;
    rows[count++] = word;
    if (!model->subwords) return count;
    for (int64_t gram = model->gram_starts[word]; gram < model->gram_starts[word + 1]; gram++)
        rows[count++] = model->grams[gram];
    return count;
}

/* The mean of rows as input `place`. */
INLINE void average(int n, const Model *model, Work *work, const uint32_t *rows, int count, int place) {
    Floats *mean = (Floats *)(work->inner + place * (int64_t)n * WIDTH);
    float times = 1.0f / (float)count;
    for (int v = 0; v < n; v++) {
        Floats sum = zero();
        for (int row = 0; row < count; row++) sum += ((const Floats *)vector_of(model, rows[row]))[v];
        mean[v] = sum * times;
    }
    work->inputs[place] = (float *)mean;
    work->outputs[place] = work->deltas + place * (int64_t)n * WIDTH;
}

/* What an input learned goes to each row of its mean whole, as word2vec and fastText have it. */
INLINE void scatter(int n, const Model *model, const uint32_t *rows, int count, const float *delta) {
    Floats change[MOST_VECTORS];
    if (n > MOST_VECTORS) {
        for (int row = 0; row < count; row++)
            for (int v = 0; v < n; v++)
                ((Floats *)vector_of(model, rows[row]))[v] += ((const Floats *)delta)[v];
        return;
    }
    for (int v = 0; v < n; v++) change[v] = ((const Floats *)delta)[v];
    for (int row = 0; row < count; row++) {
        Floats *into = (Floats *)vector_of(model, rows[row]);
        for (int v = 0; v < n; v++) into[v] += change[v];
    }
}

/* Means as inputs: with CBOW of all rows of all words, with subwords of those of a word. */
INLINE void learn_means(int n, const Model *model, Work *work, const uint32_t *words, int count, const float *weights,
                        float rate, Floats *loss) {
    int inputs = model->arch == CBOW ? 1 : count, all = 0;
    for (int word = 0; word < count; word++) {
        int some = list_rows(model, words[word], work->rows + all);
        if (inputs == count) average(n, model, work, work->rows + all, some, word);
        all += some;
    }
    if (inputs < count) average(n, model, work, work->rows, all, 0);
    learn(n, model, work, inputs, work->outputs, weights, rate, loss);
    if (inputs < count) {
        scatter(n, model, work->rows, all, work->outputs[0]);
        return;
    }
    all = 0;
    for (int word = 0; word < count; word++) {
        int some = list_rows(model, words[word], work->rows + all);
        scatter(n, model, work->rows + all, some, work->outputs[word]);
        all += some;
    }
}

/* Skip-gram: each of the words against the targets; CBOW: their mean. */
INLINE void learn_window(int n, const Model *model, Work *work, const uint32_t *words, int count, int plain,
                         float rate, Floats *loss) {
    const float *weights = spread_weights(model, work, model->arch == CBOW ? 1 : count, plain);
    if (model->arch == CBOW || model->subwords) {
        learn_means(n, model, work, words, count, weights, rate, loss);
        return;
    }
    for (int i = 0; i < count; i++) work->inputs[i] = vector_of(model, words[i]);
    if (model->negative < TILE) {
        learn(n, model, work, count, work->inputs, weights, rate, loss);
        return;
    }
    for (int i = 0; i < count; i++) /* a later tile of targets must find the inputs as they were */
        work->outputs[i] = work->deltas + i * (int64_t)n * WIDTH;
    learn(n, model, work, count, work->outputs, weights, rate, loss);
    for (int i = 0; i < count; i++) scatter(n, model, words + i, 1, work->outputs[i]);
}

INLINE void learn_sentence(int n, const Model *model, Work *work, const uint32_t *ids, int64_t count, float rate) {
    Floats loss = zero();
    int each = model->arch == SKIPGRAM && model->own_negatives;
    draw(n, model, work);
    for (int64_t middle = 0; middle < count; middle++) {
        int64_t reach = 1 + below((uint32_t)(next_random(&work->random) >> 32), model->window);
        int64_t from = middle > reach ? middle - reach : 0, to = middle + reach < count ? middle + reach : count - 1;
        if (middle + model->window + 1 < count) prefetch(n, vector_of(model, ids[middle + model->window + 1]));
        if (middle + 1 < count) prefetch(n, context_of(model, ids[middle + 1]));
        int inputs = 0;
        for (int64_t near = from; near <= to; near++)
            if (near != middle) work->input_ids[inputs++] = ids[near];
        for (int i = 0; each && i < inputs; i++) {
            int plain = settle(model, work, ids[middle], work->drawn);
            draw(n, model, work);
            learn_window(n, model, work, work->input_ids + i, 1, plain, rate, &loss);
        }
        if (!each && inputs) {
            int plain = settle(model, work, ids[middle], work->drawn);
            draw(n, model, work);
            learn_window(n, model, work, work->input_ids, inputs, plain, rate, &loss);
        }
        work->pairs += model->arch == CBOW ? inputs > 0 : inputs;
        if (middle % FLUSH == FLUSH - 1) flush(work, &loss);
    }
    flush(work, &loss);
}

static void sentence(const Model *model, Work *work, const uint32_t *ids, int64_t count, float rate) {
    if (model->stride == USUAL) learn_sentence(USUAL / WIDTH, model, work, ids, count, rate);
    else learn_sentence(model->stride / WIDTH, model, work, ids, count, rate);
}

static void step(const Model *model, Work *work, const uint32_t *inputs, int64_t count, const uint32_t *targets,
                 float rate) {
    Floats loss = zero();
    int plain = settle(model, work, targets[0], targets + 1);
    learn_window(model->stride / WIDTH, model, work, inputs, (int)count, plain, rate, &loss);
    flush(work, &loss);
}

const Kernel KERNEL = {NAME, runs, sentence, step};
