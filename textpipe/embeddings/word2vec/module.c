/* The extension module textpipe.embeddings._word2vec: word2vec over files of tokens. */
#include "trainer.h"

#include <errno.h>

static const Kernel *const kernels[] = {&kernel_avx512, &kernel_avx2, &kernel_baseline};
enum { KERNELS = sizeof(kernels) / sizeof(*kernels), BLOCKS_BETWEEN_SIGNALS = 64 };

const Kernel *kernel_named(const char *name) {
    for (int kernel = 0; kernel < KERNELS; kernel++) {
        int wanted = *name == 0 || strcmp(name, kernels[kernel]->name) == 0;
        if (wanted && kernels[kernel]->runs()) return kernels[kernel];
    }
    return NULL;
}

static PyObject *module_instruction_sets(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing)) {
    PyObject *names = PyList_New(0);
    for (int kernel = 0; names && kernel < KERNELS; kernel++) {
        PyObject *name = kernels[kernel]->runs() ? PyUnicode_FromString(kernels[kernel]->name) : Py_NewRef(Py_None);
        if (name == NULL || (name != Py_None && PyList_Append(names, name) < 0)) Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

static PyObject *module_fill(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *matrix;
    int dim;
    unsigned long long seed;
    Py_buffer buffer;
    if (!PyArg_ParseTuple(arguments, "OiK", &matrix, &dim, &seed)) return NULL;
    if (PyObject_GetBuffer(matrix, &buffer, PyBUF_WRITABLE) < 0) return NULL;
    int stride = dim > 0 ? (dim + 15) / 16 * 16 : 16;
    int fine = dim > 0 && buffer.len % (stride * 4) == 0 && (uintptr_t)buffer.buf % 4 == 0;
    if (fine) {
        Py_BEGIN_ALLOW_THREADS
        fill_uniform(buffer.buf, 0, buffer.len / (stride * 4), dim, stride, seed);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    if (fine) return Py_NewRef(Py_None);
    PyErr_SetString(PyExc_ValueError, "rows of float32 are needed, padded to a multiple of 16");
    return NULL;
}

/* ------------------------------------------------------------------------------------------- counting */

static PyObject *not_text; /* an exception; its argument is the line */

static int count_all(Counts *counts, int file) {
    Reading reading;
    int state = counts_start(counts) && reading_start(&reading, file) ? COUNTED : NO_MEMORY;
    if (state == NO_MEMORY) {
        PyErr_NoMemory();
        return 0;
    }
    int interrupted = 0;
    while (state == COUNTED && !reading.ended && !interrupted) {
        Py_BEGIN_ALLOW_THREADS
        for (int block = 0; state == COUNTED && !reading.ended && block < BLOCKS_BETWEEN_SIGNALS; block++)
            state = count_block(counts, &reading);
        Py_END_ALLOW_THREADS
        interrupted = PyErr_CheckSignals() < 0;
    }
    if (!interrupted && state == NO_MEMORY) PyErr_NoMemory();
    if (!interrupted && state == UNREADABLE) PyErr_SetFromErrno(PyExc_OSError);
    if (!interrupted && state == TOO_MANY) PyErr_SetString(PyExc_OverflowError, "more than 2^31 different words");
    if (!interrupted && state == NOT_TEXT) {
        PyObject *line = PyLong_FromLongLong(counts->line);
        if (line) PyErr_SetObject(not_text, line);
        Py_XDECREF(line);
    }
    reading_free(&reading);
    return state == COUNTED && !interrupted;
}

static PyObject *ranked(Counts *counts, long long least, long long most) {
    int64_t distinct = counts->count, kept = counts_rank(counts, least);
    if (kept > most) kept = most;
    PyObject *words = PyTuple_New(kept), *numbers = PyTuple_New(kept);
    for (int64_t item = 0; words && numbers && item < kept; item++) {
        const Counted *word = counts->words + item;
        PyObject *string = PyUnicode_DecodeUTF8((char *)counts->arena + word->start, word->length, NULL);
        PyObject *number = PyLong_FromLongLong(word->count);
        if (string) PyTuple_SET_ITEM(words, item, string);
        if (number) PyTuple_SET_ITEM(numbers, item, number);
        if (!string || !number) Py_CLEAR(words);
    }
    if (words && numbers)
        return Py_BuildValue("NNLLL", words, numbers, (long long)counts->tokens, (long long)counts->too_long,
                             (long long)distinct);
    Py_XDECREF(words);
    Py_XDECREF(numbers);
    return NULL;
}

static PyObject *module_count(PyObject *Py_UNUSED(module), PyObject *arguments) {
    int file;
    long long least, most;
    if (!PyArg_ParseTuple(arguments, "iLL", &file, &least, &most)) return NULL;
    Counts counts;
    PyObject *result = count_all(&counts, file) ? ranked(&counts, least, most) : NULL;
    counts_free(&counts);
    return result;
}

static PyMethodDef module_methods[] = {
    {"count", module_count, METH_VARARGS,
     "count(file, least, most) -> (words, counts, tokens, too long ones, different words): words met `least` times"},
    {"fill", module_fill, METH_VARARGS, "fill(matrix, dim, seed): random rows to begin with"},
    {"instruction_sets", module_instruction_sets, METH_NOARGS, "instruction_sets() -> those that run here, best first"},
    {NULL},
};

static int module_exec(PyObject *module) {
    not_text = PyErr_NewException("textpipe.embeddings._word2vec.NotText", PyExc_ValueError, NULL);
    if (not_text == NULL || PyModule_AddObjectRef(module, "NotText", not_text) < 0) return -1;
    if (PyModule_AddIntConstant(module, "LONGEST", LONGEST) < 0) return -1;
    return PyModule_AddType(module, &TrainerType);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* the exception is shared */
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "textpipe.embeddings._word2vec",
    .m_doc = "word2vec (Mikolov et al. 2013) with negative sampling, over files of tokens.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__word2vec(void) { return PyModuleDef_Init(&module_definition); }
