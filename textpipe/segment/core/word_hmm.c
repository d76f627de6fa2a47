/* Unknown words without tags: Viterbi over begin, middle, end, single, as jieba.finalseg does it, in linear time.
 *
 * jieba copies the whole best path at every character; back pointers give the same path. Ties go to the larger letter,
 * as max over (probability, letter) decides; sums are made in jieba's order, so that they round alike. */
#include "cut.h"

enum { B_FROM_S = 1, M_FROM_M = 2, S_FROM_S = 4, E_FROM_M = 8 };

/* Walk the back pointers; what the path ends (E) or leaves single (S) is marked in the same bytes. */
static void mark_ends(uint8_t *back, int64_t length, int single) {
    enum { B, M, E, S } place = single ? S : E;
    for (int64_t index = length - 1; index >= 0; index--) {
        uint8_t flags = back[index];
        back[index] = place >= E;
        switch (place) {
        case B: place = flags & B_FROM_S ? S : E; break;
        case M: place = flags & M_FROM_M ? M : B; break;
        case E: place = flags & E_FROM_M ? M : B; break;
        case S: place = flags & S_FROM_S ? S : E; break;
        }
    }
}

static void best_path(const Table *table, const Label *labels, int64_t length, uint8_t *back) {
    const double *model = table->word_model, *emit = table->word_emissions + 4 * labels[0];
    const double be = model[4], bm = model[5], eb = model[6], es = model[7];
    const double me = model[8], mm = model[9], sb = model[10], ss = model[11];
    double b = model[0] + emit[0], m = model[1] + emit[1], e = model[2] + emit[2], s = model[3] + emit[3];
    back[0] = 0;
    for (int64_t index = 1; index < length; index++) {
        emit = table->word_emissions + 4 * labels[index];
        const double b_from_s = (s + sb) + emit[0], b_from_e = (e + eb) + emit[0];
        const double m_from_m = (m + mm) + emit[1], m_from_b = (b + bm) + emit[1];
        const double e_from_m = (m + me) + emit[2], e_from_b = (b + be) + emit[2];
        const double s_from_s = (s + ss) + emit[3], s_from_e = (e + es) + emit[3];
        back[index] = (uint8_t)((b_from_s >= b_from_e ? B_FROM_S : 0) | (m_from_m >= m_from_b ? M_FROM_M : 0) |
                                (s_from_s >= s_from_e ? S_FROM_S : 0) | (e_from_m >= e_from_b ? E_FROM_M : 0));
        b = b_from_s >= b_from_e ? b_from_s : b_from_e;
        m = m_from_m >= m_from_b ? m_from_m : m_from_b;
        e = e_from_m >= e_from_b ? e_from_m : e_from_b;
        s = s_from_s >= s_from_e ? s_from_s : s_from_e;
    }
    mark_ends(back, length, s >= e);
}

/* Whether the user deleted the word; then the model may not join it either. */
static int is_apart(const Dictionary *dictionary, const Label *labels, int64_t start, int64_t end) {
    const UserWords *user = dictionary->user;
    if (user == NULL || !user->any_apart) return 0;
    uint32_t node = 0;
    for (int64_t index = start; index < end; index++)
        if ((node = user_child(user, node, labels[index])) == 0) return 0;
    return user->nodes[node].apart;
}

static int split_han(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end) {
    const Label *labels = scratch->labels;
    if (!reserve_back(scratch, end - start)) return 0;
    best_path(dictionary->table, labels + start, end - start, scratch->back);
    for (int64_t word = start, index = start; index < end; index++) {
        if (!scratch->back[index - start]) continue;
        if (index > word && !is_apart(dictionary, labels, word, index + 1))
            add_token(scratch, word, index + 1, 0);
        else
            for (int64_t single = word; single <= index; single++)
                add_token(scratch, single, single + 1, scratch->words[single]);
        word = index + 1;
    }
    return 1;
}

/* [a-zA-Z0-9]+(\.\d+)?%? are tokens, and what lies between such matches. */
static void split_other(Scratch *scratch, int64_t start, int64_t end) {
    const Label *labels = scratch->labels;
    for (int64_t index = start, next; index < end; index = next) {
        for (next = index; next < end && !label_is_latin(labels[next]); next++) continue;
        if (next == index) {
            while (next < end && label_is_latin(labels[next])) next++;
            if (next + 1 < end && labels[next] == LABEL_DOT && label_is_digit(labels[next + 1]))
                for (next++; next < end && label_is_digit(labels[next]); next++) continue;
            if (next < end && labels[next] == LABEL_PERCENT) next++;
        }
        add_token(scratch, index, next, next - index == 1 ? scratch->words[index] : 0);
    }
}

int split_unknown(const Dictionary *dictionary, Scratch *scratch, int64_t start, int64_t end) {
    const Label *labels = scratch->labels;
    for (int64_t index = start, next; index < end; index = next) {
        int han = label_is_han(labels[index]);
        for (next = index + 1; next < end && label_is_han(labels[next]) == han; next++) continue;
        if (!han) split_other(scratch, index, next);
        else if (!split_han(dictionary, scratch, index, next)) return 0;
    }
    return 1;
}
