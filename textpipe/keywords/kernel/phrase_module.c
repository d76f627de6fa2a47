/* The type PhraseExtractor of textpipe.keywords._kernel. */
#include "phrases.h"

#include <stdlib.h>

typedef struct {
    PyObject_HEAD
    EngineObject *engine;
    PyTypeObject *keyword; /* a named tuple: text, score, count, first */
    Grammar grammar;
    PhraseModel model;
    uint8_t *kinds;
} PhraseExtractorObject;

/* The kind of each tag, 0 for those that the dict lacks. */
static int read_kinds(PhraseExtractorObject *self, PyObject *kinds) {
    int64_t known = self->engine->table->table.tag_count, all = known + PyList_GET_SIZE(self->engine->user_tags);
    self->grammar.kinds = self->kinds = calloc(all, 1);
    if (self->kinds == NULL) PyErr_NoMemory();
    for (int64_t tag = 0; self->kinds && tag < all; tag++) {
        PyObject *name = tag < known ? self->engine->table->tags[tag]
                                     : PyList_GET_ITEM(self->engine->user_tags, tag - known);
        PyObject *kind = PyDict_GetItemWithError(kinds, name);
        self->kinds[tag] = kind ? (uint8_t)PyLong_AsLong(kind) : 0;
        if (PyErr_Occurred()) return 0;
        if (self->kinds[tag] >= MOST_KINDS) {
            PyErr_SetString(PyExc_ValueError, "too many classes of words");
            return 0;
        }
    }
    return self->kinds != NULL;
}

/* A tuple of numbers into an array. How many, -1 with an exception set. */
static int read_numbers(PyObject *tuple, double *numbers, int most) {
    Py_ssize_t count = PyTuple_Check(tuple) ? PyTuple_GET_SIZE(tuple) : most + 1;
    if (count < 1 || count > most) {
        PyErr_SetString(PyExc_ValueError, "a model is made of tuples of numbers");
        return -1;
    }
    for (Py_ssize_t index = 0; index < count; index++) {
        numbers[index] = PyFloat_AsDouble(PyTuple_GET_ITEM(tuple, index));
        if (PyErr_Occurred()) return -1;
    }
    return (int)count;
}

static int read_model(PhraseExtractorObject *self, PyObject *weights, PyObject *lengths, PyObject *first,
                      PyObject *last) {
    PhraseModel *model = &self->model;
    int signals = read_numbers(weights, model->weights, SIGNAL_COUNT);
    model->length_count = signals < 0 ? -1 : read_numbers(lengths, model->lengths, MOST_LENGTHS);
    if (model->length_count < 0 || read_numbers(first, model->first_kind, MOST_KINDS) < 0 ||
        read_numbers(last, model->last_kind, MOST_KINDS) < 0)
        return 0;
    if (signals == SIGNAL_COUNT && self->grammar.longest >= 1 && self->grammar.longest <= MOST_WORDS) return 1;
    PyErr_SetString(PyExc_ValueError, "not the model of this kernel");
    return 0;
}

