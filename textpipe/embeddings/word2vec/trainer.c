/* The type textpipe.embeddings._word2vec.Trainer: matrices of the caller's, and the tables that training needs. */
#include "trainer.h"

#include <errno.h>
#include <stdlib.h>

enum { WORDS, OFFSETS, COUNTS, VECTORS, CONTEXT, BUFFERS };

typedef struct {
    PyObject_HEAD
    Py_buffer buffers[BUFFERS];
    Model model;
    const Kernel *kernel;
    int file;
} TrainerObject;

/* Whether a buffer has just so many bytes, at a multiple of `alignment`. */
static int fits(const Py_buffer *buffer, int64_t bytes, uintptr_t alignment) {
    return buffer->len == bytes && (uintptr_t)buffer->buf % alignment == 0;
}

static const char *complaint_about(const TrainerObject *self, int64_t buckets) {
    const Model *model = &self->model;
    const Py_buffer *buffers = self->buffers;
    int64_t n = model->word_count, row = model->stride * (int64_t)sizeof(float);
    if (n < 1 || n > INT32_MAX || model->dim < 1 || model->dim > 1 << 20) return "from one word and one dimension";
    if (model->window < 1 || model->window > 1000 || model->negative < 1 || model->negative > 1000)
        return "a window and negatives are from 1 to 1000";
    if (model->epochs < 1 || model->size < 0 || model->block < 1 || model->block > 1 << 30) return "no such file";
    if (!fits(buffers + OFFSETS, (n + 1) * 8, 8)) return "an offset for each word is needed, and one more";
    if (!fits(buffers + VECTORS, model->rows * row, 64) || !fits(buffers + CONTEXT, n * row, 64))
        return "matrices are of float32, 64 bytes aligned, with rows of a multiple of 16";
    const int64_t *offsets = buffers[OFFSETS].buf, *counts = buffers[COUNTS].buf;
    if (offsets[0] != 0 || offsets[n] != buffers[WORDS].len) return "offsets of other words";
    for (int64_t word = 0; word < n; word++) {
        int64_t length = offsets[word + 1] - offsets[word];
        if (length < 0 || length > LONGEST) return "a word is too long";
        if (counts[word] < 1) return "every word occurs";
    }
    return buckets < 0 || buckets > 1 << 30 ? "too many buckets" : NULL;
}

static int get_buffers(TrainerObject *self, PyObject **objects) {
    for (int buffer = 0; buffer < BUFFERS; buffer++) {
        int flags = buffer >= VECTORS ? PyBUF_WRITABLE : PyBUF_SIMPLE;
        if (PyObject_GetBuffer(objects[buffer], self->buffers + buffer, flags) < 0) return 0;
    }
    return 1;
}

static PyObject *trainer_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    static char *keys[] = {"words", "offsets", "counts", "vectors", "context", "file", "size", "cbow", "dim", "window",
                           "negative", "own_negatives", "power", "sample", "epochs", "rate", "final_rate", "seed",
                           "buckets", "min_n", "max_n", "kernel", "block", NULL};
    PyObject *objects[BUFFERS];
    int file, min_n, max_n;
    long long size, epochs, seed, buckets, block;
    double power, sample;
    const char *name;
    Model model = {0};
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "OOOOO$iLpiiipddLddLLiisL", keys, objects, objects + 1,
                                     objects + 2, objects + 3, objects + 4, &file, &size, &model.arch, &model.dim,
                                     &model.window, &model.negative, &model.own_negatives, &power, &sample, &epochs,
                                     &model.rate, &model.final_rate, &seed, &buckets, &min_n, &max_n, &name, &block))
        return NULL;
    TrainerObject *self = (TrainerObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->model = model;
    self->file = file;
    if (!get_buffers(self, objects)) goto failed;
    Model *own = &self->model;
    own->size = size, own->epochs = epochs, own->seed = (uint64_t)seed, own->block = block;
    own->stride = (own->dim + 15) / 16 * 16;
    own->word_count = self->buffers[COUNTS].len / (Py_ssize_t)sizeof(int64_t);
    own->rows = own->word_count + buckets, own->subwords = buckets > 0;
    own->vectors = self->buffers[VECTORS].buf, own->context = self->buffers[CONTEXT].buf;
    const char *complaint = complaint_about(self, buckets);
    if (complaint == NULL && (self->kernel = kernel_named(name)) == NULL) complaint = "no such instruction set here";
    if (complaint) {
        PyErr_SetString(PyExc_ValueError, complaint);
        goto failed;
    }
    const int64_t *counts = self->buffers[COUNTS].buf;
    if (words_start(&own->words, self->buffers[WORDS].buf, self->buffers[OFFSETS].buf, own->word_count) &&
        model_draws(own, counts, power) && model_keeps(own, counts, sample) &&
        (!own->subwords || model_grams(own, min_n, max_n, buckets)))
        return (PyObject *)self;
    PyErr_NoMemory();
failed:
    Py_DECREF(self);
    return NULL;
}

