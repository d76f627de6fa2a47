/* TF-IDF and TextRank as jieba.analyse computes them, in its order of operations. */
#include "ranking.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static const double DAMPING = 0.85;
enum { SWEEPS = 10 };

/* What a word weighs in a dict, or in anything else with its `get`; below 0 with an exception set. */
static int weight_in(PyObject *idf, PyObject *word, double *weight) {
    if (PyDict_CheckExact(idf)) {
        PyObject *value = PyDict_GetItemWithError(idf, word);
        if (value) *weight = PyFloat_AsDouble(value);
    } else {
        PyObject *value = PyObject_CallMethod(idf, "get", "Od", word, *weight);
        if (value) *weight = PyFloat_AsDouble(value);
        Py_XDECREF(value);
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* scikit-learn's row: only what weighs something, its squares summing to one. How many are left. */
static int64_t normalize(Ranked *ranked, int64_t count) {
    double squares = 0.0;
    int64_t kept = 0;
    for (int64_t item = 0; item < count; item++) {
        squares += ranked[item].score * ranked[item].score;
        if (ranked[item].score != 0.0) ranked[kept++] = ranked[item];
    }
    double norm = sqrt(squares);
    for (int64_t item = 0; item < kept; item++) ranked[item].score /= norm;
    return kept;
}

int64_t score_by_idf(const Counts *counts, const Table *table, const Weighing *weighing, Ranked **ranked) {
    *ranked = malloc((counts->word_count + 1) * sizeof(Ranked));
    if (*ranked == NULL) PyErr_NoMemory();
    int64_t count = 0;
    double total = weighing->normalized ? 1.0 : (double)counts->total;
    for (int64_t number = 0; *ranked && number < counts->word_count; number++) {
        const Word *word = counts->words + number;
        if (word->string == NULL || word->count == 0) continue;
        double weight = weighing->median;
        if (weighing->idf != NULL) {
            if (weight_in(weighing->idf, word->string, &weight) < 0) return -1;
        } else if (word->slot && table->idf_numbers[word->slot]) {
            weight = table->idf_values[table->idf_numbers[word->slot]];
        }
        (*ranked)[count++] = (Ranked){(double)word->count * (weight / total), number};
    }
    if (*ranked && weighing->normalized) count = normalize(*ranked, count);
    return *ranked ? count : -1;
}

/* ------------------------------------------------------------------------------------------- TextRank */

typedef struct {
    PyObject *string;
    uint32_t word;
} Named;

static int by_string(const void *left, const void *right) {
    return PyUnicode_Compare(((const Named *)left)->string, ((const Named *)right)->string);
}

typedef struct {
    double share;
    uint32_t source;
} Link;

typedef struct {
    int64_t count;
    Named *nodes;     /* the words with neighbours, in order of their strings */
    uint32_t *places; /* of a word among them */
    double *out, *scores;
    int64_t *starts; /* of a node's links */
    Link *links;
} Graph;

static void graph_free(Graph *graph) {
    free(graph->nodes);
    free(graph->places);
    free(graph->out);
    free(graph->scores);
    free(graph->starts);
    free(graph->links);
}

static int graph_make(Graph *graph, const Counts *counts) {
    int64_t words = counts->word_count + 1;
    *graph = (Graph){0, malloc(words * sizeof(Named)),  calloc(words, sizeof(uint32_t)),
                     calloc(words, sizeof(double)),     malloc(words * sizeof(double)),
                     calloc(words + 2, sizeof(int64_t)), malloc((2 * counts->edge_count + 1) * sizeof(Link))};
    if (!graph->nodes || !graph->places || !graph->out || !graph->scores || !graph->starts || !graph->links) {
        PyErr_NoMemory();
        return 0;
    }
    for (int64_t edge = 0; edge < counts->edge_count; edge++) {
        uint32_t ends[] = {counts->edges[edge].left, counts->edges[edge].right};
        for (int end = 0; end < 2; end++)
            if (!graph->places[ends[end]]) {
                graph->places[ends[end]] = 1;
                graph->nodes[graph->count++] = (Named){counts->words[ends[end]].string, ends[end]};
            }
    }
    qsort(graph->nodes, graph->count, sizeof(Named), by_string);
    for (int64_t node = 0; node < graph->count; node++) graph->places[graph->nodes[node].word] = (uint32_t)node;
    return 1;
}

/* The links into each node, in the order in which edges were met; a loop counts from both its ends. */
static void graph_link(Graph *graph, const Counts *counts) {
    for (int64_t number = 0; number < counts->edge_count; number++) {
        const Edge *edge = counts->edges + number;
        uint32_t left = graph->places[edge->left], right = graph->places[edge->right];
        double weight = (double)(left == right ? 2 * edge->weight : edge->weight);
        graph->out[left] += weight;
        graph->starts[left + 2]++;
        if (left == right) continue;
        graph->out[right] += weight;
        graph->starts[right + 2]++;
    }
    for (int64_t node = 0; node < graph->count; node++) graph->starts[node + 2] += graph->starts[node + 1];
    for (int64_t number = 0; number < counts->edge_count; number++) {
        const Edge *edge = counts->edges + number;
        uint32_t left = graph->places[edge->left], right = graph->places[edge->right];
        double weight = (double)(left == right ? 2 * edge->weight : edge->weight);
        graph->links[graph->starts[left + 1]++] = (Link){weight / graph->out[right], right};
        if (left != right) graph->links[graph->starts[right + 1]++] = (Link){weight / graph->out[left], left};
    }
}

/* Ten sweeps over the words in order, each using what the sweep has already changed. */
static void graph_sweep(Graph *graph) {
    for (int64_t node = 0; node < graph->count; node++) graph->scores[node] = 1.0 / (double)graph->count;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int64_t node = 0; node < graph->count; node++) {
            double received = 0.0;
            for (int64_t link = graph->starts[node]; link < graph->starts[node + 1]; link++)
                received += graph->links[link].share * graph->scores[graph->links[link].source];
            graph->scores[node] = (1 - DAMPING) + DAMPING * received;
        }
}

int64_t score_by_graph(const Counts *counts, Ranked **ranked) {
    Graph graph;
    if (!graph_make(&graph, counts) || (*ranked = malloc((graph.count + 1) * sizeof(Ranked))) == NULL) {
        graph_free(&graph);
        if (!PyErr_Occurred()) PyErr_NoMemory();
        return -1;
    }
    graph_link(&graph, counts);
    graph_sweep(&graph);
    double smallest = graph.count ? graph.scores[0] : 0.0, largest = DBL_MIN;
    for (int64_t node = 0; node < graph.count; node++) {
        if (graph.scores[node] < smallest) smallest = graph.scores[node];
        if (graph.scores[node] > largest) largest = graph.scores[node];
    }
    for (int64_t node = 0; node < graph.count; node++) {
        double score = (graph.scores[node] - smallest / 10.0) / (largest - smallest / 10.0);
        (*ranked)[node] = (Ranked){score, graph.nodes[node].word};
    }
    int64_t count = graph.count;
    graph_free(&graph);
    return count;
}

/* ------------------------------------------------------------------------------------------- the best */

static inline int before(const Counts *counts, const Ranked *left, const Ranked *right) {
    if (left->score != right->score) return left->score > right->score;
    return counts->words[left->word].first < counts->words[right->word].first;
}

/* Sift down in a heap whose root is the last in order. */
static void sift(const Counts *counts, Ranked *heap, int64_t root, int64_t count) {
    for (int64_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && before(counts, heap + child, heap + child + 1)) child++;
        if (!before(counts, heap + root, heap + child)) return;
        Ranked moved = heap[root];
        heap[root] = heap[child], heap[child] = moved;
    }
}

int64_t rank(const Counts *counts, Ranked *ranked, int64_t count, int64_t k) {
    if (k == 0 || k > count) k = count;
    for (int64_t root = k / 2 - 1; root >= 0; root--) sift(counts, ranked, root, k);
    for (int64_t item = k; k && item < count; item++)
        if (before(counts, ranked + item, ranked)) {
            ranked[0] = ranked[item];
            sift(counts, ranked, 0, k);
        }
    for (int64_t left = k - 1; left > 0; left--) {
        Ranked last = ranked[0];
        ranked[0] = ranked[left], ranked[left] = last;
        sift(counts, ranked, 0, left);
    }
    return k;
}
