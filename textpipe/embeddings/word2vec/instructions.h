/* What the body of a kernel is compiled for: WIDTH floats a vector are AVX-512 (16), AVX2 with FMA (8), or what every
 * 64-bit machine has (4), which without the compiler's vector types becomes single floats (1).
 *
 * A body includes this behind the header that says what a Kernel is, stands within #if COMPILED, and ends with
 * END_OF_INSTRUCTIONS. Where the compiler does not have the instructions, the kernel is one that never runs. */
#if WIDTH == 16
#define NAME "avx512"
#define KERNEL kernel_avx512
#define INSTRUCTIONS "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define CPU_HAS_THEM                                                                                        \
    (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&                             \
     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
#elif WIDTH == 8
#define NAME "avx2"
#define KERNEL kernel_avx2
#define INSTRUCTIONS "avx2,fma"
#define CPU_HAS_THEM (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#else
#define NAME "baseline"
#define KERNEL kernel_baseline
#endif

#ifndef __GNUC__
#undef WIDTH
#define WIDTH 1
#endif

#if !defined(INSTRUCTIONS)
#define COMPILED 1
#define END_OF_INSTRUCTIONS
static int runs(void) { return 1; }
#elif defined(__x86_64__) && defined(__GNUC__)
#define COMPILED 1
#include <math.h> /* in front: what the system's headers define is for every CPU */
#include <stdlib.h>
#include <string.h>
static int runs(void) { return CPU_HAS_THEM; }
#define PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define TAKE(instructions) PRAGMA(clang attribute push(__attribute__((target(instructions))), apply_to = function))
#define END_OF_INSTRUCTIONS PRAGMA(clang attribute pop)
#else
#define TAKE(instructions) PRAGMA(GCC target(instructions))
#define END_OF_INSTRUCTIONS
#endif
TAKE(INSTRUCTIONS)
#else
#define COMPILED 0
#define END_OF_INSTRUCTIONS
static int runs(void) { return 0; }
const Kernel KERNEL = {.name = NAME, .runs = runs};
#endif
