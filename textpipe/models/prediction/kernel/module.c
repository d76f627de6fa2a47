/* The extension module textpipe.models.prediction._kernel: texts to ids, and what networks make of them. */
#include "bindings.h"

#include <string.h>

static const Kernel *const kernels[] = {&kernel_avx512, &kernel_avx2, &kernel_baseline};
enum { KERNELS = sizeof(kernels) / sizeof(*kernels) };

const Kernel *kernel_named(const char *name) {
    for (int kernel = 0; kernel < KERNELS; kernel++) {
        int wanted = *name == 0 || strcmp(name, kernels[kernel]->name) == 0;
        if (wanted && kernels[kernel]->runs()) return kernels[kernel];
    }
    PyErr_Format(PyExc_ValueError, "no instructions %.50s here", name);
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

static PyMethodDef module_methods[] = {
    {"pool", module_pool, METH_VARARGS,
     "pool(instructions, tables, places, padding, starts, lengths, widths, filters, least, pooled): of every filter the "
     "largest sum over the windows of each text"},
    {"multiply", module_multiply, METH_VARARGS, "multiply(instructions, values, weights, bias, out): values times weights"},
    {"read", module_read, METH_VARARGS,
     "read(instructions, gates, places, columns, first, inputs, input_weights, weights, hidden, backwards, starts, lengths, "
     "kept, out, offset): an LSTM over texts, the longest first"},
    {"instruction_sets", module_instruction_sets, METH_NOARGS, "instruction_sets() -> those that run here, best first"},
    {NULL},
};

static int module_exec(PyObject *module) {
    PyObject *core = PyImport_ImportModule("textpipe.segment._core");
    if (core == NULL) return -1;
    engine_type = (PyTypeObject *)PyObject_GetAttrString(core, "Engine");
    Py_DECREF(core);
    if (engine_type == NULL || PyModule_AddIntConstant(module, "LANES", LANES) < 0) return -1;
    return PyModule_AddType(module, &EncoderType);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* as segmentation */
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "textpipe.models.prediction._kernel",
    .m_doc = "Prediction with networks on a CPU.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&module_definition); }
