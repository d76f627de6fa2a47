/* The type PhraseExtractor of textpipe.keywords._kernel. */
#include "phrases.h"

#include <stdlib.h>

enum { MOST_ROOM = 1 << 24 }; /* candidates, and links: their tables' places are numbered in 32 bits */

typedef struct {
    PyObject_HEAD
    EngineObject *engine;
    PyTypeObject *keyword; /* a named tuple: text, score, count, first */
    Grammar grammar;
    PhraseModel model;
    uint8_t *kinds, *latin;
} PhraseExtractorObject;

/* The classes of words, as numbers from 1; 0 is none. */
typedef struct {
    PyObject *kinds;    /* dict: class by tag */
    PyObject *untagged; /* the tag of words without one */
    PyObject *pos;      /* a set of the tags that are wanted, or None */
    int english, own;   /* of tokens of letters; of words with tags that the dict lacks, or with none */
} Classes;

static int is_class(long kind) { return kind >= 0 && kind < MOST_KINDS; }

/* What becomes of one tag; false with an exception set. */
static int read_tag(PhraseExtractorObject *self, const Classes *classes, int64_t tag, PyObject *name) {
    PyObject *kind = PyDict_GetItemWithError(classes->kinds, name);
    long number = kind ? PyLong_AsLong(kind) : classes->own;
    int wanted = classes->pos == Py_None ? 1 : PySet_Contains(classes->pos, name);
    int no_tag = PyObject_RichCompareBool(name, classes->untagged, Py_EQ);
    if (wanted < 0 || no_tag < 0 || PyErr_Occurred()) return 0;
    if (!is_class(number)) {
        PyErr_SetString(PyExc_ValueError, "too many classes of words");
        return 0;
    }
    self->kinds[tag] = (uint8_t)(wanted ? number : 0);
    self->latin[tag] = (uint8_t)(wanted ? classes->english : 0);
    if (no_tag) self->grammar.no_tag = tag, self->grammar.untagged = (uint8_t)(wanted ? classes->own : 0);
    return 1;
}

