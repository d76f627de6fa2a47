/* The extension module textpipe.features._ngrams: n-grams of texts and their weights. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "ngrams.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_BETWEEN_SIGNALS = 4096 };

static uint32_t lower(uint32_t code) { return Py_UNICODE_TOLOWER(code); }
static int space(uint32_t code) { return Py_UNICODE_ISSPACE(code); }

/* What a call is about: texts that stay alive, their tokens, the table. */
typedef struct {
    PyObject *texts; /* a tuple */
    Py_ssize_t count;
    Text *each;
    Py_buffer spans, bounds, table;
    Features features;
    Scratch scratch;
} Call;

static void call_end(Call *call) {
    scratch_free(&call->scratch);
    free(call->each);
    if (call->spans.obj) PyBuffer_Release(&call->spans);
    if (call->bounds.obj) PyBuffer_Release(&call->bounds);
    if (call->table.obj) PyBuffer_Release(&call->table);
    Py_XDECREF(call->texts);
}

static int refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return 0;
}

static int take_text(PyObject *object, Text *text) {
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "a text is needed, not %.100s", Py_TYPE(object)->tp_name);
        return 0;
    }
    *text = (Text){.characters = PyUnicode_DATA(object), .width = PyUnicode_KIND(object),
                   .length = PyUnicode_GET_LENGTH(object)};
    return text->length <= INT32_MAX || refuse("a text of more than 2,147,483,647 characters");
}

/* The tokens of each text, looked at one by one: nothing outside the text is read later. */
static int take_tokens(Call *call) {
    const int64_t *bounds = call->bounds.buf;
    const int32_t(*spans)[2] = call->spans.buf;
    Py_ssize_t total = call->spans.len / (Py_ssize_t)sizeof(*spans);
    if (call->bounds.len != (call->count + 1) * (Py_ssize_t)sizeof(*bounds) || bounds[0] != 0)
        return refuse("the tokens are of other texts");
    for (Py_ssize_t text = 0; text < call->count; text++) {
        if (bounds[text + 1] < bounds[text] || bounds[text + 1] > total) return refuse("the tokens are of other texts");
        call->each[text].spans = spans + bounds[text], call->each[text].tokens = bounds[text + 1] - bounds[text];
        for (int64_t token = bounds[text]; token < bounds[text + 1]; token++)
            if (spans[token][0] < 0 || spans[token][1] > call->each[text].length)
                return refuse("a token outside its text");
    }
    return 1;
}

static int call_start(Call *call, PyObject *texts, PyObject *spans, PyObject *bounds, PyObject *table) {
    Features *features = &call->features;
    call->texts = PySequence_Tuple(texts);
    if (call->texts == NULL || PyObject_GetBuffer(table, &call->table, PyBUF_SIMPLE) < 0) return 0;
    uint64_t slots = (uint64_t)call->table.len / sizeof(Slot);
    if (slots == 0 || (slots & (slots - 1)) || (uintptr_t)call->table.buf % 8) return refuse("no table of n-grams");
    features->table = call->table.buf, features->mask = slots - 1;
    features->lower = lower, features->space = space;
    call->count = PyTuple_GET_SIZE(call->texts);
    call->each = malloc((size_t)(call->count + 1) * sizeof(Text));
    if (call->each == NULL) return PyErr_NoMemory(), 0;
    for (Py_ssize_t text = 0; text < call->count; text++)
        if (!take_text(PyTuple_GET_ITEM(call->texts, text), call->each + text)) return 0;
    if (features->word_most == 0) return 1;
    if (PyObject_GetBuffer(spans, &call->spans, PyBUF_SIMPLE) < 0) return 0;
    if (PyObject_GetBuffer(bounds, &call->bounds, PyBUF_SIMPLE) < 0) return 0;
    return take_tokens(call);
}

#define SETTINGS "(iiiipppKKK)"
#define SETTINGS_OF(f)                                                                                           \
    &(f).char_least, &(f).char_most, &(f).word_least, &(f).word_most, &(f).fold, &(f).sublinear, &(f).counts,     \
        &(f).char_start, &(f).word_start, &(f).token_start

/* ------------------------------------------------------------------------------------------- score */

typedef struct {
    const float *weights;
    int64_t labels;
    float *sums;
    uint8_t *known;
} Scoring;

static int score_text(Call *call, const Scoring *scoring, Py_ssize_t text) {
    const Features *features = &call->features;
    Scratch *scratch = &call->scratch;
    float *sums = scoring->sums + text * scoring->labels;
    scoring->known[text] = 0;
    if (features->char_most) {
        if (!find_chars(features, call->each + text, scoring->weights, scoring->labels, scratch)) return 0;
        add_weights(scratch, scoring->weights, scoring->labels, sums);
        scoring->known[text] |= scratch->item_count > 0;
    }
    if (features->word_most) {
        if (!find_words(features, call->each + text, scoring->weights, scoring->labels, scratch)) return 0;
        add_weights(scratch, scoring->weights, scoring->labels, sums);
        scoring->known[text] |= scratch->item_count > 0;
    }
    return 1;
}

