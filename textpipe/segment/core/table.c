/* Opening the table: what it must look like, and where its sections lie. */
#include "table.h"

#include <string.h>

enum { SECTIONS = 21 };

typedef struct {
    char magic[8];
    uint32_t version, byte_order;
    uint64_t size, digest;
    int64_t total, labels, slots, frequency_count, tag_count;
    int64_t offsets[SECTIONS];
} Header;

static uint32_t tag_number(const Table *table, const char *name) {
    uint32_t tag = 0;
    while (tag < table->tag_count && strncmp(table->tag_names + 8 * tag, name, 8) != 0) tag++;
    return tag;
}

const char *table_open(Table *table, const void *data, size_t size) {
    const Header *header = data;
    if (size < sizeof(Header) || memcmp(header->magic, "textpipe", 8) != 0) return "not a table of textpipe";
    if (header->byte_order != 0x01020304) return "a table of a machine with another byte order";
    if (header->version != TABLE_VERSION) return "a table of another version of textpipe";
    if (header->size != size) return "a table that is cut short or continued";
    const int64_t counts[] = {header->labels, header->slots, header->frequency_count, header->tag_count};
    for (int count = 0; count < 4; count++)
        if (counts[count] < 0 || counts[count] > (int64_t)size) return "a table with impossible counts";
    const int64_t labels = header->labels, slots = header->slots;
    const int64_t sizes[SECTIONS] = { /* those of emissions are told by their content, which the digest covers */
        2 << 16, 2 << 16, 2 << 16, 8 * slots, 8 * header->frequency_count, 2 * slots, 8, 8 * header->tag_count, 12 * 8,
        4 * labels * 8, STATES * 8, 2 * TAGS_OF_STATES * 128 * 8, 2 * TAGS_OF_STATES * 2 * 8, STATES * 4 * 8,
        STATES * 4 * 8, TAGS_OF_STATES, 4 * (labels + 1), labels,
    };
    const void *sections[SECTIONS];
    for (int section = 0; section < SECTIONS; section++) {
        int64_t offset = header->offsets[section];
        if (offset < (int64_t)sizeof(Header) || offset >= (int64_t)size || offset % 8 ||
            sizes[section] > (int64_t)size - offset)
            return "a table with a section outside it";
        sections[section] = (const char *)data + offset;
    }
    const void **section = sections;
    table->word_labels = *section++;
    table->cut_labels = *section++;
    table->tag_labels = *section++;
    table->nodes = *section++;
    table->frequencies = *section++;
    table->idf_numbers = *section++;
    table->idf_values = *section++;
    table->tag_names = *section++;
    table->word_model = *section++;
    table->word_emissions = *section++;
    table->tag_start = *section++;
    table->into_begin_single = *section++;
    table->into_end_middle = *section++;
    table->successors = *section++;
    table->predecessors = *section++;
    table->state_tags = *section++;
    table->emission_starts = *section++;
    table->label_listed = *section++;
    table->emission_states = *section++;
    table->emission_listed = *section++;
    table->emission_values = *section++;
    table->total = header->total;
    table->labels = header->labels;
    table->slots = header->slots;
    table->frequency_count = header->frequency_count;
    table->tag_count = header->tag_count;
    table->number_tag = tag_number(table, "m");
    table->latin_tag = tag_number(table, "eng");
    return NULL;
}

#define PRIME_1 0x9E3779B185EBCA87ULL
#define PRIME_2 0xC2B2AE3D27D4EB4FULL
#define PRIME_3 0x165667B19E3779F9ULL
#define PRIME_4 0x85EBCA77C2B2AE63ULL

static inline uint64_t turned(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

void digest_start(Digest *digest) {
    digest->lanes[0] = PRIME_1 + PRIME_2;
    digest->lanes[1] = PRIME_2;
    digest->lanes[2] = 0;
    digest->lanes[3] = 0 - PRIME_1;
    digest->size = 0;
}

void digest_add(Digest *digest, const void *data, size_t size) {
    uint64_t a = digest->lanes[0], b = digest->lanes[1], c = digest->lanes[2], d = digest->lanes[3];
    const char *end = (const char *)data + size / 32 * 32;
    for (const char *place = data; place < end; place += 32) {
        uint64_t words[4];
        memcpy(words, place, 32);
        a = turned(a + words[0] * PRIME_2, 31) * PRIME_1;
        b = turned(b + words[1] * PRIME_2, 31) * PRIME_1;
        c = turned(c + words[2] * PRIME_2, 31) * PRIME_1;
        d = turned(d + words[3] * PRIME_2, 31) * PRIME_1;
    }
    digest->lanes[0] = a, digest->lanes[1] = b, digest->lanes[2] = c, digest->lanes[3] = d;
    digest->size += size;
}

uint64_t digest_end(const Digest *digest) {
    const uint64_t *lanes = digest->lanes;
    uint64_t total = turned(lanes[0], 1) + turned(lanes[1], 7) + turned(lanes[2], 12) + turned(lanes[3], 18);
    for (int lane = 0; lane < 4; lane++)
        total = (total ^ turned(lanes[lane] * PRIME_2, 31) * PRIME_1) * PRIME_1 + PRIME_4;
    total += digest->size;
    total = (total ^ total >> 33) * PRIME_2;
    total = (total ^ total >> 29) * PRIME_3;
    return total ^ total >> 32;
}
