/* Random texts and networks through the kernel of prediction, in a build with sanitizers: see scripts/fuzz/run_prediction.
 *
 * fuzz_prediction TABLE COUNT SEED: COUNT random inputs. Arrays are heap blocks of their exact size, so that
 * AddressSanitizer sees one element too many. What is checked: ids are in the vocabulary, and those of characters are
 * what a table says; what is pooled, multiplied and read is what plain loops in double give, by every kernel that runs here. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoder.h"
#include "networks.h"

static uint64_t state;
static long long number;

static uint64_t next_random(void) {
    state += 0x9E3779B97F4A7C15ULL;
    uint64_t mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBULL;
    return mixed ^ mixed >> 31;
}

static int64_t under(int64_t limit) { return (int64_t)(next_random() % (uint64_t)limit); }

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_prediction: input %lld, not so: %s\n", number, what);
    exit(1);
}

static void *block(int64_t size) {
    void *made = malloc(size ? (size_t)size : 1);
    check(made != NULL, "there is memory");
    return made;
}

static float *floats(int64_t count, double scale) {
    float *made = block(count * 4);
    for (int64_t at = 0; at < count; at++) made[at] = (float)(scale * ((double)under(2001) / 1000 - 1));
    return made;
}

static const Kernel *const kernels[] = {&kernel_avx512, &kernel_avx2, &kernel_baseline};

/* ------------------------------------------------------------------------------------------ texts to ids */

static uint32_t lower(uint32_t code) { return code >= 0x410 && code < 0x430 ? code + 32 : code; }

static const uint32_t ODD[] = {' ', '\t', 0, 'A', 'z', '.', '%', '5', 0x3000, 0xFF21, 0xFF15, 0x130, 0x3A3, 0xD800, 0x1F600};

static Text make_text(void) {
    static const int widths[] = {1, 2, 4};
    Text text = {.width = widths[under(3)], .length = under(30) ? under(80) : under(9000)};
    uint8_t *characters = block(text.length * text.width);
    for (int64_t at = 0; at < text.length; at++) {
        uint32_t code = under(3) ? 0x4E00 + (uint32_t)under(under(3) ? 300 : 0x51A5) : ODD[under(15)];
        memcpy(characters + at * text.width, &code, (size_t)text.width); /* little-endian */
    }
    text.characters = characters;
    return text;
}

static void fuzz_text(const Dictionary *dictionary, const int32_t *characters, Scratch *scratch, Encoded *encoded) {
    int64_t words = under(40);
    Text text = make_text(), known[40];
    Encoder encoder = {.unit = (Unit)under(3), .mode = (Mode)under(2), .hmm = (int)under(2), .most = 1 + under(under(2) ? 20 : 9000),
                       .dictionary = dictionary, .characters = characters, .lower = lower};
    int64_t total = 0;
    for (int64_t word = 0; word < words; word++) {
        known[word] = text;
        int64_t start = text.length ? under(text.length) : 0, left = text.length - start;
        known[word].length = left ? 1 + under(left < 4 ? left : 4) : 0;
        known[word].characters = (const char *)text.characters + start * text.width, total += known[word].length;
    }
    check(words_start(&encoder.words, words, total), "there is memory");
    for (int64_t word = 0; word < words; word++) words_add(&encoder.words, known + word, (int32_t)word + 2);
    int64_t before = encoded->count, cut = encoded->cut;
    Outcome outcome = encode_text(&encoder, &text, scratch, encoded);
    int64_t count = encoded->count - before;
    check(outcome != NO_MEMORY && count >= 0 && count <= encoder.most && count <= 3 * text.length, "ids are not too many");
    check(outcome == READ || (count == 0 && encoded->cut == cut), "what is not read has no ids");
    for (int64_t at = 0; outcome == READ && at < count; at++) {
        if (encoder.unit != UNIT_CHARACTER)
            check(encoded->words[before + at] > 0 && encoded->words[before + at] < words + 2, "words are of the vocabulary");
        if (encoder.unit != UNIT_WORD)
            check(encoded->characters[before + at] == (int32_t)(encoded->codes[at] % 1000), "characters are of the table");
    }
    words_free(&encoder.words);
    free((void *)text.characters);
    if (under(20) == 0) encoded_free(encoded);
}

/* ------------------------------------------------------------------------------------------ networks */

typedef struct {
    int64_t count, positions;
    int64_t *starts, *lengths;
} Texts;

static Texts make_texts(int64_t most, int64_t longest) {
    Texts texts = {.count = 1 + under(most)};
    texts.starts = block(texts.count * 8), texts.lengths = block(texts.count * 8);
    for (int64_t text = 0; text < texts.count; text++) {
        int64_t length = under(longest + 1);
        texts.starts[text] = texts.positions, texts.lengths[text] = length, texts.positions += length;
    }
    for (int64_t text = 1; text < texts.count; text++) /* the longest first */
        for (int64_t at = text; at > 0 && texts.lengths[at] > texts.lengths[at - 1]; at--) {
            int64_t length = texts.lengths[at], start = texts.starts[at];
            texts.lengths[at] = texts.lengths[at - 1], texts.starts[at] = texts.starts[at - 1];
            texts.lengths[at - 1] = length, texts.starts[at - 1] = start;
        }
    return texts;
}

