/* The extension module textpipe.segment._core: the Python type Table, and the door. */
#include "module.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int prepare(TableObject *self) {
    const Table *table = &self->table;
    self->log_frequencies = malloc(table->frequency_count * sizeof(double));
    self->strings = calloc(table->slots, sizeof(PyObject *));
    self->pairs = calloc(table->slots, sizeof(PyObject *));
    self->tags = calloc(table->tag_count, sizeof(PyObject *));
    if (!self->log_frequencies || !self->strings || !self->pairs || !self->tags) {
        PyErr_NoMemory();
        return 0;
    }
    for (int64_t number = 0; number < table->frequency_count; number++)
        self->log_frequencies[number] = log((double)table->frequencies[number]); /* minus infinity for 0 */
    for (int64_t tag = 0; tag < table->tag_count; tag++)
        if ((self->tags[tag] = PyUnicode_FromString(table->tag_names + 8 * tag)) == NULL) return 0;
    return 1;
}

static PyObject *table_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    static char *names[] = {"data", NULL};
    PyObject *data;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O", names, &data)) return NULL;
    TableObject *self = (TableObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    const char *problem = NULL;
    int fine = PyObject_GetBuffer(data, &self->view, PyBUF_SIMPLE) == 0;
    if (fine && (problem = table_open(&self->table, self->view.buf, self->view.len)) != NULL) {
        PyErr_SetString(PyExc_ValueError, problem);
        fine = 0;
    }
    if (fine && prepare(self)) return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void table_dealloc(TableObject *self) {
    for (int64_t slot = 0; self->strings && self->pairs && slot < self->table.slots; slot++) {
        Py_XDECREF(self->strings[slot]);
        Py_XDECREF(self->pairs[slot]);
    }
    for (int64_t tag = 0; self->tags && tag < self->table.tag_count; tag++) Py_XDECREF(self->tags[tag]);
    free(self->log_frequencies);
    free(self->strings);
    free(self->pairs);
    free(self->tags);
    if (self->view.obj) PyBuffer_Release(&self->view);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *table_idf(TableObject *self, PyObject *word) {
    Text text;
    if (!text_of(word, &text)) return NULL;
    Dictionary dictionary = {.table = &self->table};
    uint32_t slot = dictionary_find(&dictionary, &text, 0, text.length).slot;
    uint16_t number = slot ? self->table.idf_numbers[slot] : 0;
    if (number == 0) Py_RETURN_NONE;
    return PyFloat_FromDouble(self->table.idf_values[number]);
}

static PyObject *table_median_idf(TableObject *self, void *Py_UNUSED(closure)) {
    return PyFloat_FromDouble(self->table.idf_values[0]);
}

static PyMethodDef table_methods[] = {
    {"idf", (PyCFunction)table_idf, METH_O, "idf(word) -> float, or None for a word that has none"},
    {NULL},
};

static PyGetSetDef table_properties[] = {
    {"median_idf", (getter)table_median_idf, NULL, "What a word without an IDF weighs.", NULL},
    {NULL},
};

PyTypeObject TableType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "textpipe.segment._core.Table",
    .tp_doc = "Table(data): jieba's dictionary and models in a buffer, which must not change. ValueError for others.",
    .tp_basicsize = sizeof(TableObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = table_new,
    .tp_dealloc = (destructor)table_dealloc,
    .tp_methods = table_methods,
    .tp_getset = table_properties,
};

/* digest(parts): XXH64 of an iterable of buffers, each a multiple of 32 bytes. */
static PyObject *core_digest(PyObject *Py_UNUSED(module), PyObject *parts) {
    Digest digest;
    digest_start(&digest);
    PyObject *iterator = PyObject_GetIter(parts), *part;
    if (iterator == NULL) return NULL;
    while ((part = PyIter_Next(iterator)) != NULL) {
        Py_buffer view;
        int fine = PyObject_GetBuffer(part, &view, PyBUF_SIMPLE) == 0;
        Py_DECREF(part);
        if (!fine) break;
        digest_add(&digest, view.buf, view.len);
        PyBuffer_Release(&view);
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? NULL : PyLong_FromUnsignedLongLong(digest_end(&digest));
}

static PyMethodDef module_methods[] = {
    {"digest", core_digest, METH_O, "digest(parts) -> int: XXH64 of buffers whose sizes are multiples of 32 bytes"},
    {NULL},
};

static int module_exec(PyObject *module) {
    if (PyModule_AddType(module, &TableType) < 0) return -1;
    return PyModule_AddType(module, &EngineType);
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
    .m_name = "textpipe.segment._core",
    .m_doc = "The compiled core of segmentation: jieba 0.42.1's results.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module_definition); }