static int read_classes(PhraseExtractorObject *self, const Classes *classes) {
    int64_t known = self->engine->table->table.tag_count, all = known + PyList_GET_SIZE(self->engine->user_tags);
    self->grammar.kinds = self->kinds = calloc(all, 1);
    self->grammar.latin = self->latin = calloc(all, 1);
    self->grammar.no_tag = -1;
    if (!self->kinds || !self->latin) {
        PyErr_NoMemory();
        return 0;
    }
    for (int64_t tag = 0; tag < all; tag++) {
        PyObject *name = tag < known ? self->engine->table->tags[tag]
                                     : PyList_GET_ITEM(self->engine->user_tags, tag - known);
        if (!read_tag(self, classes, tag, name)) return 0;
    }
    PyObject *joined = PyUnicode_FromString("eng"); /* the tag of several tokens of letters together */
    int wanted = joined == NULL ? -1 : classes->pos == Py_None ? 1 : PySet_Contains(classes->pos, joined);
    Py_XDECREF(joined);
    self->grammar.joined = (uint8_t)(wanted > 0 ? classes->english : 0);
    return wanted >= 0;
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

static int check_arguments(PyObject *engine, PyObject *keyword, const Classes *classes, const Grammar *grammar) {
    if (!is_engine(engine) || !PyType_IsSubtype((PyTypeObject *)keyword, &PyTuple_Type) ||
        (classes->pos != Py_None && !PyFrozenSet_Check(classes->pos))) {
        PyErr_SetString(PyExc_TypeError, "an engine, a type of tuples, and a frozenset or None are needed");
        return 0;
    }
    if (is_class(classes->english) && is_class(classes->own) && grammar->most_candidates >= 0 &&
        grammar->most_candidates <= MOST_ROOM && grammar->most_links >= 0 && grammar->most_links <= MOST_ROOM)
        return 1;
    PyErr_SetString(PyExc_ValueError, "classes of words, and limits that are not too large are needed");
    return 0;
}

static PyObject *extractor_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    static char *keys[] = {"engine", "keyword", "stopwords", "kinds", "english", "own", "untagged", "pos", "ending",
                           "hmm", "most_candidates", "most_links", "longest", "bias", "weights", "lengths",
                           "first_kind", "last_kind", NULL};
    PyObject *engine, *keyword, *weights, *lengths, *first, *last;
    Classes classes;
    Grammar grammar = {0};
    double bias;
    if (!PyArg_ParseTupleAndKeywords(
            arguments, names, "OO!O!O!iiUOIpLLidOOOO", keys, &engine, &PyType_Type, &keyword, &PyFrozenSet_Type,
            &grammar.stopwords, &PyDict_Type, &classes.kinds, &classes.english, &classes.own, &classes.untagged,
            &classes.pos, &grammar.ending, &grammar.hmm, &grammar.most_candidates, &grammar.most_links,
            &grammar.longest, &bias, &weights, &lengths, &first, &last) ||
        !check_arguments(engine, keyword, &classes, &grammar))
        return NULL;
    PhraseExtractorObject *self = (PhraseExtractorObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->engine = (EngineObject *)Py_NewRef(engine);
    self->keyword = (PyTypeObject *)Py_NewRef(keyword);
    self->grammar = grammar;
    Py_INCREF(grammar.stopwords);
    self->model.bias = bias;
    if (read_classes(self, &classes) && read_model(self, weights, lengths, first, last)) return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void extractor_dealloc(PhraseExtractorObject *self) {
    free(self->kinds);
    free(self->latin);
    Py_XDECREF(self->grammar.stopwords);
    Py_XDECREF(self->keyword);
    Py_XDECREF(self->engine);
    Py_TYPE(self)->tp_free(self);
}

/* Takes the text. */
static PyObject *new_keyword(PhraseExtractorObject *self, const Candidate *candidate, double score, PyObject *text) {
    PyObject *keyword = self->keyword->tp_alloc(self->keyword, 4);
    if (keyword == NULL) {
        Py_DECREF(text);
        return NULL;
    }
    PyTuple_SET_ITEM(keyword, 0, text);
    PyTuple_SET_ITEM(keyword, 1, PyFloat_FromDouble(score));
    PyTuple_SET_ITEM(keyword, 2, PyLong_FromLongLong(candidate->count));
    PyTuple_SET_ITEM(keyword, 3, PyLong_FromLongLong(candidate->first));
    if (PyErr_Occurred()) Py_CLEAR(keyword);
    return keyword;
}

/* Add the phrase unless one that reads alike is among `texts`; false with an exception set. */
static int add_keyword(PhraseExtractorObject *self, const Candidate *candidate, double score, PyObject *piece,
                       PyObject *texts, PyObject *list) {
    PyObject *text = candidate_text(candidate, piece);
    int known = text ? PySet_Contains(texts, text) : -1;
    if (known || PySet_Add(texts, text) < 0) {
        Py_XDECREF(text);
        return known > 0;
    }
    PyObject *keyword = new_keyword(self, candidate, score, text);
    int added = keyword ? PyList_Append(list, keyword) : -1;
    Py_XDECREF(keyword);
    return added == 0;
}

static PyObject *best_phrases(PhraseExtractorObject *self, Phrases *phrases, int64_t k, const Rarity *rarity,
                              PyObject *piece) {
    phrases_finish(phrases);
    RankedPhrase *ranked;
    int64_t count = rank_phrases(phrases, &self->model, &self->engine->table->table, rarity, &ranked);
    if (count < 0) return NULL;
    PyObject *list = PyList_New(0), *texts = PySet_New(NULL);
    int fine = list && texts;
    for (int64_t item = 0; fine && item < count && (k == 0 || PyList_GET_SIZE(list) < k); item++)
        fine = add_keyword(self, phrases->found + ranked[item].number, ranked[item].score, piece, texts, list);
    if (!fine) Py_CLEAR(list);
    Py_XDECREF(texts);
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
