/* Random files through counting and training, in a build with sanitizers: see scripts/fuzz/run_word2vec.
 *
 * fuzz_word2vec FILE COUNT SEED: COUNT random contents for FILE, each with random settings. Words, counts and matrices
 * are heap blocks of their exact size, so that AddressSanitizer sees one element too many. What is checked: every token
 * is counted once and read once, however the file is cut into chunks; words are found; no number is lost to infinity. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model.h"

static uint64_t state;
static long long number;

static int64_t under(int64_t limit) { return (int64_t)(next_random(&state) % (uint64_t)limit); }

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_word2vec: input %lld, not so: %s\n", number, what);
    exit(1);
}

static const char *const PIECES[] = {" ", " ", "\n", "\t", "\r\n", "a", "bb", "ccc", "长", "江", "长江", "𠀀", "\x01",
                                     "", "一二三四五六七八九十", "<", ">", "\x7f"};

/* Content of at most `limit` bytes: pieces, now and then a very long token or a byte of any value. */
static int64_t make_content(uint8_t *content, int64_t limit) {
    int64_t size = 0, pieces = under(under(20) ? 200 : 4000), spoiled = under(6) == 0;
    for (int64_t piece = 0; piece < pieces; piece++) {
        const char *text = PIECES[under(sizeof(PIECES) / sizeof(*PIECES))];
        int64_t length = (int64_t)strlen(text), times = under(300) ? 1 : under(900);
        if (length == 0) length = 1; /* the NUL */
        for (; times > 0 && size + length < limit; times--) memcpy(content + size, text, length), size += length;
    }
    if (spoiled && size) content[under(size)] = (uint8_t)under(256);
    return size;
}

static int64_t count_naively(const uint8_t *content, int64_t size) {
    int64_t tokens = 0;
    for (int64_t at = 0; at < size; at++) tokens += !separates(content[at]) && (at == 0 || separates(content[at - 1]));
    return tokens;
}

static float *matrix(const Model *model, int64_t rows) {
    float *made = aligned_alloc(64, rows * model->stride * sizeof(float));
    check(made != NULL, "there is memory");
    fill_uniform(made, 0, rows, model->dim, model->stride, model->seed);
    return made;
}

static void train(const Counts *counts, int64_t words, int file, int64_t size) {
    int64_t *offsets = malloc((words + 1) * sizeof(int64_t)), *numbers = malloc(words * sizeof(int64_t)), end = 0;
    for (int64_t word = 0; word < words; word++) offsets[word] = end, end += counts->words[word].length;
    uint8_t *bytes = malloc(end);
    offsets[words] = end;
    for (int64_t word = 0; word < words; word++) {
        memcpy(bytes + offsets[word], counts->arena + counts->words[word].start, counts->words[word].length);
        numbers[word] = counts->words[word].count;
    }
    int64_t buckets = under(2) ? 1 + under(30) : 0;
    Model model = {.word_count = words, .rows = words + buckets, .dim = 1 + (int)under(120), .arch = (int)under(2),
                   .window = 1 + (int)under(8), .negative = 1 + (int)under(14), .own_negatives = (int)under(2),
                   .subwords = buckets > 0, .rate = 0.05, .seed = (uint64_t)under(1 << 30), .epochs = 1, .size = size,
                   .block = 1 + under(under(2) ? 300 : 70000)};
    model.stride = (model.dim + 15) / 16 * 16;
    model.vectors = matrix(&model, model.rows), model.context = matrix(&model, words);
    int min_n = 1 + (int)under(3);
    check(words_start(&model.words, bytes, offsets, words), "there is memory for words");
    check(model_draws(&model, numbers, 0.75), "there is memory for draws");
    check(model_keeps(&model, numbers, under(2) ? 0.01 : 0), "there is memory for shares");
    check(!buckets || model_grams(&model, min_n, min_n + (int)under(3), buckets), "there is memory for n-grams");
    for (int64_t word = 0; word < words; word++)
        check(word_id(&model.words, bytes + offsets[word], offsets[word + 1] - offsets[word]) == word, "words are found");
    int64_t tokens = 0;
    for (int64_t chunk = 0; chunk * model.block < size; chunk++) {
        Learned learned;
        check(learn_chunk(&model, &kernel_baseline, file, 0, chunk, &learned), "a chunk is learned");
        check(isfinite(learned.loss) && learned.pairs >= 0, "the loss is a number");
        tokens += learned.tokens;
    }
    check(tokens == counts->tokens, "every token is read");
    for (int64_t place = 0; place < model.rows * model.stride; place++)
        check(isfinite(model.vectors[place]), "vectors are numbers");
    free(bytes), free(offsets), free(numbers), free(model.vectors), free(model.context), free(model.columns);
    free(model.keep), free(model.grams), free(model.gram_starts);
    words_free(&model.words);
}

int main(int count, char **arguments) {
    enum { MOST = 400000 };
    if (count < 4) return 2;
    int file = open(arguments[1], O_RDWR | O_CREAT, 0600);
    uint8_t *content = malloc(MOST);
    long long learned = 0, refused = 0, inputs = atoll(arguments[2]);
    check(file >= 0 && content, "there are file and memory");
    for (number = 0; number < inputs; number++) {
        state = (uint64_t)atoll(arguments[3]) * 1000003 + (uint64_t)number;
        int64_t size = make_content(content, MOST);
        check(ftruncate(file, 0) == 0 && pwrite(file, content, size, 0) == size, "the file is written");
        Counts counts;
        Reading reading;
        check(counts_start(&counts) && reading_start(&reading, file), "there is memory");
        int found = COUNTED;
        while (found == COUNTED && !reading.ended) found = count_block(&counts, &reading);
        check((found == COUNTED) == is_utf8(content, content + size), "text or not");
        if (found == COUNTED) {
            check(counts.tokens == count_naively(content, size), "every token is counted");
            int64_t words = counts_rank(&counts, 1 + under(3));
            if (words) train(&counts, words, file, size), learned++;
        } else {
            refused++;
        }
        reading_free(&reading);
        counts_free(&counts);
    }
    printf("%lld inputs, %lld learned, %lld refused\n", inputs, learned, refused);
    free(content);
    return 0;
}
