/* pool(), multiply() and read(): arrays of Python, looked at before the kernels trust them. */
#include "bindings.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BUFFERS = 12, MOST_WIDTHS = 100 };

/* The buffers of a call, given back together. */
typedef struct {
    Py_buffer each[MOST_BUFFERS];
    int count;
} Buffers;

static int refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return 0;
}

static Py_buffer *take(Buffers *buffers, PyObject *object, int writable) {
    Py_buffer *buffer = buffers->each + buffers->count;
    if (PyObject_GetBuffer(object, buffer, writable ? PyBUF_CONTIG : PyBUF_CONTIG_RO) < 0) return NULL;
    buffers->count++;
    if ((uintptr_t)buffer->buf % (uintptr_t)buffer->itemsize == 0 || buffer->len == 0) return buffer;
    refuse("arrays begin at multiples of the size of a number");
    return NULL;
}

static void give_back(Buffers *buffers) {
    while (buffers->count) PyBuffer_Release(buffers->each + --buffers->count);
}

/* Where texts begin, and how long they are: inside `positions`. */
typedef struct {
    const int64_t *starts, *lengths;
    int64_t count, longest;
} Texts;

static int take_texts(Buffers *buffers, PyObject *starts, PyObject *lengths, int64_t positions, Texts *texts) {
    Py_buffer *first = take(buffers, starts, 0), *second = first ? take(buffers, lengths, 0) : NULL;
    if (second == NULL) return 0;
    *texts = (Texts){.starts = first->buf, .lengths = second->buf, .count = first->len / 8};
    if (first->itemsize != 8 || second->itemsize != 8 || second->len != first->len) return refuse("as many starts as lengths are needed");
    for (int64_t text = 0; text < texts->count; text++) {
        int64_t start = texts->starts[text], length = texts->lengths[text];
        if (start < 0 || length < 0 || start > positions || length > positions - start)
            return refuse("a text outside the positions");
        if (length > texts->longest) texts->longest = length;
    }
    return 1;
}

static int rows_are_in(const int32_t *places, int64_t count, int64_t rows) {
    int fine = 1;
    for (int64_t place = 0; place < count; place++) fine &= places[place] >= 0 && places[place] < rows;
    return fine || refuse("a row outside its table");
}

/* ------------------------------------------------------------------------------------------- windows */

static int take_widths(PyObject *object, int32_t *widths, Windows *windows) {
    if (!PyTuple_Check(object) || PyTuple_GET_SIZE(object) < 1 || PyTuple_GET_SIZE(object) > MOST_WIDTHS)
        return refuse("1 to 100 widths are needed");
    windows->widths = widths, windows->width_count = PyTuple_GET_SIZE(object);
    if (windows->filters < LANES || windows->filters % LANES || windows->filters > INT32_MAX)
        return refuse("filters come in multiples of 16");
    for (int64_t number = 0; number < windows->width_count; number++) {
        long width = PyLong_AsLong(PyTuple_GET_ITEM(object, number));
        if (width < 1 || width > 100 || width > windows->least) return PyErr_Occurred() ? 0 : refuse("widths of 1 to 100");
        widths[number] = (int32_t)width;
        windows->columns += width * windows->filters;
    }
    return 1;
}

static int take_channels(Buffers *buffers, PyObject *tables, PyObject *places, PyObject *padding, Windows *windows,
                         int64_t *positions) {
    int same = PyTuple_Check(tables) && PyTuple_Check(places) && PyTuple_Check(padding);
    windows->channels = same ? (int)PyTuple_GET_SIZE(tables) : 0;
    if (windows->channels < 1 || windows->channels > MOST_CHANNELS ||
        PyTuple_GET_SIZE(places) != windows->channels || PyTuple_GET_SIZE(padding) != windows->channels)
        return refuse("one or two tables, places and paddings are needed");
    for (int channel = 0; channel < windows->channels; channel++) {
        Py_buffer *table = take(buffers, PyTuple_GET_ITEM(tables, channel), 0);
        Py_buffer *place = table ? take(buffers, PyTuple_GET_ITEM(places, channel), 0) : NULL;
        if (place == NULL) return 0;
        int64_t rows = table->len / (windows->columns * (int64_t)sizeof(float)), count = place->len / 4;
        long row = PyLong_AsLong(PyTuple_GET_ITEM(padding, channel));
        if (row < 0 || row >= rows) return PyErr_Occurred() ? 0 : refuse("padding outside its table");
        if (channel && count != *positions) return refuse("channels of as many positions are needed");
        *positions = count;
        windows->tables[channel] = table->buf, windows->places[channel] = place->buf;
        windows->padding[channel] = (int32_t)row;
        if (!rows_are_in(place->buf, count, rows)) return 0;
    }
    return 1;
}