static void trainer_dealloc(TrainerObject *self) {
    for (int buffer = 0; buffer < BUFFERS; buffer++) PyBuffer_Release(self->buffers + buffer);
    words_free(&self->model.words);
    free(self->model.columns);
    free(self->model.keep);
    free(self->model.grams);
    free(self->model.gram_starts);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *trainer_chunk(TrainerObject *self, PyObject *arguments) {
    long long epoch, number;
    if (!PyArg_ParseTuple(arguments, "LL", &epoch, &number)) return NULL;
    if (epoch < 0 || number < 0 || number > self->model.size / self->model.block) {
        PyErr_SetString(PyExc_ValueError, "no such chunk");
        return NULL;
    }
    Learned learned;
    int fine;
    Py_BEGIN_ALLOW_THREADS
    fine = learn_chunk(&self->model, self->kernel, self->file, epoch, number, &learned);
    Py_END_ALLOW_THREADS
    if (fine) return Py_BuildValue("LLd", (long long)learned.tokens, (long long)learned.pairs, learned.loss);
    return errno == ENOMEM ? PyErr_NoMemory() : PyErr_SetFromErrno(PyExc_OSError);
}

/* Ids of a tuple, at most so many; how many, or -1 with an exception set. */
static int64_t ids_of(const Model *model, PyObject *tuple, uint32_t *ids, int64_t most) {
    int64_t count = PyTuple_GET_SIZE(tuple);
    for (int64_t item = 0; item < count && count <= most; item++) {
        int64_t id = PyLong_AsLongLong(PyTuple_GET_ITEM(tuple, item));
        if (id < 0 || id >= model->word_count) count = most + 1;
        else ids[item] = (uint32_t)id;
    }
    if (count > 0 && count <= most) return count;
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "too many words, none, or no word of the vocabulary");
    return -1;
}

static PyObject *trainer_step(TrainerObject *self, PyObject *arguments) {
    const Model *model = &self->model;
    PyObject *inputs, *targets;
    double rate;
    if (!PyArg_ParseTuple(arguments, "O!O!d", &PyTuple_Type, &inputs, &PyTuple_Type, &targets, &rate)) return NULL;
    Work work;
    uint32_t *ids = malloc((2 * model->window + model->negative + 1) * sizeof(uint32_t));
    if (!work_start(&work, model) || ids == NULL) {
        work_free(&work);
        free(ids);
        return PyErr_NoMemory();
    }
    PyObject *loss = NULL;
    uint32_t *target_ids = ids + 2 * model->window;
    int64_t count = ids_of(model, inputs, ids, 2 * model->window);
    int64_t target_count = count < 0 ? -1 : ids_of(model, targets, target_ids, model->negative + 1);
    if (target_count >= 0 && target_count != model->negative + 1) {
        PyErr_SetString(PyExc_ValueError, "a target and its negatives are needed");
    } else if (target_count >= 0) {
        self->kernel->step(model, &work, ids, count, target_ids, (float)rate);
        loss = PyFloat_FromDouble(work.loss);
    }
    work_free(&work);
    free(ids);
    return loss;
}

static PyObject *trainer_compose(TrainerObject *self, PyObject *into) {
    Py_buffer buffer;
    if (PyObject_GetBuffer(into, &buffer, PyBUF_WRITABLE) < 0) return NULL;
    int fine = self->model.subwords && fits(&buffer, self->model.word_count * self->model.dim * 4, 4);
    if (fine) compose_all(&self->model, buffer.buf);
    else PyErr_SetString(PyExc_ValueError, "subwords and a float32 matrix without padding are needed");
    PyBuffer_Release(&buffer);
    return fine ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef trainer_methods[] = {
    {"chunk", (PyCFunction)trainer_chunk, METH_VARARGS,
     "chunk(epoch, number) -> (tokens read, pairs, sum of their losses); from any thread"},
    {"step", (PyCFunction)trainer_step, METH_VARARGS,
     "step(inputs, targets, rate) -> loss: one update from words of a window and a target followed by its negatives"},
    {"compose", (PyCFunction)trainer_compose, METH_O,
     "compose(into): the mean of each word's row and those of its n-grams"},
    {NULL},
};

PyTypeObject TrainerType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "textpipe.embeddings._word2vec.Trainer",
    .tp_doc = "Skip-gram and CBOW over a file of tokens; matrices are the caller's, and change.",
    .tp_basicsize = sizeof(TrainerObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = trainer_new,
    .tp_dealloc = (destructor)trainer_dealloc,
    .tp_methods = trainer_methods,
};
