/* The extension module textpipe.keywords._kernel: keywords of documents over the compiled core of segmentation. */
#include "ranking.h"

#include <stdlib.h>

typedef struct {
    PyObject_HEAD
    EngineObject *engine;
    PyTypeObject *keyword; /* a named tuple: text, score, count, first */
    Wanted wanted;
    uint8_t *allowed;
} ExtractorObject;

static PyTypeObject *engine_type; /* textpipe.segment._core.Engine */

static int allow_tags(ExtractorObject *self, PyObject *pos) {
    int64_t known = self->engine->table->table.tag_count, all = known + PyList_GET_SIZE(self->engine->user_tags);
    self->wanted.allowed = self->allowed = calloc(all, 1);
    if (self->allowed == NULL) PyErr_NoMemory();
    for (int64_t tag = 0; self->allowed && tag < all; tag++) {
        PyObject *name = tag < known ? self->engine->table->tags[tag]
                                     : PyList_GET_ITEM(self->engine->user_tags, tag - known);
        int found = PySet_Contains(pos, name);
        if (found < 0) return 0;
        self->allowed[tag] = (uint8_t)found;
    }
    return self->allowed != NULL;
}

static PyObject *extractor_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    static char *keys[] = {"engine", "keyword", "stopwords", "pos", "hmm", NULL};
    PyObject *engine, *keyword, *stopwords, *pos;
    int hmm;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "O!O!O!Op", keys, engine_type, &engine, &PyType_Type, &keyword,
                                     &PyFrozenSet_Type, &stopwords, &pos, &hmm))
        return NULL;
    if (pos != Py_None && !PyFrozenSet_Check(pos)) {
        PyErr_SetString(PyExc_TypeError, "parts of speech are a frozenset or None");
        return NULL;
    }
    if (!PyType_IsSubtype((PyTypeObject *)keyword, &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "keywords are tuples");
        return NULL;
    }
    ExtractorObject *self = (ExtractorObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->engine = (EngineObject *)Py_NewRef(engine);
    self->keyword = (PyTypeObject *)Py_NewRef(keyword);
    self->wanted.stopwords = Py_NewRef(stopwords);
    self->wanted.hmm = hmm;
    if (pos == Py_None || allow_tags(self, pos)) return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void extractor_dealloc(ExtractorObject *self) {
    free(self->allowed);
    Py_XDECREF(self->wanted.stopwords);
    Py_XDECREF(self->keyword);
    Py_XDECREF(self->engine);
    Py_TYPE(self)->tp_free(self);
}

static int count_pieces(ExtractorObject *self, const Wanted *wanted, PyObject *pieces, Counts *counts) {
    PyObject *iterator = PyObject_GetIter(pieces), *piece;
    if (iterator == NULL) return 0;
    while ((piece = PyIter_Next(iterator)) != NULL) {
        int fine = counts_add(counts, wanted, self->engine, piece);
        Py_DECREF(piece);
        if (!fine) break;
    }
    Py_DECREF(iterator);
    return !PyErr_Occurred();
}

static PyObject *new_keyword(ExtractorObject *self, const Counts *counts, const Ranked *ranked) {
    const Word *word = counts->words + ranked->word;
    PyObject *keyword = self->keyword->tp_alloc(self->keyword, 4);
    if (keyword == NULL) return NULL;
    PyTuple_SET_ITEM(keyword, 0, Py_NewRef(word->string));
    PyTuple_SET_ITEM(keyword, 1, PyFloat_FromDouble(ranked->score));
    PyTuple_SET_ITEM(keyword, 2, PyLong_FromLongLong(word->count));
    PyTuple_SET_ITEM(keyword, 3, PyLong_FromLongLong(word->first));
    if (PyErr_Occurred()) Py_CLEAR(keyword);
    return keyword;
}

static PyObject *keyword_list(ExtractorObject *self, const Counts *counts, Ranked *ranked, int64_t count, int64_t k) {
    count = rank(counts, ranked, count, k);
    PyObject *list = PyList_New(count);
    for (int64_t item = 0; list && item < count; item++) {
        PyObject *keyword = new_keyword(self, counts, ranked + item);
        if (keyword == NULL) Py_CLEAR(list);
        else PyList_SET_ITEM(list, item, keyword);
    }
    return list;
}

static PyObject *extract(ExtractorObject *self, PyObject *pieces, int64_t k, int window, const Weighing *weighing) {
    Wanted wanted = self->wanted;
    wanted.window = window;
    Counts counts;
    Ranked *ranked = NULL;
    PyObject *list = NULL;
    if (counts_start(&counts, &wanted) && count_pieces(self, &wanted, pieces, &counts)) {
        int64_t count = window ? score_by_graph(&counts, &ranked)
                               : score_by_idf(&counts, &self->engine->table->table, weighing, &ranked);
        if (count >= 0) list = keyword_list(self, &counts, ranked, count, k);
    }
    free(ranked);
    counts_free(&counts);
    return list;
}

static PyObject *extractor_tfidf(ExtractorObject *self, PyObject *arguments) {
    PyObject *pieces;
    long long k;
    Weighing weighing = {NULL, self->engine->table->table.idf_values[0], 0};
    if (!PyArg_ParseTuple(arguments, "OL|Odp", &pieces, &k, &weighing.idf, &weighing.median, &weighing.normalized))
        return NULL;
    if (k >= 0) return extract(self, pieces, k, 0, &weighing);
    PyErr_SetString(PyExc_ValueError, "a number of keywords from 0 is needed");
    return NULL;
}

static PyObject *extractor_textrank(ExtractorObject *self, PyObject *arguments) {
    PyObject *pieces;
    long long k;
    int window;
    if (!PyArg_ParseTuple(arguments, "OLi", &pieces, &k, &window)) return NULL;
    if (window > 0 && k >= 0) return extract(self, pieces, k, window, NULL);
    PyErr_SetString(PyExc_ValueError, "a window of one token at least, and a number of keywords from 0 are needed");
    return NULL;
}

static PyMethodDef extractor_methods[] = {
    {"tfidf", (PyCFunction)extractor_tfidf, METH_VARARGS,
     "tfidf(pieces, k[, idf, median[, normalized]]) -> the k best keywords (all for 0) of a document in pieces"},
    {"textrank", (PyCFunction)extractor_textrank, METH_VARARGS,
     "textrank(pieces, k, window) -> the k best keywords (all for 0) of a document in pieces"},
    {NULL},
};

static PyTypeObject ExtractorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "textpipe.keywords._kernel.Extractor",
    .tp_doc = "Extractor(engine, keyword, stopwords, pos, hmm): keywords over a compiled engine; safe from any thread.",
    .tp_basicsize = sizeof(ExtractorObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = extractor_new,
    .tp_dealloc = (destructor)extractor_dealloc,
    .tp_methods = extractor_methods,
};

static int module_exec(PyObject *module) {
    PyObject *core = PyImport_ImportModule("textpipe.segment._core");
    if (core == NULL) return -1;
    engine_type = (PyTypeObject *)PyObject_GetAttrString(core, "Engine");
    Py_DECREF(core);
    return engine_type == NULL ? -1 : PyModule_AddType(module, &ExtractorType);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* words are shared objects */
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "textpipe.keywords._kernel",
    .m_doc = "Keywords over the compiled core of segmentation: jieba.analyse's results.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&module_definition); }