PyObject *module_pool(PyObject *Py_UNUSED(module), PyObject *arguments) {
    const char *name;
    PyObject *tables, *places, *padding, *starts, *lengths, *width_numbers, *pooled;
    long long filters, least;
    Windows windows = {0};
    if (!PyArg_ParseTuple(arguments, "sOOOOOOLLO", &name, &tables, &places, &padding, &starts, &lengths, &width_numbers,
                          &filters, &least, &pooled))
        return NULL;
    const Kernel *kernel = kernel_named(name);
    if (kernel == NULL) return NULL;
    int32_t widths[MOST_WIDTHS];
    int64_t positions = 0;
    Texts texts = {0};
    Buffers buffers = {0};
    windows.filters = filters, windows.least = least;
    Py_buffer *out = NULL;
    int fine = take_widths(width_numbers, widths, &windows) &&
               take_channels(&buffers, tables, places, padding, &windows, &positions) &&
               take_texts(&buffers, starts, lengths, positions, &texts) && (out = take(&buffers, pooled, 1)) != NULL;
    int64_t size = windows.width_count * windows.filters;
    if (fine && out->len != texts.count * size * (int64_t)sizeof(float)) fine = refuse("another shape of what is pooled");
    int64_t room = texts.longest > windows.least ? texts.longest : windows.least;
    const float **rows = fine ? malloc((size_t)(windows.channels * room) * sizeof(*rows)) : NULL;
    if (fine && rows == NULL) fine = (PyErr_NoMemory(), 0);
    if (fine) {
        Py_BEGIN_ALLOW_THREADS
        for (int64_t text = 0; text < texts.count; text++)
            kernel->pool(&windows, texts.starts[text], texts.lengths[text], rows, room, (float *)out->buf + text * size);
        Py_END_ALLOW_THREADS
    }
    free((void *)rows);
    give_back(&buffers);
    return fine ? Py_NewRef(Py_None) : NULL;
}

/* ------------------------------------------------------------------------------------------- products */

static int take_product(Buffers *buffers, PyObject *values, PyObject *weights, PyObject *bias, PyObject *out,
                        Product *product, int64_t *rows) {
    PyObject *objects[] = {values, weights, bias, out};
    Py_buffer *taken[4];
    for (int object = 0; object < 4; object++)
        if ((taken[object] = take(buffers, objects[object], object == 3)) == NULL) return 0;
    const int64_t number = sizeof(float), columns = taken[2]->len / number;
    if (columns < 4 * LANES || columns % (4 * LANES)) return refuse("columns come in multiples of 64");
    const int64_t count = taken[1]->len / (columns * number);
    *rows = taken[3]->len / (columns * number);
    if (count < 1 || taken[1]->len != columns * count * number || taken[3]->len != columns * *rows * number ||
        taken[0]->len != count * *rows * number)
        return refuse("a product of another shape");
    *product = (Product){.values = taken[0]->buf, .weights = taken[1]->buf, .bias = taken[2]->buf, .count = count,
                         .columns = columns, .out = taken[3]->buf};
    return 1;
}

PyObject *module_multiply(PyObject *Py_UNUSED(module), PyObject *arguments) {
    const char *name;
    PyObject *values, *weights, *bias, *out;
    if (!PyArg_ParseTuple(arguments, "sOOOO", &name, &values, &weights, &bias, &out)) return NULL;
    const Kernel *kernel = kernel_named(name);
    if (kernel == NULL) return NULL;
    Buffers buffers = {0};
    Product product;
    int64_t rows;
    int fine = take_product(&buffers, values, weights, bias, out, &product, &rows);
    if (fine) {
        Py_BEGIN_ALLOW_THREADS
        kernel->multiply(&product, rows);
        Py_END_ALLOW_THREADS
    }
    give_back(&buffers);
    return fine ? Py_NewRef(Py_None) : NULL;
}

/* ------------------------------------------------------------------------------------------- LSTM */

static int take_kept(const char *name, Kept *kept) {
    static const char *const names[] = {[KEPT_EACH] = "each", [KEPT_LAST] = "last", [KEPT_LARGEST] = "max", [KEPT_SUM] = "sum"};
    for (int number = KEPT_EACH; number <= KEPT_SUM; number++)
        if (strcmp(name, names[number]) == 0) return *kept = (Kept)number, 1;
    return refuse("what is kept is each, last, max or sum");
}

/* The gates of each channel: rows of so many columns, of which 4 * hidden from `first` on are looked at. */
static int take_gates(Buffers *buffers, PyObject *gates, PyObject *places, long long first, Lstm *lstm,
                      int64_t *positions) {
    lstm->channels = PyTuple_Check(gates) && PyTuple_Check(places) ? (int)PyTuple_GET_SIZE(gates) : 0;
    if (lstm->channels < 1 || lstm->channels > MOST_CHANNELS || PyTuple_GET_SIZE(places) != lstm->channels ||
        first < 0 || first > lstm->columns - 4 * lstm->hidden)
        return refuse("gates of one or two channels are needed, and their places");
    for (int channel = 0; channel < lstm->channels; channel++) {
        Py_buffer *table = take(buffers, PyTuple_GET_ITEM(gates, channel), 0);
        Py_buffer *place = table ? take(buffers, PyTuple_GET_ITEM(places, channel), 0) : NULL;
        if (place == NULL) return 0;
        int64_t rows = table->len / (lstm->columns * (int64_t)sizeof(float)), count = place->len / 4;
        if (channel && count != *positions) return refuse("channels of as many positions are needed");
        if (!rows_are_in(place->buf, count, rows)) return 0;
        *positions = count;
        lstm->gates[channel] = (const float *)table->buf + first, lstm->places[channel] = place->buf;
    }
    return 1;
}