static int score_all(Call *call, const Scoring *scoring) {
    int fine = 1;
    for (Py_ssize_t text = 0; fine && text < call->count;) {
        Py_ssize_t end = call->count - text > TEXTS_BETWEEN_SIGNALS ? text + TEXTS_BETWEEN_SIGNALS : call->count;
        Py_BEGIN_ALLOW_THREADS
        for (; fine && text < end; text++) fine = score_text(call, scoring, text);
        Py_END_ALLOW_THREADS
        if (fine && PyErr_CheckSignals() < 0) return 0;
    }
    if (!fine) PyErr_NoMemory();
    return fine;
}

static PyObject *module_score(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *texts, *spans, *bounds, *table;
    Py_buffer weights = {0}, sums = {0}, known = {0};
    Py_ssize_t labels;
    Call call = {0};
    if (!PyArg_ParseTuple(arguments, "OOOOy*nw*w*" SETTINGS, &texts, &spans, &bounds, &table, &weights, &labels, &sums,
                          &known, SETTINGS_OF(call.features)))
        return NULL;
    int fine = call_start(&call, texts, spans, bounds, table);
    if (fine) {
        Py_ssize_t row = labels > 0 && labels < INT32_MAX ? labels * (Py_ssize_t)sizeof(float) : 0;
        if (row == 0 || weights.len % row || weights.len / row >= NO_ROW || sums.len != call.count * row ||
            known.len != call.count || (uintptr_t)weights.buf % 4 || (uintptr_t)sums.buf % 4)
            fine = refuse("arrays of other shapes");
        else call.features.features = (uint32_t)(weights.len / row);
    }
    Scoring scoring = {.weights = weights.buf, .labels = labels, .sums = sums.buf, .known = known.buf};
    if (fine) fine = score_all(&call, &scoring);
    call_end(&call);
    PyBuffer_Release(&weights);
    PyBuffer_Release(&sums);
    PyBuffer_Release(&known);
    return fine ? Py_NewRef(Py_None) : NULL;
}

/* ------------------------------------------------------------------------------------------- rows */

typedef struct {
    int64_t *ends; /* by text */
    int32_t *rows;
    double *values;
    int64_t count, limit;
} Found;

static int keep_items(Found *found, const Scratch *scratch) {
    int64_t wanted = found->count + scratch->item_count;
    if (wanted > found->limit) {
        int64_t limit = wanted * 2 + 1024;
        int32_t *rows = realloc(found->rows, (size_t)limit * sizeof(*rows));
        if (rows) found->rows = rows;
        double *values = realloc(found->values, (size_t)limit * sizeof(*values));
        if (values) found->values = values;
        if (!rows || !values) return 0;
        found->limit = limit;
    }
    for (int64_t one = 0; one < scratch->item_count; one++, found->count++) {
        found->rows[found->count] = (int32_t)scratch->items[one].row;
        found->values[found->count] = scratch->items[one].weight;
    }
    return 1;
}

static int find_all(Call *call, Found *found) {
    int fine = 1;
    for (Py_ssize_t text = 0; fine && text < call->count; text++) {
        if (call->features.char_most)
            fine = find_chars(&call->features, call->each + text, NULL, 0, &call->scratch) &&
                   keep_items(found, &call->scratch);
        if (fine && call->features.word_most)
            fine = find_words(&call->features, call->each + text, NULL, 0, &call->scratch) &&
                   keep_items(found, &call->scratch);
        found->ends[text] = found->count;
    }
    return fine;
}

static PyObject *module_rows(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *texts, *spans, *bounds, *table, *result = NULL;
    unsigned int features;
    Call call = {0};
    Found found = {0};
    if (!PyArg_ParseTuple(arguments, "OOOOI" SETTINGS, &texts, &spans, &bounds, &table, &features,
                          SETTINGS_OF(call.features)))
        return NULL;
    call.features.features = features <= INT32_MAX ? features : INT32_MAX;
    if (call_start(&call, texts, spans, bounds, table)) {
        int fine = (found.ends = malloc((size_t)(call.count + 1) * sizeof(*found.ends))) != NULL;
        Py_BEGIN_ALLOW_THREADS
        fine = fine && find_all(&call, &found);
        Py_END_ALLOW_THREADS
        if (fine)
            result = Py_BuildValue(
                "y#y#y#", found.ends ? (char *)found.ends : "", call.count * (Py_ssize_t)sizeof(*found.ends),
                found.rows ? (char *)found.rows : "", (Py_ssize_t)found.count * (Py_ssize_t)sizeof(*found.rows),
                found.values ? (char *)found.values : "", (Py_ssize_t)found.count * (Py_ssize_t)sizeof(*found.values));
        else PyErr_NoMemory();
    }
    free(found.ends);
    free(found.rows);
    free(found.values);
    call_end(&call);
    return result;
}

static PyMethodDef module_methods[] = {
    {"score", module_score, METH_VARARGS,
     "score(texts, spans, bounds, table, weights, labels, sums, known, settings): adds to sums[texts, labels]"},
    {"rows", module_rows, METH_VARARGS,
     "rows(texts, spans, bounds, table, features, settings) -> (where each text's end, rows, values), as bytes"},
    {NULL},
};

static PyModuleDef_Slot module_slots[] = {
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "textpipe.features._ngrams",
    .m_doc = "n-grams of texts as weighted rows, and sums of the weights of a linear model.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__ngrams(void) { return PyModuleDef_Init(&module_definition); }
