/* SPDX-License-Identifier: MIT */
/*
 * MD5 (RFC 1321) and SHA-256 (FIPS 180-4) of a string's bytes, as lower-case hexadecimal text.
 */
#include "function/fn.h"

#define DIGEST_BLOCK 64u

/* Bytes of the padded message: one 1 bit, zeros, the length in bits. Gives one block of them without building the
 * message. */
static void digest_block(const uint8_t *data, uint64_t size, uint64_t block, bool big_endian, uint8_t *out)
{
    uint64_t padded_blocks = (size + 8) / DIGEST_BLOCK + 1;
    for (uint32_t i = 0; i < DIGEST_BLOCK; i++) {
        uint64_t at = block * DIGEST_BLOCK + i;
        uint64_t from_end = padded_blocks * DIGEST_BLOCK - at; /* 8 … 1 in the length */
        if (at < size) {
            out[i] = data[at];
        } else if (at == size) {
            out[i] = 0x80;
        } else if (from_end <= 8) {
            uint64_t shift = big_endian ? (from_end - 1) * 8 : (8 - from_end) * 8;
            out[i] = (uint8_t)((size * 8) >> shift);
        } else {
            out[i] = 0;
        }
    }
}

static uint32_t digest_rotate_left(uint32_t x, uint32_t bits)
{
    return (x << bits) | (x >> (32 - bits));
}

/* ---- MD5 ---- */

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t digest_md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void digest_md5_step(const uint8_t *block, uint32_t state[4])
{
    static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t f, word;
        if (i < 16) {
            f = (b & c) | (~b & d);
            word = i;
        } else if (i < 32) {
            f = (d & b) | (~d & c);
            word = (5 * i + 1) % 16;
        } else if (i < 48) {
            f = b ^ c ^ d;
            word = (3 * i + 5) % 16;
        } else {
            f = c ^ (b | ~d);
            word = 7 * i % 16;
        }
        uint32_t sum = a + f + digest_md5_sines[i] + rz_load_u32(block + (size_t)word * 4);
        a = d;
        d = c;
        c = b;
        b += digest_rotate_left(sum, shifts[i / 16][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static void digest_md5_of(const uint8_t *data, uint64_t size, uint8_t *out)
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    for (uint64_t block = 0; block <= (size + 8) / DIGEST_BLOCK; block++) {
        uint8_t bytes[DIGEST_BLOCK];
        digest_block(data, size, block, false, bytes);
        digest_md5_step(bytes, state);
    }
    for (uint32_t i = 0; i < 4; i++) {
        rz_store_u32(out + (size_t)i * 4, state[i]);
    }
}

/* ---- SHA-256 ---- */

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t digest_sha256_roots[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t digest_rotate_right(uint32_t x, uint32_t bits)
{
    return (x >> bits) | (x << (32 - bits));
}

static uint32_t digest_load_big(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static void digest_sha256_step(const uint8_t *block, uint32_t state[8])
{
    uint32_t w[64];
    for (uint32_t i = 0; i < 16; i++) {
        w[i] = digest_load_big(block + (size_t)i * 4);
    }
    for (uint32_t i = 16; i < 64; i++) {
        uint32_t s0 = digest_rotate_right(w[i - 15], 7) ^ digest_rotate_right(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t s1 = digest_rotate_right(w[i - 2], 17) ^ digest_rotate_right(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t v[8];
    memcpy(v, state, sizeof v);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t s1 = digest_rotate_right(v[4], 6) ^ digest_rotate_right(v[4], 11) ^ digest_rotate_right(v[4], 25);
        uint32_t first = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + digest_sha256_roots[i] + w[i];
        uint32_t s0 = digest_rotate_right(v[0], 2) ^ digest_rotate_right(v[0], 13) ^ digest_rotate_right(v[0], 22);
        uint32_t second = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += first;
        v[0] = first + second;
    }
    for (uint32_t i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

static void digest_sha256_of(const uint8_t *data, uint64_t size, uint8_t *out)
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (uint64_t block = 0; block <= (size + 8) / DIGEST_BLOCK; block++) {
        uint8_t bytes[DIGEST_BLOCK];
        digest_block(data, size, block, true, bytes);
        digest_sha256_step(bytes, state);
    }
    for (uint32_t i = 0; i < 32; i++) {
        out[i] = (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
    }
}

/* ---- kernels ---- */

static ruzu_status digest_rows(void (*digest)(const uint8_t *data, uint64_t size, uint8_t *out), uint32_t digest_size,
                               rz_fn_context *context, const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                               rz_error *err)
{
    static const char digits[] = "0123456789abcdef";
    rz_fn_reader texts = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, texts, row);
        uint8_t bytes[32];
        char hex[64];
        digest((const uint8_t *)rz_string_data(text), text->length, bytes);
        for (uint32_t i = 0; i < digest_size; i++) {
            hex[i * 2] = digits[bytes[i] >> 4];
            hex[i * 2 + 1] = digits[bytes[i] & 15];
        }
        RZ_TRY(rz_vec_set_string(out, row, hex, (size_t)digest_size * 2, err));
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    return RUZU_OK;
}

static ruzu_status digest_md5(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return digest_rows(digest_md5_of, 16, context, args, sel, out, err);
}

static ruzu_status digest_sha256(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return digest_rows(digest_sha256_of, 32, context, args, sel, out, err);
}

static const rz_fn_def digest_defs[] = {
    RZ_FN("MD5", 0, digest_md5, STRING, RZ_P1(STRING)),
    RZ_FN("SHA256", 0, digest_sha256, STRING, RZ_P1(STRING)),
};

RZ_FN_GROUP(rz_fn_digest_group, digest_defs);