/* The numbers of the layer before; its gates are one row. */
static int take_inputs(Buffers *buffers, PyObject *gates, PyObject *inputs, PyObject *weights, long long first,
                       Lstm *lstm, int64_t *positions) {
    if (!PyTuple_Check(gates) || PyTuple_GET_SIZE(gates) != 1) return refuse("one row of gates is needed");
    Py_buffer *row = take(buffers, PyTuple_GET_ITEM(gates, 0), 0), *given = row ? take(buffers, inputs, 0) : NULL;
    Py_buffer *square = given ? take(buffers, weights, 0) : NULL;
    if (square == NULL) return 0;
    int64_t number = sizeof(float);
    lstm->channels = 1, lstm->gates[0] = (const float *)row->buf + first;
    lstm->input_count = square->len / (4 * lstm->hidden * number);
    if (row->len != lstm->columns * number || first < 0 || first > lstm->columns - 4 * lstm->hidden ||
        lstm->input_count < 1 || square->len != lstm->input_count * 4 * lstm->hidden * number ||
        given->len % (lstm->input_count * number))
        return refuse("inputs of another shape");
    lstm->inputs = given->buf, lstm->input_weights = square->buf;
    *positions = given->len / (lstm->input_count * number);
    return 1;
}

static int take_numbers(Buffers *buffers, PyObject *weights, PyObject *out, long long offset, int64_t rows, Lstm *lstm) {
    Py_buffer *square = take(buffers, weights, 0), *target = square ? take(buffers, out, 1) : NULL;
    if (target == NULL) return 0;
    if (square->len != 4 * lstm->hidden * lstm->hidden * (int64_t)sizeof(float))
        return refuse("weights of another shape");
    lstm->weights = square->buf;
    if (rows == 0) return 1;
    lstm->stride = target->len / (rows * (int64_t)sizeof(float));
    if (offset < 0 || offset > lstm->stride - lstm->hidden) return refuse("no room for what is read");
    lstm->out = (float *)target->buf + offset;
    return 1;
}

PyObject *module_read(PyObject *Py_UNUSED(module), PyObject *arguments) {
    const char *name, *kept;
    PyObject *gates, *places, *inputs, *input_weights, *weights, *starts, *lengths, *out;
    long long hidden, columns, first, offset;
    Lstm lstm = {0};
    if (!PyArg_ParseTuple(arguments, "sOOLLOOOLpOOsOL", &name, &gates, &places, &columns, &first, &inputs,
                          &input_weights, &weights, &hidden, &lstm.backwards, &starts, &lengths, &kept, &out, &offset))
        return NULL;
    const Kernel *kernel = kernel_named(name);
    if (kernel == NULL) return NULL;
    if (hidden < LANES || hidden % LANES || hidden > 1 << 20 || columns < 4 * hidden || columns > 1LL << 40)
        return refuse("hidden numbers come in multiples of 16"), NULL;
    Buffers buffers = {0};
    Texts texts = {0};
    int64_t positions = 0;
    lstm.hidden = hidden, lstm.columns = columns;
    int fine = take_kept(kept, &lstm.kept) &&
               (inputs == Py_None ? take_gates(&buffers, gates, places, first, &lstm, &positions)
                                  : take_inputs(&buffers, gates, inputs, input_weights, first, &lstm, &positions)) &&
               take_texts(&buffers, starts, lengths, positions, &texts) &&
               take_numbers(&buffers, weights, out, offset, lstm.kept == KEPT_EACH ? positions : texts.count, &lstm);
    for (int64_t text = 1; fine && text < texts.count; text++)
        if (texts.lengths[text] > texts.lengths[text - 1]) fine = refuse("the longest text comes first");
    float *state = fine ? malloc(3 * TEXTS_AT_ONCE * (size_t)lstm.hidden * sizeof(*state)) : NULL;
    if (fine && state == NULL) fine = (PyErr_NoMemory(), 0);
    if (fine) {
        Py_BEGIN_ALLOW_THREADS
        for (int64_t text = 0; text < texts.count; text += TEXTS_AT_ONCE) {
            int64_t count = texts.count - text < TEXTS_AT_ONCE ? texts.count - text : TEXTS_AT_ONCE;
            kernel->read(&lstm, texts.starts + text, texts.lengths + text, count, state);
            if (lstm.kept != KEPT_EACH) lstm.out += count * lstm.stride;
        }
        Py_END_ALLOW_THREADS
    }
    free(state);
    give_back(&buffers);
    return fine ? Py_NewRef(Py_None) : NULL;
}
