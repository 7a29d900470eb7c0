/** When a message was sent. Pure. */

/**
 * @param timestamp milliseconds as the producer gave them; a client may set any number,
 *   and -1 for none
 * @returns ISO 8601 in UTC; null where the number is no time
 */
export function sentAt(timestamp: bigint): string | null {
  const at = new Date(Number(timestamp));
  // A date that throws would stop the topic at this message for ever.
  return timestamp < 0n || Number.isNaN(at.getTime()) ? null : at.toISOString();
}