static int32_t *make_places(int64_t count, int64_t rows) {
    int32_t *places = block(count * 4);
    for (int64_t at = 0; at < count; at++) places[at] = (int32_t)under(rows);
    return places;
}

static void check_pooled(const Windows *windows, int64_t start, int64_t length, const float *pooled) {
    int64_t count = length > windows->least ? length : windows->least, first = 0;
    for (int64_t number_of = 0; number_of < windows->width_count; first += windows->widths[number_of++] * windows->filters)
        for (int64_t filter = 0; filter < windows->filters; filter++) {
            double best = -INFINITY;
            for (int64_t at = 0; at + windows->widths[number_of] <= count; at++) {
                double sum = 0;
                for (int64_t place = 0; place < windows->widths[number_of]; place++)
                    for (int channel = 0; channel < windows->channels; channel++) {
                        int64_t row = at + place < length ? windows->places[channel][start + at + place] : windows->padding[channel];
                        sum += windows->tables[channel][row * windows->columns + first + place * windows->filters + filter];
                    }
                best = sum > best ? sum : best;
            }
            check(fabs(best - *pooled++) < 1e-4, "windows are pooled as by plain loops");
        }
}

static void fuzz_windows(void) {
    Windows windows = {.channels = 1 + (int)under(2), .width_count = 1 + under(3), .filters = LANES * (1 + under(under(4) ? 3 : 20))};
    int32_t *widths = block(windows.width_count * 4);
    for (int64_t at = 0; at < windows.width_count; at++) {
        widths[at] = 1 + (int32_t)under(7), windows.columns += widths[at] * windows.filters;
        if (widths[at] > windows.least) windows.least = widths[at];
    }
    windows.widths = widths;
    Texts texts = make_texts(4, 12);
    int64_t room = 12 > windows.least ? 12 : windows.least;
    for (int channel = 0; channel < windows.channels; channel++) {
        int64_t rows = 1 + under(6);
        windows.tables[channel] = floats(rows * windows.columns, 2);
        windows.places[channel] = make_places(texts.positions, rows), windows.padding[channel] = (int32_t)under(rows);
    }
    const float **rows = block(windows.channels * room * (int64_t)sizeof(*rows));
    float *pooled = block(windows.width_count * windows.filters * 4);
    for (int kernel = 0; kernel < 3; kernel++)
        for (int64_t text = 0; kernels[kernel]->runs() && text < texts.count; text++) {
            kernels[kernel]->pool(&windows, texts.starts[text], texts.lengths[text], rows, room, pooled);
            check_pooled(&windows, texts.starts[text], texts.lengths[text], pooled);
        }
    for (int channel = 0; channel < windows.channels; channel++)
        free((void *)windows.tables[channel]), free((void *)windows.places[channel]);
    free((void *)rows), free(pooled), free(widths), free(texts.starts), free(texts.lengths);
}

static void fuzz_product(void) {
    Product product = {.count = 1 + under(40), .columns = 4 * LANES * (1 + under(3))};
    int64_t rows = under(15);
    product.values = floats(rows * product.count, 1), product.weights = floats(product.count * product.columns, 1);
    product.bias = floats(product.columns, 1), product.out = block(rows * product.columns * 4);
    for (int kernel = 0; kernel < 3; kernel++) {
        if (!kernels[kernel]->runs()) continue;
        kernels[kernel]->multiply(&product, rows);
        for (int64_t row = 0; row < rows; row++)
            for (int64_t column = 0; column < product.columns; column++) {
                const float *weights = product.weights + column / (4 * LANES) * product.count * 4 * LANES + column % (4 * LANES);
                double sum = product.bias[column];
                for (int64_t from = 0; from < product.count; from++)
                    sum += (double)product.values[row * product.count + from] * weights[from * 4 * LANES];
                check(fabs(sum - product.out[row * product.columns + column]) < 1e-4, "products are those of plain loops");
            }
    }
    free((void *)product.values), free((void *)product.weights), free((void *)product.bias), free(product.out);
}

static double gate_of(const Lstm *lstm, const double *before, int64_t position, int64_t one, int64_t gate) {
    int64_t column = (one / LANES * 4 + gate) * LANES + one % LANES;
    double sum = 0;
    for (int channel = 0; channel < lstm->channels; channel++)
        sum += lstm->gates[channel][(lstm->inputs ? 0 : lstm->places[channel][position]) * lstm->columns + column];
    for (int64_t from = 0; lstm->inputs && from < lstm->input_count; from++)
        sum += (double)lstm->inputs[position * lstm->input_count + from] *
               lstm->input_weights[((one / LANES * lstm->input_count + from) * 4 + gate) * LANES + one % LANES];
    for (int64_t from = 0; from < lstm->hidden; from++)
        sum += before[from] * lstm->weights[((one / LANES * lstm->hidden + from) * 4 + gate) * LANES + one % LANES];
    return sum;
}