static PyObject *extractor_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    static char *keys[] = {"engine", "keyword", "stopwords", "kinds", "english", "ending", "hmm", "longest", "bias",
                           "weights", "lengths", "first_kind", "last_kind", NULL};
    PyObject *engine, *keyword, *stopwords, *kinds, *weights, *lengths, *first, *last;
    int hmm, english, longest;
    unsigned ending;
    double bias;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "OO!O!O!iIpidOOOO", keys, &engine, &PyType_Type, &keyword,
                                     &PyFrozenSet_Type, &stopwords, &PyDict_Type, &kinds, &english, &ending, &hmm,
                                     &longest, &bias, &weights, &lengths, &first, &last))
        return NULL;
    if (!is_engine(engine) || !PyType_IsSubtype((PyTypeObject *)keyword, &PyTuple_Type) || english < 0 ||
        english >= MOST_KINDS) {
        PyErr_SetString(PyExc_TypeError, "an engine, a type of tuples and a class of words are needed");
        return NULL;
    }
    PhraseExtractorObject *self = (PhraseExtractorObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->engine = (EngineObject *)Py_NewRef(engine);
    self->keyword = (PyTypeObject *)Py_NewRef(keyword);
    self->grammar = (Grammar){Py_NewRef(stopwords), NULL, (uint8_t)english, ending, longest, hmm};
    self->model.bias = bias;
    if (read_kinds(self, kinds) && read_model(self, weights, lengths, first, last)) return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void extractor_dealloc(PhraseExtractorObject *self) {
    free(self->kinds);
    Py_XDECREF(self->grammar.stopwords);
    Py_XDECREF(self->keyword);
    Py_XDECREF(self->engine);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *new_keyword(PhraseExtractorObject *self, const Candidate *candidate, double score, PyObject *piece) {
    PyObject *keyword = self->keyword->tp_alloc(self->keyword, 4);
    if (keyword == NULL) return NULL;
    PyTuple_SET_ITEM(keyword, 0, candidate_text(candidate, piece));
    PyTuple_SET_ITEM(keyword, 1, PyFloat_FromDouble(score));
    PyTuple_SET_ITEM(keyword, 2, PyLong_FromLongLong(candidate->count));
    PyTuple_SET_ITEM(keyword, 3, PyLong_FromLongLong(candidate->first));
    if (PyErr_Occurred()) Py_CLEAR(keyword);
    return keyword;
}

static PyObject *best_phrases(PhraseExtractorObject *self, Phrases *phrases, int64_t k, const Rarity *rarity,
                              PyObject *piece) {
    phrases_finish(phrases);
    RankedPhrase *ranked;
    int64_t count = rank_phrases(phrases, &self->model, &self->engine->table->table, rarity, &ranked);
    if (count < 0) return NULL;
    if (k && count > k) count = k;
    PyObject *list = PyList_New(count);
    for (int64_t item = 0; list && item < count; item++) {
        PyObject *keyword = new_keyword(self, phrases->found + ranked[item].number, ranked[item].score, piece);
        if (keyword == NULL) Py_CLEAR(list);
        else PyList_SET_ITEM(list, item, keyword);
    }
    free(ranked);
    return list;
}

/* All pieces of a document; the first has been taken from the iterator already, as the second, null if there is none. */
static int add_pieces(PhraseExtractorObject *self, Phrases *phrases, PyObject *first, PyObject *second,
                      PyObject *iterator) {
    if (first && !phrases_add(phrases, &self->grammar, self->engine, first)) return 0;
    PyObject *piece = Py_XNewRef(second);
    for (; piece; piece = PyIter_Next(iterator)) {
        int fine = phrases_add(phrases, &self->grammar, self->engine, piece);
        Py_DECREF(piece);
        if (!fine) return 0;
    }
    return !PyErr_Occurred();
}

static PyObject *extractor_phrases(PhraseExtractorObject *self, PyObject *arguments) {
    PyObject *pieces, *list = NULL;
    long long k;
    Rarity rarity = {NULL, self->engine->table->table.idf_values[0]};
    if (!PyArg_ParseTuple(arguments, "OL|Od", &pieces, &k, &rarity.idf, &rarity.median)) return NULL;
    if (k < 0) {
        PyErr_SetString(PyExc_ValueError, "a number of keywords from 0 is needed");
        return NULL;
    }
    PyObject *iterator = PyObject_GetIter(pieces);
    if (iterator == NULL) return NULL;
    PyObject *first = PyIter_Next(iterator), *second = first ? PyIter_Next(iterator) : NULL;
    Phrases phrases;
    if (!PyErr_Occurred()) {
        if (phrases_start(&phrases, second != NULL) && add_pieces(self, &phrases, first, second, iterator))
            list = best_phrases(self, &phrases, k, &rarity, first);
        phrases_free(&phrases);
    }
    Py_XDECREF(second);
    Py_XDECREF(first);
    Py_DECREF(iterator);
    return list;
}

static PyMethodDef extractor_methods[] = {
    {"phrases", (PyCFunction)extractor_phrases, METH_VARARGS,
     "phrases(pieces, k[, idf, median]) -> the k best key phrases (all for 0) of a document in pieces"},
    {NULL},
};

PyTypeObject PhraseExtractorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "textpipe.keywords._kernel.PhraseExtractor",
    .tp_doc = "Key phrases of Chinese documents over a compiled engine; safe from any thread.",
    .tp_basicsize = sizeof(PhraseExtractorObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = extractor_new,
    .tp_dealloc = (destructor)extractor_dealloc,
    .tp_methods = extractor_methods,
};
