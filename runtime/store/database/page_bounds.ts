/**
 * Bounds for pages without a bound. `id < coalesce($1, …)` is a condition that an index
 * can serve; `$1 is null or id < $1` is not, and would read all rows of the pages before.
 */

/** Above every id: the largest bigint. */
export const AFTER_LAST_ID = "9223372036854775807";
