/* Vectors of WIDTH floats, which the compiler maps to registers; single floats where it has no such types. */
#ifndef TEXTPIPE_VECTOR_H
#define TEXTPIPE_VECTOR_H

#include <stdint.h>
#include <string.h>

#if WIDTH > 1
typedef float Floats __attribute__((vector_size(WIDTH * 4), may_alias));
typedef int32_t Bits __attribute__((vector_size(WIDTH * 4), may_alias));
typedef float Anywhere __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
#define INLINE static inline __attribute__((always_inline))
#define ALONE static __attribute__((noinline)) /* one copy, not one a caller */
#define PREFETCH(address) __builtin_prefetch((address), 1, 3)
#else
typedef float Floats;
typedef int32_t Bits;
typedef float Anywhere;
#define INLINE static inline
#define ALONE static
#define PREFETCH(address) ((void)(address))
#endif

INLINE Floats load(const float *from) { return *(const Anywhere *)from; }

INLINE Floats zero(void) {
    Floats none;
    memset(&none, 0, sizeof(none));
    return none;
}

INLINE Bits bits_of(Floats floats) {
    Bits bits;
    memcpy(&bits, &floats, sizeof(bits));
    return bits;
}

INLINE Floats floats_of(Bits bits) {
    Floats floats;
    memcpy(&floats, &bits, sizeof(floats));
    return floats;
}

/* ---- sums of WIDTH vectors at once: halves are added crosswise, so that lane i ends as the sum of vector i */

#if WIDTH > 1
#define FROM(lane, half, high) \
    ((lane) / (half) % 2 * WIDTH + (lane) / (2 * (half)) * (2 * (half)) + (lane) % (half) + (high) * (half))
#define FOUR(lane, half, high) \
    FROM(lane, half, high), FROM(lane + 1, half, high), FROM(lane + 2, half, high), FROM(lane + 3, half, high)
#if WIDTH == 16
#define LANES(half, high) FOUR(0, half, high), FOUR(4, half, high), FOUR(8, half, high), FOUR(12, half, high)
#elif WIDTH == 8
#define LANES(half, high) FOUR(0, half, high), FOUR(4, half, high)
#else
#define LANES(half, high) FOUR(0, half, high)
#endif
#ifdef __clang__
#define SHUFFLE(a, b, half, high) __builtin_shufflevector(a, b, LANES(half, high))
#else
#define SHUFFLE(a, b, half, high) __builtin_shuffle(a, b, (Bits){LANES(half, high)})
#endif
#define FOLD(a, b, half) (SHUFFLE(a, b, half, 0) + SHUFFLE(a, b, half, 1))

INLINE Floats sums_of(const Floats *vectors) {
    Floats folded[WIDTH];
    memcpy(folded, vectors, sizeof(folded));
#if WIDTH >= 16
    for (int lane = 0; lane < 8; lane++) folded[lane] = FOLD(folded[lane], folded[lane + 8], 8);
#endif
#if WIDTH >= 8
    for (int lane = 0; lane < 4; lane++) folded[lane] = FOLD(folded[lane], folded[lane + 4], 4);
#endif
    for (int lane = 0; lane < 2; lane++) folded[lane] = FOLD(folded[lane], folded[lane + 2], 2);
    return FOLD(folded[0], folded[1], 1);
}
#else
INLINE Floats sums_of(const Floats *vectors) { return vectors[0]; }
#endif

/* e^-x for x >= 0, to 1e-7 of its size; what lies beyond 87 is as 87 */
INLINE Floats exp_of_minus(Floats x) {
    const Floats none = zero(), round = none + 12582912.0f; /* 3 * 2^22: what is added to it is rounded */
    Bits large = bits_of(x - 87.0f) >> 31;                   /* all ones below 87 */
    x = floats_of((bits_of(x) & large) | (bits_of(none + 87.0f) & ~large));
    Floats z = x * -1.44269504f, shifted = z + round, f = z - (shifted - round);
    Floats power = f * 0.00015469732f + 0.00134004322f;
    power = power * f + 0.0096180256f;
    power = power * f + 0.0555032721f;
    power = power * f + 0.240226512f;
    power = power * f + 0.693147207f;
    power = power * f + 1.0f;
    return floats_of(bits_of(power) + (bits_of(shifted) << 23));
}

/* log(1 + e) for e from 0 to 1, to 1.2e-7 */
INLINE Floats log_1_plus(Floats e) {
    Floats sum = e * 0.0052534578f - 0.0295885074f;
    sum = sum * e + 0.078361668f;
    sum = sum * e - 0.136747697f;
    sum = sum * e + 0.191114311f;
    sum = sum * e - 0.248443699f;
    sum = sum * e + 0.333192713f;
    sum = sum * e - 0.499995015f;
    sum = sum * e + 0.999999971f;
    return sum * e;
}

#endif
