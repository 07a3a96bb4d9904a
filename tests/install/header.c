/* SPDX-License-Identifier: MIT */
/*
 * The public header alone, twice, as C11 and as C++17: compiled for its warnings only.
 */
#include "ruzu.h"
#include "ruzu.h"

extern ruzu_status header_uses_a_type(ruzu_conn *conn, ruzu_type_id type);