/* text: its number; what the network says at a position goes into what is kept of the text. */
static void check_read(const Lstm *lstm, int64_t text, int64_t start, int64_t length) {
    double *before = calloc((size_t)lstm->hidden, 8), *after = block(lstm->hidden * 8), *cells = calloc((size_t)lstm->hidden, 8);
    double *kept = block(lstm->hidden * 8);
    for (int64_t time = 0; time < length; time++) {
        int64_t position = start + (lstm->backwards ? length - 1 - time : time);
        int64_t row = lstm->kept == KEPT_EACH ? position : text;
        for (int64_t one = 0; one < lstm->hidden; one++) {
            double gates[4];
            for (int64_t gate = 0; gate < 4; gate++) gates[gate] = gate_of(lstm, before, position, one, gate);
            cells[one] = cells[one] / (1 + exp(-gates[1])) + tanh(gates[2]) / (1 + exp(-gates[0]));
            double found = after[one] = tanh(cells[one]) / (1 + exp(-gates[3]));
            if (time && lstm->kept == KEPT_LARGEST && found < kept[one]) found = kept[one];
            if (time && lstm->kept == KEPT_SUM) found += kept[one];
            kept[one] = found;
            check((lstm->kept != KEPT_EACH && time < length - 1) || fabs(found - lstm->out[row * lstm->stride + one]) < 1e-4,
                  "texts are read as by plain loops");
        }
        memcpy(before, after, (size_t)lstm->hidden * 8);
    }
    free(before), free(after), free(cells), free(kept);
}

static void fuzz_lstm(void) {
    Lstm lstm = {.channels = 1, .hidden = LANES * (1 + under(2)), .backwards = (int)under(2), .kept = (Kept)under(4)};
    Texts texts = make_texts(under(4) ? 9 : TEXTS_AT_ONCE, 5);
    int64_t first = under(2) * 4 * lstm.hidden, rows = 1 + under(5);
    float *tables[MOST_CHANNELS] = {NULL, NULL};
    lstm.columns = first + 4 * lstm.hidden, lstm.stride = lstm.hidden + under(3) * 16;
    if (under(2)) lstm.input_count = 1 + under(20), rows = 1;
    else lstm.channels = 1 + (int)under(2);
    for (int channel = 0; channel < lstm.channels; channel++) {
        tables[channel] = floats(rows * lstm.columns, under(10) ? 3 : 100), lstm.gates[channel] = tables[channel] + first;
        if (!lstm.input_count) lstm.places[channel] = make_places(texts.positions, rows);
    }
    if (lstm.input_count) {
        lstm.inputs = floats(texts.positions * lstm.input_count, 1);
        lstm.input_weights = floats(lstm.input_count * 4 * lstm.hidden, 0.5);
    }
    lstm.weights = floats(lstm.hidden * 4 * lstm.hidden, 0.3);
    lstm.out = block((lstm.kept == KEPT_EACH ? texts.positions : texts.count) * lstm.stride * 4);
    float *working = block(3 * TEXTS_AT_ONCE * lstm.hidden * 4);
    for (int kernel = 0; kernel < 3; kernel++)
        if (kernels[kernel]->runs()) {
            kernels[kernel]->read(&lstm, texts.starts, texts.lengths, texts.count, working);
            for (int64_t text = 0; text < texts.count; text++) check_read(&lstm, text, texts.starts[text], texts.lengths[text]);
        }
    for (int channel = 0; channel < MOST_CHANNELS; channel++) free(tables[channel]), free((void *)lstm.places[channel]);
    free((void *)lstm.inputs), free((void *)lstm.input_weights), free((void *)lstm.weights), free(lstm.out);
    free(working), free(texts.starts), free(texts.lengths);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    FILE *file = fopen(arguments[1], "rb");
    check(file != NULL && fseek(file, 0, SEEK_END) == 0, "the table is there");
    int64_t size = ftell(file);
    void *data = block(size);
    rewind(file);
    check(fread(data, 1, (size_t)size, file) == (size_t)size, "the table can be read");
    fclose(file);
    Table table;
    check(table_open(&table, data, (size_t)size) == NULL, "the table is one");
    double *log_frequencies = block(table.frequency_count * 8);
    for (int64_t at = 0; at < table.frequency_count; at++) log_frequencies[at] = log((double)table.frequencies[at]);
    Dictionary dictionary = {&table, log_frequencies, table.total, log((double)table.total), NULL};
    int32_t *characters = block(CODES * 4);
    for (int64_t code = 0; code < CODES; code++) characters[code] = (int32_t)(code % 1000);
    long long count = atoll(arguments[2]);
    state = strtoull(arguments[3], NULL, 10);
    Scratch scratch = {0};
    Encoded encoded = {0};
    for (number = 0; number < count; number++) {
        fuzz_text(&dictionary, characters, &scratch, &encoded);
        if (number % 4 == 0) fuzz_windows();
        if (number % 4 == 1) fuzz_product();
        if (number % 4 == 2) fuzz_lstm();
    }
    scratch_free(&scratch);
    encoded_free(&encoded);
    free(characters), free(log_frequencies), free(data);
    printf("%lld inputs\n", count);
    return 0;
}
