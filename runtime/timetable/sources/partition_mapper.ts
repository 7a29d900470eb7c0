/**
 * Maps the key of a partition to the key of the partition made from it: the hours of a
 * source to their day. Apart from the schedule, because a mapper belongs to the edge
 * between two DAGs.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import { formatProblem, strftime, strptime } from "../clock/strftime.ts";

/** Airflow's default formats of the result. `{quarter}` is the number of the quarter. */
const OUTPUT_FORMATS = {
  hourly: { unit: "hour", format: "%Y-%m-%dT%H" },
  daily: { unit: "day", format: "%Y-%m-%d" },
  weekly: { unit: "week", format: "%Y-%m-%d (W%V)" },
  monthly: { unit: "month", format: "%Y-%m" },
  quarterly: { unit: "quarter", format: "%Y-Q{quarter}" },
  yearly: { unit: "year", format: "%Y" },
} as const;
const INPUT_FORMAT = "%Y-%m-%dT%H:%M:%S";
/** Separates the parts of a composite key. */
const DELIMITER = "|";

/**
 * Maps a key's date to the start of its hour, day, week (from Monday), month, quarter or
 * year.
 */
interface TemporalMapper {
  readonly type: keyof typeof OUTPUT_FORMATS;
  /** A strftime format. Default `"%Y-%m-%dT%H:%M:%S"`. */
  readonly inputFormat?: string;
  /** Default: by type, such as `"%Y-%m-%d"` for days. */
  readonly outputFormat?: string;
  /**
   * The timezone of keys without an offset and of the periods' starts. Default `"UTC"`.
   */
  readonly timezone?: string;
}

export type PartitionMapper =
  | { readonly type: "identity" }
  | TemporalMapper
  /** Maps each part of a composite key, separated by `|`, with its own mapper. */
  | { readonly type: "product"; readonly mappers: readonly PartitionMapper[] }
  /** Accepts these keys unchanged and refuses all others. */
  | { readonly type: "allowed_keys"; readonly keys: readonly string[] };

/**
 * The downstream key of a key.
 * @throws DagsmithError INVALID_PARTITION_KEY for a key that is not in the input format,
 *   has too few or too many parts, or is not allowed
 * @example mapPartitionKey({ type: "weekly" }, "2026-02-10T14:30:45") // "2026-02-09
 *   (W07)"
 */
export function mapPartitionKey(mapper: PartitionMapper, key: string): string {
  switch (mapper.type) {
    case "identity":
      return key;
    case "product":
      return product(mapper.mappers, key);
    case "allowed_keys":
      if (mapper.keys.includes(key)) return key;
      throw invalid(key, `it is none of ${mapper.keys.join(", ")}`);
    default:
      return temporal(mapper, key);
  }
}

function temporal(
  { type, inputFormat = INPUT_FORMAT, outputFormat, timezone = "UTC" }: TemporalMapper,
  key: string,
): string {
  const { unit, format } = OUTPUT_FORMATS[type];
  const written = outputFormat ?? format;
  for (const each of [inputFormat, written]) {
    const problem = formatProblem(each);
    if (problem !== null)
      throw invalid(key, `the format ${JSON.stringify(each)} cannot be used: ${problem}`);
  }
  const start = strptime(key, inputFormat, timezone)?.startOf(unit);
  if (!start) throw invalid(key, `it is not written as ${inputFormat}`);
  return strftime(written, start.toMillis(), timezone).replaceAll(
    "{quarter}",
    String(start.quarter),
  );
}

function product(mappers: readonly PartitionMapper[], key: string): string {
  const parts = key.split(DELIMITER);
  if (parts.length !== mappers.length)
    throw invalid(key, `it has ${parts.length} parts, not ${mappers.length}`);
  return mappers
    .map((mapper, index) => mapPartitionKey(mapper, parts[index] ?? ""))
    .join(DELIMITER);
}

function invalid(key: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_PARTITION_KEY", { found: JSON.stringify(key), reason });
}
